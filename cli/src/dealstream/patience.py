"""Waiting for what travels through events: as long as it takes while something moves, not at all once nothing does."""

import asyncio

from dealstream.errors import PlatformError

STILL_SECONDS = 60.0
PAUSE_SECONDS = 0.3


class Patience:
    """Runs out when the number of what is missing has not fallen for a minute."""

    def __init__(
        self, what: str, hint: str = "See `./dealstream status` and `./dealstream dead-letters list`."
    ) -> None:
        self._what = what
        self._hint = hint
        self._fewest: float | None = None
        self._since = 0.0

    async def pause(self, missing: float) -> None:
        """Wait a moment; raises when nothing has moved for too long."""
        now = asyncio.get_running_loop().time()
        if self._fewest is None or missing < self._fewest:
            self._fewest, self._since = missing, now
        if now - self._since > STILL_SECONDS:
            raise PlatformError(
                f"{missing:g} {self._what}, and nothing has moved for {STILL_SECONDS:.0f} s.", self._hint
            )
        await asyncio.sleep(PAUSE_SECONDS)
