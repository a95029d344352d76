"""One platform for the tests that look at it from outside."""

from collections.abc import Iterator

import pytest

from running_platform import RunningPlatform, running_platform


@pytest.fixture(scope="session")
def platform() -> Iterator[RunningPlatform]:
    with running_platform() as platform:
        yield platform
