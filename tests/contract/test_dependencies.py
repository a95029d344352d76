"""Every direct dependency has its reason on one page, and the page names no other."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "decisions" / "dependencies.md"
RUN, LOCAL, DEVELOP = "To run a service", "For the command line and its local servers", "To develop"


def test_no_reason_is_missing_and_none_is_left_over():
    assert {name for names in reasons().values() for name in names} == {
        *of("libs/*"),
        *of("services/*"),
        *of("cli"),
        *development(),
    }


def test_each_stands_where_it_belongs():
    serving = {*of("libs/*"), *of("services/*")}
    assert reasons() == {
        RUN: serving,
        LOCAL: of("cli") - serving,
        DEVELOP: development() - serving - of("cli"),
    }


def test_each_has_a_reason():
    rows = re.findall(r"^\| (\S+) \| (.*) \| (.*) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(rows) > 40
    assert [name for name, use, why in rows if not use or not why] == []


def test_a_missing_and_a_left_over_line_are_noticed():
    names = names_in("## To develop\n\n| package | for |\n| --- | --- |\n| pytest | tests |\n")
    assert names == {"To develop": {"pytest"}}
    assert {name_of("PyJWT[crypto]>=2.15"), name_of("uvloop>=0.23; sys_platform != 'win32'")} == {"pyjwt", "uvloop"}


def reasons():
    return names_in(PAGE.read_text(encoding="utf-8"))


def names_in(text):
    """The packages named under each heading."""
    found = {}
    for section in text.split("\n## " if not text.startswith("## ") else "## ")[1:]:
        title, _, body = section.partition("\n")
        rows = re.findall(r"^\| (\S+) \|", body, re.MULTILINE)
        found[title] = {name.lower() for name in rows if name not in {"package", "---"}}
    return found


def of(pattern):
    files = ROOT.glob(f"{pattern}/pyproject.toml")
    lines = [line for file in files for line in tomllib.loads(file.read_text("utf-8"))["project"]["dependencies"]]
    return {name for line in lines if not (name := name_of(line)).startswith("dealstream")}


def development():
    return {
        name_of(line)
        for line in tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["dependency-groups"]["dev"]
    }


def name_of(requirement):
    return re.match(r"[\w.-]+", requirement).group().lower()
