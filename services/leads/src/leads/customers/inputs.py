"""What callers may send about reaching contacts."""

from chassis.inputs import Input, LongText, Name
from events.catalogue.contacts import Channel, Purpose
from leads.inputs import ConsentInput, When


class ConsentStatement(ConsentInput, When):
    """What the contact said, and when."""


class BarInput(When):
    """Where and why a contact asked not to be reached."""

    source: Name
    reason: LongText | None = None


class OptOutLinkInput(Input):
    """What the link withdraws."""

    channel: Channel
    purpose: Purpose
