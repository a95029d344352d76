"""When too much fails: a few bad events are parked; a bad deploy stops the partition instead.

Pure. Only outcomes of a sequence's head count: what waits behind a dead letter has neither succeeded nor failed.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Limits:
    """What may be parked before the partition stops."""

    consecutive: int = 5
    in_window: int = 10
    window: int = 1_000
    """``in_window`` of the last ``window`` events: one percent."""


@dataclass
class FailureLimit:
    """The outcomes of one partition, as far back as the limits look."""

    limits: Limits = field(default_factory=Limits)
    _handled: int = 0
    _consecutive: int = 0
    _failed_at: deque[int] = field(default_factory=deque)

    def would_exceed(self, outcomes: Iterable[bool]) -> bool:
        """Whether these next outcomes (true: handled, false: failed) pass a limit; nothing is noted."""
        trial = FailureLimit(self.limits, self._handled, self._consecutive, deque(self._failed_at))
        return any(trial._note(succeeded) for succeeded in outcomes)

    def note(self, outcomes: Iterable[bool]) -> None:
        for succeeded in outcomes:
            self._note(succeeded)

    def reset(self) -> None:
        """An operator has looked at it and told the partition to go on."""
        self._handled, self._consecutive = 0, 0
        self._failed_at.clear()

    def _note(self, succeeded: bool) -> bool:
        self._handled += 1
        if succeeded:
            self._consecutive = 0
            return False
        self._consecutive += 1
        self._failed_at.append(self._handled)
        while self._failed_at[0] <= self._handled - self.limits.window:
            self._failed_at.popleft()
        return self._consecutive > self.limits.consecutive or len(self._failed_at) > self.limits.in_window
