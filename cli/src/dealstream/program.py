"""What a supervisor needs to know of one program: how to start it, when it is ready, how to stop it."""

import signal
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dealstream.local.account import Account


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    name: str
    command: tuple[str, ...]
    ready: Callable[[], Coroutine[Any, Any, bool]]
    environment: Mapping[str, str] | None = None  # None: that of our own process
    directory: Path = Path("/")
    account: Account | None = None  # None: the user who started us
    ready_seconds: float = 90
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 15

    def start_arguments(self) -> dict[str, Any]:
        """Keywords that ``subprocess.Popen`` and ``asyncio.create_subprocess_exec`` both take."""
        arguments: dict[str, Any] = {
            "env": self.environment,
            "cwd": self.directory,
            "start_new_session": True,  # Ctrl-C in a terminal must reach the supervisor alone
        }
        if self.account:
            arguments |= {"user": self.account.user_id, "group": self.account.group_id, "extra_groups": []}
        return arguments
