"""A checklist: what must be known of a lead before it is qualified, in editions. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from chassis.aggregates import Aggregate, Command
from chassis.refusals import AlreadyExists, Kind, Refusal
from events.catalogue.qualification import ChecklistChanged, ChecklistDefined, ChecklistEvent, ChecklistState


class ItemTwice(Refusal):
    """Each item of a checklist has a code of its own."""

    slug = "item-twice"
    kind = Kind.INVALID


@dataclass(frozen=True, kw_only=True)
class DefineChecklist(Command):
    """Define a checklist."""

    creates: ClassVar[bool] = True
    checklist: ChecklistState


@dataclass(frozen=True, kw_only=True)
class ChangeChecklist(Command):
    """Change the fields named; other items make another edition."""

    changes: Mapping[str, Any]


ChecklistCommand = DefineChecklist | ChangeChecklist


def decide(command: ChecklistCommand, checklist: ChecklistState | None) -> Iterator[ChecklistEvent]:
    match command, checklist:
        case DefineChecklist(), None:
            yield ChecklistDefined(checklist=_checked(command.checklist))
        case DefineChecklist(), ChecklistState():
            raise AlreadyExists(id=str(checklist.id))
        case ChangeChecklist(), ChecklistState():
            changed = _checked(checklist.model_copy(update=command.changes))
            if changed.items != checklist.items:
                changed = changed.model_copy(update={"edition": checklist.edition + 1})
            if changed != checklist:
                yield ChecklistChanged(checklist=changed)


def _checked(checklist: ChecklistState) -> ChecklistState:
    codes = [item.code for item in checklist.items]
    twice = sorted({code for code in codes if codes.count(code) > 1})
    if twice:
        raise ItemTwice(f"There is more than one item called {twice[0]}.", pointer="/items")
    return checklist


def apply(_checklist: ChecklistState | None, event: ChecklistEvent) -> ChecklistState:
    """An event carries the state after it."""
    return event.checklist


CHECKLIST = Aggregate(
    noun="checklist",
    table="checklist",
    state=ChecklistState,
    decide=decide,
    apply=apply,
    columns=lambda checklist: {
        "external_id": checklist.external_id,
        "source": checklist.source,
        "active": checklist.active,
    },
)
