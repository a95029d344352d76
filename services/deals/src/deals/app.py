"""The composition root: what the service deals is made of."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from chassis.resources import Resources
from chassis.service import Service
from deals import api, catalogue_api
from deals.reactions import REACTIONS, react
from deals.settings import Settings
from events.consumer import Consumer
from events.topics import IDENTITY_TENANT, LEADS_CUSTOMER, LEADS_HANDOFF

_HERE = Path(__file__).parent
_MIGRATIONS = next(path for path in (_HERE / "migrations", _HERE.parents[1] / "migrations") if path.is_dir())
"""In the package where it was installed as a wheel, beside it in a checkout."""

GROUP = "deals.reactions"
"""Renaming it replays every event; the reactions bear that, but it takes its time."""

TOPICS = (IDENTITY_TENANT, LEADS_CUSTOMER, LEADS_HANDOFF)


def consumers(resources: Resources) -> Sequence[Consumer]:
    """The one consumer that feeds the reactions."""
    handler = partial(react, resources)
    return [Consumer(GROUP, TOPICS, handler, resources.pool, resources.kafka, types=tuple(REACTIONS))]


SERVICE = Service(
    name="deals",
    title="Dealstream deals",
    settings=Settings,
    routers=(api.router, catalogue_api.router),
    migrations=_MIGRATIONS,
    consumers=consumers,
)
