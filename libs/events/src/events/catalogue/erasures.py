"""Events of erasures: all that is known about a person is forgotten. They name ids, and nothing about the person.

Whoever keeps a copy of ``leads.contact`` erases it on ``ContactErased``; on that topic itself the contact's record is
null from then on.
"""

from enum import StrEnum
from uuid import UUID

from pydantic import NonNegativeInt

from events.event import UNSTAMPED, Event, Timestamp, Value
from events.topics import LEADS_ERASURE


class ErasureReason(StrEnum):
    """Why a person is erased: a code, because a text would say something about the person."""

    ASKED = "asked"
    """The person asked for it."""
    CONSENT_WITHDRAWN = "consent-withdrawn"
    PURPOSE_ENDED = "purpose-ended"
    """What the data was kept for is over."""
    UNLAWFUL = "unlawful"
    """It should not have been kept."""


class ErasurePart(Value):
    """So much was erased of one kind."""

    part: str
    erased: NonNegativeInt


class ErasureState(Value):
    """A person was erased, on request for the contact whose id this bears."""

    id: UUID
    contacts: tuple[UUID, ...]
    """The contacts that were this person."""
    alike: tuple[UUID, ...] = ()
    """Contacts with a mail, phone or lead in common, whose name is another: somebody should look."""
    reason: ErasureReason
    parts: tuple[ErasurePart, ...] = ()
    requested_by: str
    requested_at: Timestamp
    swept_at: Timestamp | None = None
    """When it was looked, for the first time after the request, for what had been under way meanwhile."""
    completed_at: Timestamp | None = None


class ErasureEvent(Event, topic=LEADS_ERASURE):
    """Base of what happens to an erasure."""

    erasure: ErasureState = UNSTAMPED


class ContactErased(ErasureEvent, type="dealstream.erasure.contact_erased", version=1):
    """All about a contact was erased here; whoever has a copy erases it, too."""

    contact_id: UUID


class ErasureSwept(ErasureEvent, type="dealstream.erasure.swept", version=1):
    """What was under way during the request was looked for."""


class ErasureCompleted(ErasureEvent, type="dealstream.erasure.completed", version=1):
    """Nothing is left, and the null records are on their way."""
