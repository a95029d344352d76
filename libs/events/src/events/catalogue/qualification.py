"""Events of how a firm qualifies: its checklists, and its reasons for letting a lead go."""

from typing import Annotated, Final
from uuid import UUID

from pydantic import Field, PositiveInt

from events.event import UNSTAMPED, Event, Timestamp, Value
from events.topics import LEADS_CHECKLIST, LEADS_DISQUALIFY_REASON

Code = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]
"""What a firm calls an item or a reason for ever, while its text may change."""

JUNK_REASONS: Final = frozenset({"junk", "spam", "test", "duplicate", "fake"})
"""Reasons of disqualification that say there never was a prospect; in any case of letters."""


def is_junk(reason: str | None) -> bool:
    """Whether a lead that was let go for this reason never was a prospect."""
    return (reason or "").strip().casefold() in JUNK_REASONS


class ChecklistItem(Value):
    """Something that is to be known of a prospect, answered with yes or no."""

    code: Code
    text: str
    required: bool = True
    """A lead is qualified only where the answer is yes."""


class ChecklistState(Value):
    """What must be known of a lead before it is qualified, for all leads or those of one source."""

    id: UUID
    external_id: str | None = None
    name: str
    source: str | None = None
    """Absent: for leads of any source that has no checklist of its own."""
    items: tuple[ChecklistItem, ...]
    edition: PositiveInt = 1
    """Counts the changes of the items; a lead keeps the edition by which it was judged."""
    in_force_from: Timestamp
    """Leads qualified before are not judged by it."""
    active: bool = True


class DisqualifyReasonState(Value):
    """Why a lead may be let go. Where a firm has such reasons, they are the only ones."""

    id: UUID
    code: Code
    text: str
    recall_after_days: PositiveInt | None = None
    """A lead let go for this is looked at again after so many days, where nobody says when."""
    active: bool = True


class ChecklistEvent(Event, topic=LEADS_CHECKLIST):
    """Base of what happens to a checklist."""

    checklist: ChecklistState = UNSTAMPED


class ChecklistDefined(ChecklistEvent, type="dealstream.checklist.defined", version=1):
    """A checklist was defined."""


class ChecklistChanged(ChecklistEvent, type="dealstream.checklist.changed", version=1):
    """Name, items or activity of a checklist changed; with other items it is another edition."""


class DisqualifyReasonEvent(Event, topic=LEADS_DISQUALIFY_REASON):
    """Base of what happens to a reason for letting leads go."""

    disqualify_reason: DisqualifyReasonState = UNSTAMPED


class DisqualifyReasonDefined(DisqualifyReasonEvent, type="dealstream.disqualify_reason.defined", version=1):
    """A reason for letting leads go was defined."""


class DisqualifyReasonChanged(DisqualifyReasonEvent, type="dealstream.disqualify_reason.changed", version=1):
    """Text, recall or activity of a reason changed."""
