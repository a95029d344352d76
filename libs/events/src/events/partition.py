"""The name of a partition."""

from typing import NamedTuple


class Partition(NamedTuple):
    """A partition of a topic, named without the prefix of the installation."""

    topic: str
    number: int

    def __str__(self) -> str:
        return f"{self.topic}/{self.number}"
