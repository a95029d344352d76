"""A whole platform for tests that look at it from outside: real servers, real processes, the command line."""

import contextlib
import json
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from dealstream.client import Client
from dealstream.home import Home
from dealstream.platform import plan_from_environment, service_environment

WIDTH = 30
"""Ports that one platform takes from its base."""


@dataclass(frozen=True)
class Tenant:
    """A firm on the platform, and the key of its administrator."""

    platform: "RunningPlatform"
    key: str

    def client(self) -> Client:
        return Client(self.platform.addresses, self.key)

    def wait_until_known(self) -> None:
        """Identity tells the other services of a new key through events."""
        deadline = time.monotonic() + 60
        for service, path in {"leads": "/v1/leads", "deals": "/v1/deals", "analytics": "/v1/kpis"}.items():
            while self._status(service, path) == 401:
                assert time.monotonic() < deadline, f"{service} has not heard of the key"
                time.sleep(0.1)

    def _status(self, service: str, path: str) -> int:
        headers = {"Authorization": f"Bearer {self.key}"}
        return httpx2.get(f"{self.platform.addresses[service]}{path}", headers=headers, timeout=60).status_code

    def get(self, service: str, path: str, **query: Any) -> Any:
        answer = httpx2.get(
            f"{self.platform.addresses[service]}{path}",
            params=query,
            headers={"Authorization": f"Bearer {self.key}"},
            timeout=60,
        )
        assert answer.status_code == 200, f"{path} {query}: {answer.status_code} {answer.text}"
        return answer.json()

    def figures(self, kpi: str, *by: str, **query: Any) -> dict[tuple[str, ...], Any]:
        """The rows of a KPI by the values of their dimensions; ``from_`` stands for ``from``."""
        asked = {key.rstrip("_"): value for key, value in query.items()}
        answer = self.get("analytics", f"/v1/kpis/{kpi}", by=list(by), **asked)
        assert not answer["truncated"]
        return {tuple(row["dimensions"][each] for each in by): row for row in answer["rows"]}


@dataclass(frozen=True)
class RunningPlatform:
    """A platform that was started by ``dealstream up --detach``."""

    home: Home
    port_base: int

    @property
    def addresses(self) -> dict[str, str]:
        return self.home.running().addresses

    @property
    def default(self) -> Tenant:
        return Tenant(self, self.home.api_key())

    def found(self, slug: str, zone: str = "UTC", currency: str = "USD") -> Tenant:
        """Another firm on the same platform."""
        key, password = self.home.path / f"{slug}.key", self.home.path / f"{slug}.password"
        password.write_text(secrets.token_urlsafe(16), encoding="utf-8")
        words = ["--slug", slug, "--name", slug, "--zone", zone, "--currency", currency]
        words += ["--admin-email", f"admin@{slug}.example", "--admin-password-file", str(password)]
        plan = plan_from_environment(self.home, self.port_base)
        subprocess.run(
            [sys.executable, "-m", "identity", "found", *words, "--api-key-file", str(key)],
            env=service_environment(plan, "identity"),
            check=True,
            capture_output=True,
        )
        tenant = Tenant(self, key.read_text(encoding="utf-8").strip())
        tenant.wait_until_known()
        return tenant

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """``dealstream WORDS --home ...``."""
        return dealstream(*words, "--home", str(self.home.path))

    def json(self, *words: str) -> Any:
        """The JSON document that a command prints."""
        done = self.command(*words, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


def dealstream(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "dealstream", *words], capture_output=True, text=True, check=False, timeout=300
    )


@contextlib.contextmanager
def running_platform(*words: str) -> Iterator[RunningPlatform]:
    """Started in a folder of its own, on ports of its own; ended and forgotten afterwards."""
    with tempfile.TemporaryDirectory(prefix="dealstream-") as folder:
        Path(folder).chmod(0o755)
        base = free_ports()
        home = ["--home", f"{folder}/home"]
        done = dealstream("up", *words, "--detach", "--port-base", str(base), *home)
        try:
            assert done.returncode == 0, done.stderr
            yield RunningPlatform(Home(Path(folder) / "home"), base)
        finally:
            dealstream("down", "--delete-data", *home)


def free_ports() -> int:
    """A base with enough free ports above it."""
    while True:
        base = 20_000 + secrets.randbelow(25_000)
        with contextlib.ExitStack() as tried, contextlib.suppress(OSError):
            for port in range(base, base + WIDTH):
                tried.enter_context(socket.socket()).bind(("127.0.0.1", port))
            return base
