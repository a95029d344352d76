"""The source checkout this command runs from; developers' commands need one."""

import os
import subprocess
import sys
from pathlib import Path

from dealstream.errors import PlatformError


def root() -> Path:
    folder = Path(__file__).resolve().parents[3]
    if not (folder / "tests").is_dir():
        raise PlatformError("This command needs a checkout of the project.", "Run ./dealstream in one.")
    return folder


def run(tool: str, *arguments: str) -> int:
    """A tool of the environment, with its output where ours goes; returns its exit code."""
    folder = Path(sys.executable).parent
    environment = {**os.environ, "PATH": f"{folder}{os.pathsep}{os.environ.get('PATH', '')}"}
    sys.stdout.flush()
    return subprocess.run([folder / tool, *arguments], cwd=root(), env=environment, check=False).returncode
