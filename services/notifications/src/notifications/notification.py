"""A notice to one person: raised once for each rule, cause and recipient, and read once."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID, uuid5

from chassis.aggregates import Aggregate, Command
from chassis.refusals import NotFound
from events.catalogue.notifications import NotificationEvent, NotificationRaised, NotificationRead, NotificationState
from events.event import Event

NAMESPACE = UUID("6f1f2c8e-0b0d-5a57-9d3c-6d1a7f0c2b11")


class Notification(NotificationState):
    """A notice as it is kept: with the facts that its sentence needs, which no event carries."""

    facts: Mapping[str, str] = {}


@dataclass(frozen=True, kw_only=True)
class Raise(Command):
    """Tell a person something; raising the same notice again does nothing."""

    creates: ClassVar[bool] = True

    rule: str
    recipient: UUID
    subject_type: str
    subject_id: UUID
    cause: UUID
    facts: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class MarkRead(Command):
    """The recipient has read it."""


def notification_id(rule: str, cause: UUID, recipient: UUID) -> UUID:
    """The same for the same rule, cause and recipient: what makes a redelivered event harmless."""
    return uuid5(NAMESPACE, f"{rule}/{cause}/{recipient}")


def decide(command: Raise | MarkRead, notice: Notification | None) -> Iterator[Event]:
    """What the command leads to."""
    match command:
        case Raise() if notice is None:
            yield NotificationRaised(notification=_raised(command))
        case MarkRead() if notice is None:
            raise NotFound
        case MarkRead() if notice is not None and notice.read_at is None:
            yield NotificationRead()
        case _:
            return


def apply(notice: Notification | None, event: NotificationEvent) -> Notification:
    """The notice after the event."""
    match event:
        case NotificationRaised(notification=Notification() as raised):
            return raised
        case NotificationRead(occurred_at=at) if notice is not None:
            return notice.model_copy(update={"read_at": at})
    raise TypeError(f"{type(event).__name__} does not happen to a notification")


def _raised(command: Raise) -> Notification:
    return Notification(
        id=notification_id(command.rule, command.cause, command.recipient),
        rule=command.rule,
        recipient=command.recipient,
        subject_type=command.subject_type,
        subject_id=command.subject_id,
        cause=command.cause,
        raised_at=command.moment.at,
        facts=command.facts,
    )


NOTIFICATION = Aggregate(
    noun="notification",
    table="notification",
    state=Notification,
    decide=decide,
    apply=apply,
    columns=lambda notice: {"recipient": notice.recipient, "raised_at": notice.raised_at, "read_at": notice.read_at},
)
