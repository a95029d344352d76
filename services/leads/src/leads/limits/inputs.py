"""What callers may send about time limits."""

from typing import Annotated, ClassVar

from pydantic import Field

from chassis.inputs import Name, StrictBool
from events.catalogue.limits import LimitKind
from leads.inputs import Change, When

Minutes = Annotated[int, Field(strict=True, ge=1, le=100_000)]


class TimeLimitInput(When):
    """A limit for leads of one source, or without one for all that have no limit of their own."""

    kind: LimitKind
    source: Name | None = None
    working_minutes: Minutes
    active: StrictBool = True
    restarts_with_owner: StrictBool = False


class TimeLimitChange(Change):
    """What changes about a limit; what runs already keeps its time."""

    keeps: ClassVar[frozenset[str]] = frozenset({"working_minutes", "active", "restarts_with_owner"})

    working_minutes: Minutes | None = None
    active: StrictBool | None = None
    restarts_with_owner: StrictBool | None = None
