"""Named places where a process may die: every await on the paths of the relay and of a consumer's batch.

In production a crash point does nothing. A test installs a hook that kills the process or raises at one name, and
proves that nothing is lost or applied twice wherever the death falls.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

RELAY = (
    "relay.after_acquire",
    "relay.after_tick",
    "relay.after_open_window",
    "relay.after_read_page",
    "relay.after_send",
    "relay.after_quarantine",
    "relay.after_advance",
)
CONSUMER = (
    "consumer.after_poll",
    "consumer.after_compare_and_set",
    "consumer.after_watermarks",
    "consumer.after_handler",
    "consumer.after_dead_letter",
    "consumer.before_commit",
    "consumer.after_commit",
)
NAMES = frozenset(RELAY + CONSUMER)

Hook = Callable[[str], None]

_hook: Hook | None = None


def crash_point(name: str) -> None:
    """Passes through here; does nothing unless a hook is installed."""
    if _hook is not None:
        _hook(name)


@contextmanager
def installed(hook: Hook) -> Iterator[None]:
    """Calls ``hook`` with the name of every crash point that is passed meanwhile."""
    global _hook  # noqa: PLW0603
    _hook = hook
    try:
        yield
    finally:
        _hook = None
