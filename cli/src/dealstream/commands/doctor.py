"""``dealstream doctor``: what this machine must have, what it has, and what to do about the difference."""

import asyncio
import os
import pwd
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil
import typer

from dealstream import platform
from dealstream.client import Client
from dealstream.errors import PlatformError
from dealstream.home import SERVICES, Home
from dealstream.local import jars
from dealstream.local.account import unprivileged_account
from dealstream.output import PORT_BASE, HomeOption, JsonOption, PortBaseOption, home_of, print_json, print_table, say

app = typer.Typer(add_completion=False)
GIBIBYTE = 1024**3
MEMORY_NEEDED = 1.5 * GIBIBYTE
DISK_NEEDED = 2 * GIBIBYTE


@dataclass(frozen=True, slots=True)
class Finding:
    check: str
    passed: bool
    found: str
    advice: str = ""


@app.command()
def doctor(home: HomeOption = None, port_base: PortBaseOption = PORT_BASE, json: JsonOption = False) -> None:
    """Exit code 1 when something is missing."""
    findings = list(examine(home_of(home), port_base))
    if json:
        print_json({"passed": all(finding.passed for finding in findings), "checks": [asdict(one) for one in findings]})
    else:
        rows = [["ok" if one.passed else "FAILED", one.check, one.found] for one in findings]
        print_table(["", "check", "found"], rows)
        for finding in findings:
            if not finding.passed:
                say(f"{finding.check}: {finding.advice}")
    raise typer.Exit(0 if all(finding.passed for finding in findings) else 1)


def examine(home: Home, port_base: int) -> Iterator[Finding]:
    yield python()
    yield memory()
    yield disk(home)
    yield account()
    yield kafka_jars()
    runs = home.is_locked() and home.state() is not None
    if runs:
        yield from asyncio.run(services(home))
    else:
        yield ports(home, port_base)
        yield Finding("platform", passed=True, found="does not run")


def python() -> Finding:
    version = ".".join(str(part) for part in sys.version_info[:3])
    return Finding("python", sys.version_info >= (3, 11), version, "Install Python 3.11 or newer.")


def memory() -> Finding:
    free = psutil.virtual_memory().available
    advice = f"Close other programs: the platform needs about {MEMORY_NEEDED / GIBIBYTE:.1f} GiB."
    return Finding("memory", free >= MEMORY_NEEDED, f"{free / GIBIBYTE:.1f} GiB free", advice)


def disk(home: Home) -> Finding:
    folder = next(part for part in (home.path, *home.path.parents) if part.exists())
    free = shutil.disk_usage(folder).free
    writable = os.access(folder, os.W_OK)
    advice = f"Free {DISK_NEEDED / GIBIBYTE:.0f} GiB at {folder}, or choose another folder with --home."
    found = f"{free / GIBIBYTE:.1f} GiB free at {folder}{'' if writable else ', not writable'}"
    return Finding("disk", free >= DISK_NEEDED and writable, found, advice)


def account() -> Finding:
    try:
        other = unprivileged_account()
    except PlatformError as error:
        return Finding("user", passed=False, found=str(error), advice=error.hint)
    name = pwd.getpwuid(os.geteuid()).pw_name
    return Finding("user", passed=True, found=f"{name}, PostgreSQL as {other.name}" if other else name)


def kafka_jars() -> Finding:
    missing = [jar for jar in jars.kafka_jars() if not jar.is_cached()]
    if not missing:
        return Finding("kafka jars", passed=True, found=f"complete in {jars.cache_folder()}")
    reachable = attempt(jars.fetch)
    found = f"{len(missing)} were missing, fetched now" if reachable else f"{len(missing)} are missing"
    return Finding("kafka jars", reachable, found, jars.NO_NETWORK)


def attempt(work: Callable[[], list[Path]]) -> bool:
    try:
        work()
    except PlatformError:
        return False
    return True


def ports(home: Home, port_base: int) -> Finding:
    plan = platform.plan_from_environment(home, port_base)
    try:
        platform.check_ports(plan)
    except PlatformError as error:
        return Finding("ports", passed=False, found=str(error), advice=error.hint)
    numbers = plan.ports.values()
    return Finding("ports", passed=True, found=f"free: {min(numbers)} to {max(numbers)}")


async def services(home: Home) -> list[Finding]:
    async with Client.of(home) as client:
        looks = await asyncio.gather(*(client.look(name, "/readyz") for name in SERVICES))
    return [
        Finding(name, code == 200, answer(code, body), f"See {home.logs / name}.log.")  # noqa: PLR2004
        for name, (code, body) in zip(SERVICES, looks, strict=True)
    ]


def answer(code: int, body: object) -> str:
    if code == 0:
        return "does not answer"
    return "ready" if code == 200 else f"not ready: {body}"  # noqa: PLR2004
