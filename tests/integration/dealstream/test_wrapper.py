"""The wrapper: any folder, symbolic links, read-only checkouts, several at once, clear words when something is missing.

Packages are not fetched here: a small lock stands in for the real one, and the command that runs says where it is.
"""

import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
TELLS = 'import sys; print("ran", *sys.argv[1:]); print(sys.prefix, file=sys.stderr)\n'


@pytest.fixture
def checkout(tmp_path):
    folder = tmp_path / "a checkout"
    (folder / "cli" / "src" / "dealstream").mkdir(parents=True)
    (folder / "cli" / "src" / "dealstream" / "__main__.py").write_text(TELLS)
    (folder / "libs" / "events" / "src").mkdir(parents=True)
    (folder / "services" / "deals" / "src").mkdir(parents=True)
    for lock in ("requirements.lock", "requirements-dev.lock"):
        (folder / lock).write_text("# nothing\n")
    shutil.copy(ROOT / "dealstream", folder)
    quick_python(folder)
    return folder


def quick_python(folder: Path) -> None:
    """Makes an environment that borrows pip instead of unpacking one, which takes most of the time."""
    script = folder / "quick-python"
    quickly = f'exec {sys.executable} -m venv --without-pip --system-site-packages "$@"'
    script.write_text(f'#!/bin/sh\n[ "$2" = venv ] && shift 2 && {quickly}\nexec {sys.executable} "$@"\n')
    script.chmod(0o755)


def run(script: Path, *words: str, folder: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [script, *words],
        cwd=folder,
        env={**os.environ, "DEALSTREAM_PYTHON": str(checkout_of(script) / "quick-python"), **environment},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def checkout_of(script: Path) -> Path:
    return script.resolve().parent


def test_the_environment_is_made_once_and_again_when_the_lock_changes(checkout, tmp_path):
    first = run(checkout / "dealstream", "kpi", "get", "two words", folder=tmp_path, DEALSTREAM_PYTHON=sys.executable)
    assert (first.returncode, first.stdout) == (0, "ran kpi get two words\n")
    assert "this is done once" in first.stderr
    second = run(checkout / "dealstream", "status", folder=Path("/"))
    assert (second.stdout, second.stderr) == ("ran status\n", f"{checkout / '.venv'}\n")
    (checkout / "requirements.lock").write_text("# nothing new\n")
    third = run(checkout / "dealstream", "status")
    assert "Installing requirements.lock" in third.stderr
    assert "this is done once" not in third.stderr


def test_the_tools_of_developers_come_when_they_are_needed(checkout):
    run(checkout / "dealstream", "status")
    assert "Installing requirements-dev.lock" in run(checkout / "dealstream", "test").stderr
    assert "Installing" not in run(checkout / "dealstream", "check").stderr
    assert "Installing" not in run(checkout / "dealstream", "status").stderr


def test_a_symbolic_link_leads_to_the_checkout(checkout, tmp_path):
    (tmp_path / "bin").mkdir()
    link = tmp_path / "bin" / "ds"
    link.symlink_to("../a checkout/dealstream")
    assert run(link, "up").stdout == "ran up\n"
    assert (checkout / ".venv" / ".dealstream").exists()


def test_several_at_once_make_one_environment(checkout):
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda number: run(checkout / "dealstream", str(number)), range(4)))
    assert [one.stdout for one in done] == [f"ran {number}\n" for number in range(4)]
    assert sum("this is done once" in one.stderr for one in done) == 1
    assert not (checkout / ".venv.lock").exists()


def test_a_lock_whose_holder_is_dead_does_not_block(checkout):
    holder = subprocess.Popen(["true"])
    holder.wait()
    (checkout / ".venv.lock").mkdir()
    (checkout / ".venv.lock" / "pid").write_text(f"{holder.pid}\n")
    began = time.monotonic()
    assert run(checkout / "dealstream", "up").returncode == 0
    assert time.monotonic() > began


def test_an_environment_of_somebody_else_is_left_alone(checkout):
    (checkout / ".venv").mkdir()
    assert run(checkout / "dealstream", "up").stderr.endswith(f"{checkout / '.dealstream-venv'}\n")
    assert list((checkout / ".venv").iterdir()) == []


def test_an_interrupted_installation_is_begun_again(checkout):
    (checkout / "requirements.lock").write_text("no-such-package-anywhere==1.0 --hash=sha256:00\n")
    failed = run(checkout / "dealstream", "up", PIP_NO_INDEX="1")
    assert failed.returncode == 6
    assert "The packages could not be installed" in failed.stderr
    (checkout / "requirements.lock").write_text("# nothing\n")
    assert run(checkout / "dealstream", "up").returncode == 0


def test_without_a_new_enough_python_it_says_so(checkout, tmp_path):
    tools = folder_with(
        tmp_path, "sh", "dirname", "readlink", "cksum", "tr", "grep", "mkdir", "rm", "cat", "sleep", "mv"
    )
    done = run(checkout / "dealstream", "up", PATH=str(tools), DEALSTREAM_PYTHON="")
    assert done.returncode == 6
    assert "Python 3.11 or newer was not found" in done.stderr


def test_without_the_venv_module_it_names_the_package(checkout, tmp_path):
    tools = folder_with(
        tmp_path, "sh", "dirname", "readlink", "cksum", "tr", "grep", "mkdir", "rm", "cat", "sleep", "mv"
    )
    python = tools / "python3"
    python.write_text(f'#!/bin/sh\ncase $2 in *ensurepip*) exit 1 ;; esac\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    done = run(checkout / "dealstream", "up", PATH=str(tools), DEALSTREAM_PYTHON="")
    assert done.returncode == 6
    assert f"apt install python{sys.version_info.major}.{sys.version_info.minor}-venv" in done.stderr


def folder_with(folder: Path, *tools: str) -> Path:
    made = folder / "tools"
    made.mkdir()
    for tool in tools:
        (made / tool).symlink_to(str(shutil.which(tool)))
    return made
