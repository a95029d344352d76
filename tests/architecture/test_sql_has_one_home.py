"""SQL of a service stands in its stores (or, in analytics, in the ledger and the queries), nowhere else."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STATEMENT = re.compile(
    r"^\s*(select\s.+\sfrom\s|insert\s+into\s|update\s+\w+\s+set\s|delete\s+from\s|with\s+\w+\s+as\s)",
    re.IGNORECASE | re.DOTALL,
)
HOMES = {
    "identity": (),
    "leads": (),
    "deals": (),
    "notifications": (),
    "analytics": ("ledger/", "query/", "names", "explain", "waterfall", "percentiles"),
}


def statements(path: Path) -> list[int]:
    return [
        node.lineno
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and STATEMENT.match(node.value)
    ]


@pytest.mark.parametrize("service", HOMES)
def test_sql_stands_in_its_home(service):
    package = ROOT / "services" / service / "src" / service
    strays = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in sorted(package.glob("**/*.py"))
        if not str(path.relative_to(package)).startswith(HOMES[service]) and not path.name.startswith("store")
        for line in statements(path)
    ]
    assert strays == []


def test_the_gate_sees_a_planted_statement(tmp_path):
    planted = tmp_path / "api.py"
    planted.write_text('QUERY = "SELECT id FROM deal"\n', encoding="utf-8")
    assert statements(planted) == [1]
