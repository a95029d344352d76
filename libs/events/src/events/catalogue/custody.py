"""Who held an account when, and which contacts have a part in what it buys."""

from datetime import date
from enum import StrEnum
from uuid import UUID

from events.catalogue.owner import Owner
from events.event import Timestamp, Value


class Custody(Value):
    """Who held an account, and from when to when; open at its end while the person holds it."""

    owner: Owner
    from_at: Timestamp | None = None
    """Absent where only the day is known."""
    from_on: date
    to_at: Timestamp | None = None
    to_on: date | None = None


class BuyingRole(StrEnum):
    """What part a person has in a customer's decision to buy."""

    DECISION_MAKER = "decision_maker"
    ECONOMIC_BUYER = "economic_buyer"
    TECHNICAL_EVALUATOR = "technical_evaluator"
    INFLUENCER = "influencer"
    USER = "user"
    GATEKEEPER = "gatekeeper"
    CHAMPION = "champion"
    BLOCKER = "blocker"


class Stakeholder(Value):
    """A contact with a part in what the account buys; who it is stands on ``leads.contact`` alone."""

    contact_id: UUID
    roles: tuple[BuyingRole, ...]
