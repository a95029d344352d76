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
    personal: bool = False
    """Holds personal data: what was replaced by a newer state or a null record may not stay in the log for long."""
    partitions: int = 12
    consumers: tuple[str, ...] = ()
    """The services that read it; outside systems may read any topic."""

    @property
    def owner(self) -> str:
        """The service that publishes here; nobody else may."""
        return self.name.partition(".")[0]

    @property
    def aggregate(self) -> str:
        """The aggregate type, which is also the field of an event that holds its state."""
        return self.name.partition(".")[2]


_EVERY_SERVICE = ("identity", "leads", "deals", "analytics", "notifications")

IDENTITY_TENANT = Topic("identity.tenant", compacted=True, consumers=_EVERY_SERVICE)
IDENTITY_PERSON = Topic("identity.person", compacted=True, consumers=_EVERY_SERVICE)
IDENTITY_TEAM = Topic("identity.team", compacted=True, consumers=_EVERY_SERVICE)
IDENTITY_REGION = Topic("identity.region", compacted=True, consumers=_EVERY_SERVICE)
IDENTITY_API_KEY = Topic("identity.api_key", compacted=True, consumers=_EVERY_SERVICE)

LEADS_LEAD = Topic("leads.lead", consumers=("leads", "deals", "analytics", "notifications"))
LEADS_HANDOFF = Topic("leads.handoff", consumers=("deals", "analytics", "notifications"))
LEADS_CUSTOMER = Topic("leads.customer", consumers=("leads", "deals"))
LEADS_CONTACT = Topic("leads.contact", compacted=True, personal=True)
LEADS_ASSIGNMENT_POLICY = Topic("leads.assignment_policy")
LEADS_CAMPAIGN = Topic("leads.campaign")
LEADS_SPEND = Topic("leads.spend", consumers=("analytics",))
LEADS_CUSTOM_FIELD = Topic("leads.custom_field")
LEADS_WEB_FORM = Topic("leads.web_form")
LEADS_CONVERSION = Topic("leads.conversion")
LEADS_TIME_LIMIT = Topic("leads.time_limit")
LEADS_CHECKLIST = Topic("leads.checklist")
LEADS_DISQUALIFY_REASON = Topic("leads.disqualify_reason")
LEADS_SCORE_RULES = Topic("leads.score_rules")
LEADS_SCORE_MODEL = Topic("leads.score_model")
LEADS_SCORE = Topic("leads.score", consumers=("analytics",))
LEADS_ACTIVITY = Topic("leads.activity", consumers=("leads", "analytics"))
LEADS_TRANSFER = Topic("leads.transfer", consumers=("deals",))
LEADS_ERASURE = Topic("leads.erasure")

DEALS_PIPELINE = Topic("deals.pipeline", compacted=True, consumers=("analytics",))
DEALS_PRODUCT = Topic("deals.product", compacted=True, consumers=("analytics",))
DEALS_DEAL = Topic("deals.deal", consumers=("leads", "analytics", "notifications"))
DEALS_REFUSAL = Topic("deals.refusal", consumers=("leads",))
DEALS_TRANSFER = Topic("deals.transfer", consumers=("leads",))

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
    LEADS_ASSIGNMENT_POLICY,
    LEADS_CAMPAIGN,
    LEADS_SPEND,
    LEADS_CUSTOM_FIELD,
    LEADS_WEB_FORM,
    LEADS_CONVERSION,
    LEADS_TIME_LIMIT,
    LEADS_CHECKLIST,
    LEADS_DISQUALIFY_REASON,
    LEADS_SCORE_RULES,
    LEADS_SCORE_MODEL,
    LEADS_SCORE,
    LEADS_ACTIVITY,
    DEALS_PIPELINE,
    DEALS_PRODUCT,
    DEALS_DEAL,
    DEALS_REFUSAL,
    LEADS_TRANSFER,
    DEALS_TRANSFER,
    LEADS_ERASURE,
    ANALYTICS_SEAL,
    NOTIFICATIONS_NOTIFICATION,
)
