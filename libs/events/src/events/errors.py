"""What can go wrong on the way of an event, named by what the caller can do about it.

EventsError
├── InvalidMessage            the message can never be handled: no retry, it goes to the dead letters
│   ├── UnknownEventType      nobody here knows the type: may be ignored and counted
│   └── UnknownEventVersion   the type is known, this version is not: park it until the reader is upgraded
├── RetryLater                not now; the same message will succeed later
├── AppendRefused             the command must fail, nothing was written
│   ├── EventNotStamped
│   └── EventTooLarge
├── RelayRefuses              an operator must act before the relay may publish from this database
│   ├── ReadOnlyDatabase
│   ├── ForeignHistory
│   └── ShardsChanged
├── RelayLeads                what an operator asked for is unsafe while a relay holds the lease
├── LeaseLost                 another relay has taken over; drop the producer and stand by
├── BrokerAway                no broker answers; it passes by itself
├── PublishFailed             the broker did not confirm; send again with a new producer
│   └── RecordRefused         the broker will never take this record
└── TopicMisconfigured        an existing topic does not keep the promise that consumers rely on
"""

from events.envelope import Envelope


class EventsError(Exception):
    """Base of every error of this library; the docstring of a class is its message where none is given."""

    def __init__(self, detail: str | None = None) -> None:
        super().__init__(detail or type(self).__doc__)


class InvalidMessage(EventsError):
    """The message cannot be read."""

    envelope: Envelope | None = None
    """Set where the envelope could be read: an event of unknown type still counts in its aggregate's versions."""


class ForeignTenant(InvalidMessage):
    """Key, headers and data name different tenants."""


class UnknownEventType(InvalidMessage):
    """No event of this type is known."""


class UnknownEventVersion(InvalidMessage):
    """The event's type is known, its version is not."""


class RetryLater(EventsError):
    """The message cannot be handled now."""


class AppendRefused(EventsError):
    """The event cannot be published."""


class EventNotStamped(AppendRefused):
    """An event needs its time and state before it is published."""


class EventTooLarge(AppendRefused):
    """The event is larger than the outbox takes."""


class RelayRefuses(EventsError):
    """The relay may not publish from this database."""


class ReadOnlyDatabase(RelayRefuses):
    """The database is a standby: its snapshots do not list the transactions in progress. Connect to the primary."""


class ForeignHistory(RelayRefuses):
    """The outbox was restored or copied from elsewhere: run ``relay recover`` once, then start the relay."""


class ShardsChanged(RelayRefuses):
    """The number of shards differs from the cursors: stop all relays, run ``relay reshard``, then start them."""


class RelayLeads(EventsError):
    """A relay holds this outbox, or died a few seconds ago: stop all relays of the service, then try again."""


class LeaseLost(EventsError):
    """Another relay holds the lease."""


class BrokerAway(EventsError, ConnectionError):
    """No broker answers, or it is not ready yet."""


class PublishFailed(EventsError):
    """The broker did not confirm every record in time."""


class RecordRefused(PublishFailed):
    """The broker refuses the record for good."""


class TopicMisconfigured(EventsError):
    """An existing topic has other settings than its consumers rely on."""
