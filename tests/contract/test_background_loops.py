"""Each loop of a service runs: the process keeps them by name, and one would take the place of another of its name."""

import pytest

from two_firms import SERVICES


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_no_two_background_loops_of_a_service_share_a_name(name: str) -> None:
    names = [background.__name__ for background in SERVICES[name].background]
    assert sorted(names) == sorted(set(names))
