"""What is to be done next for a lead or an account, or until when nothing is: values of their states."""

from datetime import date

from events.event import Value


class FollowUp(Value):
    """What is to be done next for a prospect or customer, and by when."""

    what: str
    """A code, no text."""
    due_on: date


class FollowUpPause(Value):
    """Nothing is to be done until a day, for a reason."""

    until: date
    """The first day on which a next step is asked for again."""
    reason: str
    """A code, no text."""
