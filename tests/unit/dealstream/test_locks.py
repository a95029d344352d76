"""The locks hold what the packages ask for, with hashes, and name no address."""

import re
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from dealstream import locks

ROOT = Path(__file__).parents[3]
NAMES = ["requirements.lock", "requirements-dev.lock", "deploy/requirements.lock"]


def pins(name: str) -> dict[str, str]:
    lines = (ROOT / name).read_text("utf-8").splitlines()
    found = (re.match(r"([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^ ;]+)", line) for line in lines)
    return {canonicalize_name(match[1]): match[2] for match in found if match}


@pytest.mark.parametrize("name", NAMES)
def test_each_requirement_of_the_packages_is_locked_at_a_version_that_fits(name):
    pinned = pins(name)
    for requirement in map(Requirement, locks.wanted(ROOT)[name]):
        version = pinned.get(canonicalize_name(requirement.name))
        assert version, f"{requirement.name} is not in {name}: run ./dealstream lock"
        assert requirement.specifier.contains(version), f"{requirement} is locked at {version} in {name}"


@pytest.mark.parametrize("name", NAMES)
def test_no_address_is_in_a_lock(name):
    assert not re.search(r"://|--(extra-)?index|--find-links| @ ", (ROOT / name).read_text("utf-8"))


@pytest.mark.parametrize("name", NAMES)
def test_each_pin_has_hashes(name):
    entries = re.split(r"\n(?=\S)", (ROOT / name).read_text("utf-8").strip())
    assert [entry.splitlines()[0] for entry in entries if "--hash=sha256:" not in entry] == []


def test_the_locks_agree_with_each_other():
    development = pins("requirements-dev.lock")
    for name in ("requirements.lock", "deploy/requirements.lock"):
        assert {package: development[package] for package in pins(name)} == pins(name)
