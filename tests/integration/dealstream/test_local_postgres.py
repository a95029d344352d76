"""The embedded PostgreSQL runs from wherever its binaries had to be placed."""

import subprocess
from pathlib import Path

import pytest

from dealstream.local import postgres


def test_binaries_that_were_copied_to_an_open_folder_find_their_libraries(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "SHARED", tmp_path / "open")
    for _ in ("the first time", "and again"):
        copied = postgres.open_copy(postgres.installed_folder())
        assert copied.is_relative_to(tmp_path)
        done = subprocess.run([copied / "bin" / "initdb", "--version"], capture_output=True, text=True, check=False)
        assert done.stdout.startswith("initdb (PostgreSQL) 18"), done.stderr
