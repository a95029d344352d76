"""Every proof that the page of faults names exists, and every fault that the platform promises to bear has one."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/faults.md").read_text("utf-8")
ROWS = re.findall(r"^\| (\d[\d, ]*)\. .*\| ([^|]*) \|$", PAGE, re.MULTILINE)
PROMISED = {*range(1, 16), *range(18, 27), *range(28, 48), 52, 53, 55}
TESTS = {
    name
    for file in (ROOT / "tests").rglob("test_*.py")
    for name in re.findall(r"^ *(?:async )?def (test_\w+)", file.read_text("utf-8"), re.MULTILINE)
}


@pytest.mark.parametrize("proof", sorted(set(re.findall(r"`(test_\w+)`", PAGE))))
def test_a_named_proof_exists(proof: str) -> None:
    assert proof in TESTS


def test_each_fault_has_a_row_with_a_proof() -> None:
    shown = {int(number) for numbers, proof in ROWS if "`test_" in proof for number in numbers.split(", ")}
    assert shown == PROMISED
