"""What the pages say can be done: links lead somewhere, commands and options exist, the README is what CI runs."""

import re
import shlex
import subprocess
import sys
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest
import typer

from chassis import relay_commands
from chassis.run import PRINTED
from dealstream.app import COMMANDS

ROOT = Path(__file__).parents[2]
SERVICES = ("identity", "leads", "deals", "analytics", "notifications")
ROLES = {"api", "relay", "consumers", "migrate"}
RELAY_TASKS = {*relay_commands._TASKS, "..."}
OWN_COMMANDS = {
    "leads": {"rebuild-timelines", "score-report"},
    "identity": {"found", "rotate-keys"},
    "analytics": {"kpis"},
}

PAGES = sorted(
    path
    for pattern in ("*.md", "docs/**/*.md", "libs/*/*.md", "services/*/*.md", "cli/*.md", "deploy/**/*.md")
    for path in ROOT.glob(pattern)
)
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("0*.md"))
DECISION_LINES = 30
DECISION_PARTS = ("## Why", "## Decision", "## Consequences", "## Gate", "## Revisit when")
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
CALL = re.compile(r"\./dealstream(?:[ \t]+[^`\n|;&)#]*)?")
MODULE = re.compile(r"python -m (<service>|\w+)((?: [^`\n|;&#]+)?)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_relative_links_resolve(page):
    assert broken_links(page.read_text(encoding="utf-8"), page.parent) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_are_known(page):
    text = page.read_text(encoding="utf-8").replace("\\\n", " ")
    assert [call for call in CALL.findall(text) if unknown_in(call)] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_service_commands_are_known(page):
    text = page.read_text(encoding="utf-8")
    assert [(module, words) for module, words in MODULE.findall(text) if not exists(module, words.split())] == []


def test_the_commands_of_services_are_those_that_the_services_have():
    for service in SERVICES:
        declared = import_module(f"{service}.app").SERVICE.commands
        assert set(declared) == OWN_COMMANDS.get(service, set())
    assert set(PRINTED) == {"openapi", "settings", "metrics"}


def test_the_readme_names_what_runs_for_every_change():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    run = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    ran = set(re.findall(r"^(\./dealstream \w+)", run, re.MULTILINE))
    assert ran == {"./dealstream check", "./dealstream test"}
    for command in (*ran, "./dealstream demo"):
        assert command in readme
    assert re.search(r"^```sh\n\./dealstream demo\n```", readme, re.MULTILINE)
    assert re.search(r"^```sh\n\./dealstream test\n```", readme, re.MULTILINE)


def test_the_wrapper_installs_the_tools_for_those_commands_that_need_them():
    wrapper = (ROOT / "dealstream").read_text(encoding="utf-8")
    (named,) = re.findall(r"^    ([\w |]+)\) lock=requirements-dev\.lock", wrapper, re.MULTILINE)
    assert set(named.split(" | ")) == set(COMMANDS["Develop"])


def test_the_wrapper_answers():
    done = subprocess.run([sys.executable, "-m", "dealstream", "--help"], capture_output=True, text=True, check=True)
    for group in COMMANDS.values():
        assert [name for name in group if f"  {name} " not in done.stdout] == []


@pytest.mark.parametrize("page", DECISIONS, ids=lambda page: page.stem)
def test_a_decision_is_short_and_names_a_gate_that_exists(page):
    assert decision_faults(page.read_text(encoding="utf-8")) == []


def test_decisions_are_numbered_without_a_hole():
    assert [int(page.name[:4]) for page in DECISIONS] == list(range(1, len(DECISIONS) + 1))


def test_files_named_in_the_architecture_exist():
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    named = re.findall(r"`(tests/[\w/.]+)`", page)
    assert named
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_a_faulty_decision_is_noticed():
    faulty = "# A\n" + "\n" * 30 + "## Why\n## Decision\n## Consequences\n## Gate\n`tests/contract/test_nothing.py`\n"
    assert decision_faults(faulty) == ["too long", "## Revisit when", "tests/contract/test_nothing.py"]


@pytest.mark.parametrize(
    "call",
    [
        "./dealstream fly",
        "./dealstream kpi guess win-rate",
        "./dealstream kpi get win-rate --colour red",
        "./dealstream up --detached",
    ],
)
def test_a_wrong_command_is_noticed(call):
    assert unknown_in(call)


def test_a_wrong_link_and_a_wrong_service_command_are_noticed():
    assert broken_links("[a](b.md) [c](README.md#nowhere) [d](https://example.com)", ROOT) == [
        "b.md",
        "README.md#nowhere",
    ]
    assert not exists("deals", ["fly"])
    assert not exists("deals", ["relay", "fly"])
    assert not exists("chemistry", [])


def decision_faults(text):
    """What is wrong with the page of a decision."""
    gates = re.findall(r"`(tests/[\w/.]+)`", text.partition("## Gate")[2])
    return [
        *(["too long"] if text.count("\n") > DECISION_LINES else []),
        *(part for part in DECISION_PARTS if f"{part}\n" not in text),
        *(gate for gate in gates or ["no gate"] if not (ROOT / gate).exists()),
    ]


def broken_links(text, folder):
    """Relative links to a file, or a heading of it, that is not there."""
    return [target for target in LINK.findall(without_code(text)) if "://" not in target and not leads(target, folder)]


def without_code(text):
    return re.sub(r"`[^`\n]*`", "", re.sub(r"```.*?```", "", text, flags=re.DOTALL))


def leads(target, folder):
    name, _, heading = target.partition("#")
    path = folder / name if name else None
    if path is not None and not path.exists():
        return False
    return not heading or path is None or heading in headings(path)


@cache
def headings(path):
    found = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in found}


def unknown_in(call):
    """The first word of a call that the command line does not know, if any."""
    words = shlex.split(call.replace("[", "").replace("]", "").replace("'s", "s"))[1:]
    if not words or words[0].startswith("-"):
        return None if not words or words[0] in {"--help", "--install-completion"} else words[0]
    name, *rest = words
    command = loaded(name)
    if command is None:
        return name
    while hasattr(command, "commands") and rest and not rest[0].startswith("-"):
        name, *rest = rest
        if name.isupper():
            return None  # A placeholder stands for any.
        command = command.commands.get(name)
        if command is None:
            return name
    if command.context_settings.get("ignore_unknown_options"):
        return None
    options = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    return next(
        (word for word in rest if word.startswith("-") and word.partition("=")[0] not in options | {"--help"}), None
    )


@cache
def loaded(name):
    """A command of the command line as click sees it."""
    module = next((group[name][0] for group in COMMANDS.values() if name in group), None)
    return None if module is None else typer.main.get_command(import_module(module).app)


def exists(module, words):
    """Whether ``python -m <module> <words>`` is a command of a service."""
    if module not in {*SERVICES, "<service>"}:
        return False
    words = [word for word in words if word != "\\"]
    known = ROLES | set(PRINTED) | OWN_COMMANDS.get(module, set()) | {"<page>"}
    task = words[1] if len(words) > 1 and words[0] == "relay" else None
    return not words or (words[0] in known and (task is None or task in RELAY_TASKS))
