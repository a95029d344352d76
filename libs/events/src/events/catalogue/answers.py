"""What is known of a prospect by a checklist: a part of a lead's state."""

from uuid import UUID

from events.event import Value


class Answer(Value):
    """What is known of a prospect about one item of a checklist; only the item's code, never words about a person."""

    code: str
    yes: bool


class Answers(Value):
    """What is known of a prospect by a checklist."""

    checklist_id: UUID
    edition: int
    given: tuple[Answer, ...] = ()
    """By code; an item that nobody has answered is absent."""
