"""Every proof and every endpoint that the page of features names exists."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/features.md").read_text("utf-8")
PROOF, ENDPOINT = re.compile(r"`(test_\w+)`"), re.compile(r"`(GET|POST|PUT|PATCH|DELETE) ([^`?]+)`")
TESTS = {
    name
    for file in (ROOT / "tests").rglob("test_*.py")
    for name in re.findall(r"^ *(?:async )?def (test_\w+)", file.read_text("utf-8"), re.MULTILINE)
}
ENDPOINTS = {
    (method.upper(), path)
    for document in (ROOT / "docs/openapi").glob("*.json")
    for path, methods in json.loads(document.read_text("utf-8"))["paths"].items()
    for method in methods
}


@pytest.mark.parametrize("proof", sorted(set(PROOF.findall(PAGE))))
def test_a_named_proof_exists(proof: str) -> None:
    assert proof in TESTS


@pytest.mark.parametrize("endpoint", sorted(set(ENDPOINT.findall(PAGE))), ids=" ".join)
def test_a_named_endpoint_exists(endpoint: tuple[str, str]) -> None:
    assert endpoint in ENDPOINTS


def test_each_feature_has_a_proof() -> None:
    rows = re.findall(r"^\| (?!feature|---)(.+?) \| .* \| ([^|]*) \|$", PAGE, re.MULTILINE)
    assert rows
    assert [feature for feature, proofs in rows if not PROOF.findall(proofs)] == []
