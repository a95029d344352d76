"""A person of the sales organisation: joins, changes, belongs somewhere from a date on, leaves, comes back. Pure."""

from bisect import insort
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, ClassVar
from uuid import UUID

from chassis.aggregates import Aggregate, Command
from chassis.refusals import AlreadyExists, Kind, Refusal
from events.catalogue.identity import (
    Assignment,
    Leave,
    PersonChanged,
    PersonDeactivated,
    PersonEvent,
    PersonJoined,
    PersonLeaveChanged,
    PersonReactivated,
    PersonReassigned,
    PersonState,
    Role,
)
from identity.trees import refuse_loop


class PersonIsInactive(Refusal):
    """The person has left; reactivate the person first."""

    slug = "person-is-inactive"


class LastAdmin(Refusal):
    """This is the last active admin of the tenant."""

    slug = "last-admin"


class TooManyAssignments(Refusal):
    """A person holds at most 500 dated assignments."""

    slug = "too-many-assignments"
    kind = Kind.INVALID


class TooManyLeaves(Refusal):
    """A person holds at most 500 leaves."""

    slug = "too-many-leaves"
    kind = Kind.INVALID


LEAVES_MAX = 500
ASSIGNMENTS_MAX = 500
"""The whole history travels in every event of the person."""


@dataclass(frozen=True, kw_only=True)
class JoinPerson(Command):
    """A person joins the tenant."""

    creates: ClassVar[bool] = True
    person: PersonState


@dataclass(frozen=True, kw_only=True)
class ChangePerson(Command):
    """Change the fields named; ``line`` is the chain of managers above the new manager, nearest first."""

    changes: Mapping[str, Any]
    line: tuple[UUID, ...] = ()
    other_admins: int
    """How many other active admins the tenant has."""


@dataclass(frozen=True, kw_only=True)
class AssignPerson(Command):
    """The person belongs to this team and region from a day on; a past day corrects history from then on."""

    assignment: Assignment


@dataclass(frozen=True, kw_only=True)
class ChangeLeave(Command):
    """The person is away on these days, or with ``away`` false is there after all."""

    days: Leave
    away: bool


@dataclass(frozen=True, kw_only=True)
class DeactivatePerson(Command):
    """The person leaves."""

    other_admins: int


@dataclass(frozen=True, kw_only=True)
class ReactivatePerson(Command):
    """The person comes back."""


PersonCommand = JoinPerson | ChangePerson | AssignPerson | ChangeLeave | DeactivatePerson | ReactivatePerson


def decide(command: PersonCommand, person: PersonState | None) -> Iterator[PersonEvent]:
    match command, person:
        case JoinPerson(), None:
            yield PersonJoined(person=command.person)
        case JoinPerson(), PersonState():
            raise AlreadyExists(id=str(person.id))
        case ChangePerson(), PersonState():
            yield from _change(command, person)
        case AssignPerson(), PersonState():
            yield from _assign(command, person)
        case ChangeLeave(), PersonState():
            yield from _change_leave(command, person)
        case DeactivatePerson(), PersonState():
            yield from _deactivate(command, person)
        case ReactivatePerson(), PersonState():
            if not person.active:
                yield PersonReactivated(person=person.model_copy(update={"active": True}))


def _change(command: ChangePerson, person: PersonState) -> Iterator[PersonEvent]:
    changed = person.model_copy(update=command.changes)
    if changed == person:
        return
    refuse_loop(person.id, command.line, pointer="/manager")
    if person.active and _is_admin(person) and not _is_admin(changed) and not command.other_admins:
        raise LastAdmin(pointer="/roles")
    yield PersonChanged(person=changed)


def _assign(command: AssignPerson, person: PersonState) -> Iterator[PersonEvent]:
    if not person.active:
        raise PersonIsInactive
    new = command.assignment
    if new in person.assignments:
        return
    kept = [each for each in person.assignments if each.from_on != new.from_on]
    if len(kept) >= ASSIGNMENTS_MAX:
        raise TooManyAssignments
    insort(kept, new, key=_from_on)
    yield PersonReassigned(from_on=new.from_on, person=person.model_copy(update={"assignments": tuple(kept)}))


def _change_leave(command: ChangeLeave, person: PersonState) -> Iterator[PersonEvent]:
    apart = [leave for each in person.leaves for leave in _without(each, command.days)]
    leaves = _joined([*apart, command.days] if command.away else apart)
    if len(leaves) > LEAVES_MAX:
        raise TooManyLeaves
    if leaves != person.leaves:
        yield PersonLeaveChanged(person=person.model_copy(update={"leaves": leaves}))


_DAY = timedelta(days=1)


def _without(leave: Leave, days: Leave) -> Iterator[Leave]:
    """What is left of a leave before and after some days."""
    if leave.from_on < days.from_on:
        yield Leave(from_on=leave.from_on, to_on=min(leave.to_on, days.from_on - _DAY))
    if leave.to_on > days.to_on:
        yield Leave(from_on=max(leave.from_on, days.to_on + _DAY), to_on=leave.to_on)


def _joined(leaves: list[Leave]) -> tuple[Leave, ...]:
    """In order; those that follow one another without a day between are one."""
    found: list[Leave] = []
    for leave in sorted(leaves, key=lambda each: each.from_on):
        if found and found[-1].to_on + _DAY >= leave.from_on:
            found[-1] = Leave(from_on=found[-1].from_on, to_on=max(found[-1].to_on, leave.to_on))
        else:
            found.append(leave)
    return tuple(found)


def _deactivate(command: DeactivatePerson, person: PersonState) -> Iterator[PersonEvent]:
    if not person.active:
        return
    if _is_admin(person) and not command.other_admins:
        raise LastAdmin
    yield PersonDeactivated(person=person.model_copy(update={"active": False}))


def belongs_on(person: PersonState, day: date) -> Assignment | None:
    """Where the person belongs on a day; the first assignment also holds for all time before it."""
    started = [each for each in person.assignments if each.from_on <= day]
    if started:
        return started[-1]
    return person.assignments[0] if person.assignments else None


def _is_admin(person: PersonState) -> bool:
    return Role.ADMIN in person.roles


def _from_on(assignment: Assignment) -> date:
    return assignment.from_on


def apply(_person: PersonState | None, event: PersonEvent) -> PersonState:
    """An event carries the state after it."""
    return event.person


PERSON = Aggregate(
    noun="person",
    table="person",
    state=PersonState,
    decide=decide,
    apply=apply,
    columns=lambda person: {
        "external_id": person.external_id,
        "name": person.name,
        "email": person.email.casefold() if person.email else None,
        "active": person.active,
        "roles": [role.value for role in person.roles],
        "manager_id": person.manager,
    },
)
