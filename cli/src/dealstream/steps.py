"""Progress of work in several steps: a bar for each at a terminal, quiet elsewhere."""

import sys
from types import TracebackType
from typing import Any, Self


class Steps:
    """Shows how far each named step has come."""

    def __init__(self) -> None:
        self._shown: Any = None
        self._bars: dict[str, Any] = {}

    def __enter__(self) -> Self:
        if sys.stderr.isatty():
            from rich.console import Console  # noqa: PLC0415
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn  # noqa: PLC0415

            columns = (TextColumn("{task.description:>16}"), BarColumn(), MofNCompleteColumn())
            self._shown = Progress(*columns, console=Console(stderr=True))
            self._shown.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._shown is not None:
            self._shown.stop()

    def progress(self, step: str, done: int, total: int) -> None:
        """``done`` out of ``total`` of a step."""
        if self._shown is None:
            return
        if step not in self._bars:
            self._bars[step] = self._shown.add_task(step, total=total)
        self._shown.update(self._bars[step], completed=done, total=total)
