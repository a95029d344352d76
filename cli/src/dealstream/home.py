"""Where one platform keeps its things: data, logs, secrets and the note of what is running.

A home belongs to one platform at a time: whoever runs it holds a lock for as long as it lives, so a stale note left by
a crash or a reboot is told from a running platform with certainty.
"""

import fcntl
import json
import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, Self

from dealstream.errors import NotRunning, PlatformError
from dealstream.processes import ProcessRecord

DEFAULT_PORT_BASE = 8700
SERVICES = ("identity", "leads", "deals", "analytics", "notifications")
OFFSETS = {name: offset for offset, name in enumerate(SERVICES, 1)} | {
    "postgres": 10,
    "kafka": 11,
    "kafka-controller": 12,
    "smtp": 20,
    "inbox": 21,
}

Phase = Literal["starting", "ready", "stopping", "failed"]


@dataclass(frozen=True, slots=True)
class State:
    """The note of a running platform; ``phase`` is "failed" when it could not start."""

    phase: Phase
    port_base: int
    supervisor: ProcessRecord
    detail: str = ""
    hint: str = ""
    exit_code: int = 0
    programs: dict[str, ProcessRecord] = field(default_factory=dict)
    database_url: str = ""
    kafka: str = ""
    kafka_settings: dict[str, str] = field(default_factory=dict)

    def address(self, service: str) -> str:
        return f"http://127.0.0.1:{port(self.port_base, service)}"

    @property
    def addresses(self) -> dict[str, str]:
        return {name: self.address(name) for name in (*SERVICES, "inbox")}

    @classmethod
    def parse(cls, text: str) -> Self:
        data: dict[str, Any] = json.loads(text)
        data["supervisor"] = ProcessRecord(**data["supervisor"])
        data["programs"] = {name: ProcessRecord(**record) for name, record in data["programs"].items()}
        return cls(**data)


class Home:
    """The folder of one platform."""

    def __init__(self, path: Path) -> None:
        self.path = path.expanduser().absolute()

    @classmethod
    def default(cls) -> Self:
        return cls(data_folder() / "dealstream")

    @property
    def logs(self) -> Path:
        return self.path / "logs"

    @property
    def postgres(self) -> Path:
        return self.path / "postgres"

    @property
    def kafka(self) -> Path:
        return self.path / "kafka"

    @property
    def mail(self) -> Path:
        return self.path / "mail"

    @property
    def demo_note(self) -> Path:
        """What the demo has loaded here, if anything."""
        return self.path / "demo.json"

    @property
    def api_key_file(self) -> Path:
        return self.path / "secrets" / "api_key"

    @property
    def password_file(self) -> Path:
        return self.secret_file("admin_password")

    def secret_file(self, name: str) -> Path:
        """A file with a random text that only its owner can read, made at the first call."""
        folder = self.path / "secrets"
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = folder / name
        if not file.exists():
            file.touch(0o600)
            file.write_text(secrets.token_urlsafe(24))
        return file

    def api_key(self) -> str:
        try:
            return self.api_key_file.read_text("utf-8").strip()
        except FileNotFoundError:
            raise NotRunning(f"No platform was ever started in {self.path}.") from None

    def state(self) -> State | None:
        """The note as it was left, whether or not anything of it still lives."""
        try:
            return State.parse(self._state_file.read_text("utf-8"))
        except FileNotFoundError:
            return None
        except (ValueError, TypeError, KeyError) as error:
            raise PlatformError(
                f"{self._state_file} cannot be read: {error}", "Delete it if no process of the platform runs."
            ) from error

    def running(self) -> State:
        """The note of the platform that runs now."""
        state = self.state()
        if state is None or not self.is_locked():
            raise NotRunning(f"No platform runs in {self.path}.")
        return state

    def write_state(self, state: State) -> None:
        partial = self._state_file.with_suffix(".new")
        partial.write_text(json.dumps(asdict(state), indent=2), "utf-8")
        partial.replace(self._state_file)

    def change_state(self, **changes: Any) -> None:
        if state := self.state():
            self.write_state(replace(state, **changes))

    def forget_state(self) -> None:
        self._state_file.unlink(missing_ok=True)

    def is_locked(self) -> bool:
        try:
            with self.lock():
                return False
        except PlatformError:
            return True

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Held by the supervisor while it lives."""
        self.path.mkdir(parents=True, exist_ok=True)
        with (self.path / "lock").open("a") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise PlatformError(f"A platform runs in {self.path} already.", "See `./dealstream status`.") from None
            yield

    @property
    def _state_file(self) -> Path:
        return self.path / "state.json"


def port(base: int, name: str) -> int:
    return base + OFFSETS[name]


def data_folder() -> Path:
    if folder := os.environ.get("XDG_DATA_HOME"):
        return Path(folder)
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support"
    return Path.home() / ".local" / "share"
