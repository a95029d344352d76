"""The locked requirements: made from the packages' own files, hashed, without any address.

requirements.lock         to run the platform from a checkout
requirements-dev.lock     the same and the tools of tests, gates and benches
deploy/requirements.lock  the services in an image, with the tool that builds their packages
"""

import subprocess
import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path

from dealstream.errors import PlatformError

OWN_PREFIX = "dealstream"
SERVING = ("libs/*", "services/*")
RUNNING = (*SERVING, "cli")
OPTIONS = ("--universal", "--python-version=3.11", "--generate-hashes", "--no-header", "--no-annotate")
WITHOUT_ADDRESSES = ("--no-emit-index-url", "--no-emit-find-links")


def wanted(root: Path) -> dict[str, list[str]]:
    """The direct requirements behind each lock file."""
    running = requirements(root, RUNNING)
    return {
        "requirements.lock": running,
        "requirements-dev.lock": [*running, *development(root)],
        "deploy/requirements.lock": [*requirements(root, SERVING), *builder(root)],
    }


def requirements(root: Path, folders: Iterable[str]) -> list[str]:
    files = sorted(file for pattern in folders for file in root.glob(f"{pattern}/pyproject.toml"))
    found = {line for file in files for line in tomllib.loads(file.read_text("utf-8"))["project"]["dependencies"]}
    return sorted(line for line in found if not line.startswith(OWN_PREFIX))


def development(root: Path) -> list[str]:
    lines: list[str] = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["dependency-groups"]["dev"]
    return lines


def builder(root: Path) -> list[str]:
    return [line for line in development(root) if line.startswith("hatchling")]


def renew(root: Path) -> None:
    """The development lock first: the others follow its choices, so that tests run what is deployed."""
    names = wanted(root)
    compile_lock(root, "requirements-dev.lock", names.pop("requirements-dev.lock"), ())
    for name, lines in names.items():
        compile_lock(root, name, lines, ("--constraints", str(root / "requirements-dev.lock")))


def compile_lock(root: Path, name: str, lines: list[str], options: tuple[str, ...]) -> None:
    """Pins that still fit stay as they are."""
    target = ("--output-file", str(root / name), "--quiet", "-")
    command = [sys.executable, "-m", "uv", "pip", "compile", *OPTIONS, *WITHOUT_ADDRESSES, *options, *target]
    done = subprocess.run(command, input="\n".join(lines), text=True, capture_output=True, check=False)
    if done.returncode != 0:
        raise PlatformError(f"{name} was not made: {done.stderr.strip()}")


if __name__ == "__main__":
    renew(Path(__file__).resolve().parents[3])
