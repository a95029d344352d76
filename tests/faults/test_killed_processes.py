"""kill -9 of every service under load: each in turn, then all at once. The supervisor starts them; nobody mends."""

import pytest

from dealstream.home import SERVICES
from faults.stage import Stage

pytestmark = [pytest.mark.fault, pytest.mark.timeout(400)]


async def test_services_killed_one_after_the_other_and_all_at_once_lose_and_repeat_nothing(stage: Stage) -> None:
    async with stage.load() as load:
        await load.until(40)
        for name in SERVICES:
            await stage.processes.killed_and_back(name)
            await load.until(10)
        await stage.processes.killed_and_back(*SERVICES)
        await load.until(40)
        assert load.attempts_failed > 0
    await stage.check()
