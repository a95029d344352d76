"""One platform for all tests of faults."""

from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from faults.load import REPS
from faults.observer import Observer
from faults.processes import Processes
from faults.stage import Stage
from running_platform import running_platform


@pytest.fixture(scope="session")
def stage() -> Iterator[Stage]:
    with running_platform() as platform:
        tenant = platform.default
        people: list[dict[str, Any]] = [{"external_id": rep, "name": rep, "roles": ["rep"]} for rep in REPS]
        with httpx2.Client(headers={"Authorization": f"Bearer {tenant.key}"}, timeout=60) as http:
            for person in people:
                answer = http.post(f"{platform.addresses['identity']}/v1/people", json=person)
                assert answer.status_code == 201, answer.text
        id_ = tenant.get("identity", "/v1/tenant")["id"]
        yield Stage(Processes(platform), Observer(platform, tenant.key), tenant.key, id_)
