"""The style and type gates refuse what they are there to refuse."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("import os\n", "F401"),
        ("def f(x=[]):\n    return x\n", "B006"),
        ("try:\n    pass\nexcept Exception:\n    pass\n", "BLE001"),
        ("from datetime import datetime\n\nprint(datetime.now())\n", "DTZ005"),
    ],
)
def test_ruff_refuses_a_planted_violation(tmp_path, text, code):
    planted = tmp_path / "planted.py"
    planted.write_text(text, encoding="utf-8")
    done = run("ruff", "check", "--config", str(ROOT / "pyproject.toml"), "--no-cache", str(planted))
    assert done.returncode == 1
    assert code in done.stdout


def test_mypy_refuses_a_planted_violation(tmp_path):
    planted = tmp_path / "planted.py"
    planted.write_text("def f(x):\n    return x\n\n\ny: int = 'one'\n", encoding="utf-8")
    done = run(
        "mypy", "--config-file", str(ROOT / "pyproject.toml"), "--cache-dir", str(tmp_path / "cache"), str(planted)
    )
    assert done.returncode == 1
    assert "no-untyped-def" in done.stdout
    assert "assignment" in done.stdout
