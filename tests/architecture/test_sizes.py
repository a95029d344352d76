"""Files and functions stay short enough to be read in one sitting."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILE_LIMIT, TEST_FILE_LIMIT, FUNCTION_LIMIT = 400, 500, 50
FORBIDDEN_NAMES = {"utils.py", "helpers.py", "manager.py", "base.py", "service_base.py", "common.py", "misc.py"}


def product_files() -> list[Path]:
    found = [*ROOT.glob("libs/*/src/**/*.py"), *ROOT.glob("services/*/src/**/*.py"), *ROOT.glob("cli/src/**/*.py")]
    return sorted(found)


def too_long(path: Path, file_limit: int) -> Iterator[str]:
    text = path.read_text(encoding="utf-8")
    name = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
    if (lines := text.count("\n")) > file_limit:
        yield f"{name} has {lines} lines"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > FUNCTION_LIMIT:
                yield f"{name}:{node.lineno} {node.name} has {length} lines"


def test_product_code_is_short():
    assert [found for path in product_files() for found in too_long(path, FILE_LIMIT)] == []


def test_tests_are_short():
    tests = sorted((ROOT / "tests").glob("**/*.py"))
    assert [found for path in tests for found in too_long(path, TEST_FILE_LIMIT)] == []


def test_files_are_named_for_their_noun_or_step():
    assert [path for path in product_files() if path.name in FORBIDDEN_NAMES] == []


def test_every_module_says_what_it_is_for():
    silent = [path for path in product_files() if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))]
    assert silent == []


@pytest.mark.parametrize(
    ("text", "finding"),
    [("x = 1\n" * 401, "has 401 lines"), ("def f():\n" + "    x = 1\n" * 50, "f has 51 lines")],
)
def test_the_gate_sees_a_planted_violation(tmp_path, text, finding):
    planted = tmp_path / "planted.py"
    planted.write_text(text, encoding="utf-8")
    assert [found for found in too_long(planted, FILE_LIMIT) if finding in found]
