"""The composition root: what the service analytics is made of."""

from collections.abc import Sequence

from analytics import api_kpis, api_operations
from analytics.folding import LedgerConsumer, carry_out_rebuilds
from analytics.gauges import keep_gauges
from analytics.kpi_page import print_page
from analytics.names import names_consumer
from analytics.settings import Settings
from analytics.upkeep import keep_partitions, note_how_far
from chassis.migrate import folder_of
from chassis.resources import Resources
from chassis.service import Service
from events.consumer import Consumer


def consumers(resources: Resources) -> Sequence[Consumer]:
    """The live fold, and the names of what slices are made of."""
    return [LedgerConsumer(resources), names_consumer(resources)]


SERVICE = Service(
    name="analytics",
    title="Dealstream analytics",
    settings=Settings,
    routers=(api_kpis.router, api_operations.router),
    migrations=folder_of(__file__),
    consumers=consumers,
    background=(carry_out_rebuilds, note_how_far, keep_partitions, keep_gauges),
    commands={"kpis": print_page},
)
