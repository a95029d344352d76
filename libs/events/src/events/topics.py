"""Topics: one for each aggregate type, named ``<service>.<aggregate>``."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Topic:
    """A Kafka topic and the promise that goes with it.

    Records are keyed ``tenant:aggregate id``, so the events of one aggregate keep their order. A compacted topic keeps
    only the newest state of each aggregate (versions have holes there, and a null value means the aggregate is gone);
    any other topic is kept for ever.
    """

    name: str
    compacted: bool = False
    partitions: int = 12

    @property
    def owner(self) -> str:
        """The service that publishes here; nobody else may."""
        return self.name.partition(".")[0]

    @property
    def aggregate(self) -> str:
        """The aggregate type, which is also the field of an event that holds its state."""
        return self.name.partition(".")[2]


IDENTITY_TENANT = Topic("identity.tenant", compacted=True)
IDENTITY_PERSON = Topic("identity.person", compacted=True)
IDENTITY_TEAM = Topic("identity.team", compacted=True)
IDENTITY_REGION = Topic("identity.region", compacted=True)
IDENTITY_API_KEY = Topic("identity.api_key", compacted=True)

LEADS_LEAD = Topic("leads.lead")
LEADS_HANDOFF = Topic("leads.handoff")
LEADS_CUSTOMER = Topic("leads.customer")
LEADS_CONTACT = Topic("leads.contact", compacted=True)

DEALS_PIPELINE = Topic("deals.pipeline", compacted=True)
DEALS_PRODUCT = Topic("deals.product", compacted=True)
DEALS_DEAL = Topic("deals.deal")

ANALYTICS_SEAL = Topic("analytics.seal")

NOTIFICATIONS_NOTIFICATION = Topic("notifications.notification")

TOPICS: tuple[Topic, ...] = (
    IDENTITY_TENANT,
    IDENTITY_PERSON,
    IDENTITY_TEAM,
    IDENTITY_REGION,
    IDENTITY_API_KEY,
    LEADS_LEAD,
    LEADS_HANDOFF,
    LEADS_CUSTOMER,
    LEADS_CONTACT,
    DEALS_PIPELINE,
    DEALS_PRODUCT,
    DEALS_DEAL,
    ANALYTICS_SEAL,
    NOTIFICATIONS_NOTIFICATION,
)
