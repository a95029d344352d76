"""A lead as a row of features: what rules may ask for, and what a scorecard may learn from. Pure.

Nothing here is known only after the outcome. Status, owner, qualification and handoff follow from work on the lead; the
account is given to most leads when they are converted, so rules may ask for it but no scorecard learns from it. Only
touches count that came while the lead was open.
"""

from collections.abc import Mapping
from datetime import date
from zoneinfo import ZoneInfo

from events.catalogue.leads import CustomerState, LeadState

CUSTOM = "custom."
"""Before the key of a field that the tenant defined."""
ACCOUNT_FIELDS = ("account_sector", "account_country")
LEAD_FIELDS = (
    "source",
    "campaign",
    "medium",
    "title_given",
    "contact_given",
    "captured_weekday",
    "captured_hour",
    "touches",
    "last_touch_source",
    "last_touch_medium",
)
FIELDS = (*LEAD_FIELDS, *ACCOUNT_FIELDS)

Row = Mapping[str, object]


def learnable(lead: LeadState, zone: str) -> dict[str, object]:
    """What a scorecard may look at."""
    captured = lead.created_at.astimezone(ZoneInfo(zone))
    closed = closed_on(lead)
    touches = [touch for touch in lead.later_touches if closed is None or touch.on < closed]
    last = touches[-1] if touches else None
    row: dict[str, object] = {
        "source": lead.source,
        "campaign": lead.campaign,
        "medium": lead.medium,
        "title_given": lead.title is not None,
        "contact_given": lead.contact_id is not None,
        "captured_weekday": captured.strftime("%A"),
        "captured_hour": captured.hour,
        "touches": len(touches),
        "last_touch_source": last and last.source,
        "last_touch_medium": last and last.medium,
    }
    return row | {f"{CUSTOM}{key}": value for key, value in lead.custom.items()}


def askable(lead: LeadState, zone: str, account: CustomerState | None) -> dict[str, object]:
    """What a rule may ask for."""
    sector, country = (account.sector, account.country) if account else (None, None)
    return learnable(lead, zone) | {"account_sector": sector, "account_country": country}


def outcome(lead: LeadState) -> bool | None:
    """Whether the lead converted; None while it is open."""
    return None if closed_on(lead) is None else lead.converted_on is not None


def closed_on(lead: LeadState) -> date | None:
    """The day on which the lead was converted or disqualified."""
    return lead.converted_on or lead.disqualified_on
