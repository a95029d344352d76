"""The composition root: what the service deals is made of."""

from collections.abc import Sequence
from functools import partial

from chassis.migrate import folder_of
from chassis.resources import Resources
from chassis.service import Service
from deals import api, catalogue_api
from deals.reactions import REACTIONS, react
from deals.settings import Settings
from deals.transfers.carrying_out import carry_out_transfers
from events.consumer import Consumer
from events.topics import IDENTITY_TENANT, LEADS_CUSTOMER, LEADS_HANDOFF, LEADS_LEAD, LEADS_TRANSFER

GROUP = "deals.reactions"
"""Renaming it replays every event; the reactions bear that, but it takes its time."""

TOPICS = (IDENTITY_TENANT, LEADS_CUSTOMER, LEADS_HANDOFF, LEADS_TRANSFER, LEADS_LEAD)


def consumers(resources: Resources) -> Sequence[Consumer]:
    """The one consumer that feeds the reactions."""
    handler = partial(react, resources)
    return [Consumer(GROUP, TOPICS, handler, resources.pool, resources.kafka, types=tuple(REACTIONS))]


SERVICE = Service(
    name="deals",
    title="Dealstream deals",
    settings=Settings,
    routers=(api.router, catalogue_api.router),
    migrations=folder_of(__file__),
    consumers=consumers,
    background=(carry_out_transfers,),
)
