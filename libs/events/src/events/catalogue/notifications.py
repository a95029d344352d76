"""Events of notifications: what was told to whom."""

from uuid import UUID

from events.event import UNSTAMPED, Event, Timestamp, Value
from events.topics import NOTIFICATIONS_NOTIFICATION


class NotificationState(Value):
    """One notice to one person. It carries no text, which may hold personal data."""

    id: UUID
    rule: str
    recipient: UUID
    subject_type: str
    subject_id: UUID
    cause: UUID
    """The event, or the timer, that called for it."""
    raised_at: Timestamp
    read_at: Timestamp | None = None


class NotificationEvent(Event, topic=NOTIFICATIONS_NOTIFICATION):
    """Base of what happens to a notification."""

    notification: NotificationState = UNSTAMPED


class NotificationRaised(NotificationEvent, type="dealstream.notification.raised", version=1):
    """A person was told something."""


class NotificationRead(NotificationEvent, type="dealstream.notification.read", version=1):
    """The person has read it."""
