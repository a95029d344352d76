"""What callers say about calendars."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from chassis.inputs import Input

Conflicts = Annotated[
    Literal["warn", "refuse", "ignore"],
    Field(
        description="What to do when the person is taken or away at the time planned. `warn`: it is planned; the answer"
        " says what speaks against it. `refuse`: it is not planned where something else is, or where the person is on"
        " leave; hours in which nobody works are only said. `ignore`: nobody looks."
    ),
]


class FeedInput(Input):
    """The feed of one's own calendar."""


class FeedEndInput(Input):
    """Whose feed ends; absent: one's own. Admins end anybody's."""

    person: UUID | None = None
