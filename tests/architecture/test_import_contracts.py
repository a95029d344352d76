"""The import contracts hold, and each of them breaks on an import planted against it."""

import configparser
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = [*ROOT.glob("libs/*/src/*"), *ROOT.glob("services/*/src/*"), *ROOT.glob("cli/src/*")]

PLANTED = {
    "independent": ("leads/lead.py", "import deals.deal"),
    "layers": ("events/topics.py", "import chassis.refusals"),
    "command-line": ("dealstream/__main__.py", "import analytics.settings"),
    "one-kafka-seam": ("chassis/settings.py", "import aiokafka"),
    "pure-domain": ("deals/deal.py", "import asyncpg"),
}


def lint(packages: Path, contract: str | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"]
    command += ["--config", str(ROOT / ".importlinter"), "--no-cache", *(["--contract", contract] if contract else [])]
    return subprocess.run(
        command, cwd=packages, env={"PYTHONPATH": str(packages)}, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def packages(tmp_path_factory):
    copy = tmp_path_factory.mktemp("packages")
    for source in SOURCES:
        if source.is_dir() and source.name != "__pycache__":
            shutil.copytree(source, copy / source.name, ignore=shutil.ignore_patterns("__pycache__"))
    return copy


def test_every_contract_holds(packages):
    done = lint(packages)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_contract_has_a_planted_violation():
    config = configparser.ConfigParser()
    config.read(ROOT / ".importlinter")
    named = {section.removeprefix("importlinter:contract:") for section in config.sections() if "contract" in section}
    assert named == set(PLANTED)


@pytest.mark.parametrize("contract", PLANTED)
def test_a_planted_import_breaks_its_contract(packages, contract):
    file, statement = PLANTED[contract]
    victim = packages / file
    original = victim.read_text(encoding="utf-8")
    victim.write_text(f"{original}\n{statement}\n", encoding="utf-8")
    try:
        done = lint(packages, contract)
    finally:
        victim.write_text(original, encoding="utf-8")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "BROKEN" in done.stdout
