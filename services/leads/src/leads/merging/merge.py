"""Merging leads of one prospect, and parting them again. Pure.

The survivor takes the earliest creation, the first source, the first owner, the first contact and the deadline of the
first response of all it stands for, and their touches; what it lacks, it has from the others. The other lead stays as
it is, closed until they are parted. Parted, both are as if they had never been merged, but for what happened to the
survivor meanwhile, which stays with it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from chassis.aggregates import Command
from chassis.refusals import Kind, Refusal
from chassis.working_time import WorkingTime
from events.catalogue.leads import LeadEvent, LeadState, LeadStatus, Owner, Touch
from events.catalogue.merges import LeadAbsorbed, LeadMerged, LeadReleased, LeadUnmerged
from events.catalogue.response_clock import ResponseClock
from events.catalogue.touches import Merged, Origin
from leads.merging.touches import capture_of, kept
from leads.responses.clock import working_seconds
from leads.sequence import refuse_earlier

MERGES_MOST = 20
FILLED = ("title", "contact_id", "account_id")
"""What a survivor without it takes from the other."""
CONTACT, TALK = ("first_contact_at", "first_contact_on"), ("first_talk_at", "first_talk_on")
CONTACTED = (*CONTACT, *TALK, "working_seconds_to_contact")
"""What a lead knows of its first contact."""


class LeadIsMerged(Refusal):
    """Another lead stands for this one: see its merged_into."""

    slug = "lead-is-merged"


class LeadIsNotMerged(Refusal):
    """This lead was not merged into that one."""

    slug = "lead-is-not-merged"


class LeadHoldsOthers(Refusal):
    """The other lead stands for others: part them first, or let it be the survivor."""

    slug = "lead-holds-others"


class SameLead(Refusal):
    """A lead is not merged into itself."""

    slug = "same-lead"
    kind = Kind.INVALID


class BothConverted(Refusal):
    """Both leads became deals."""

    slug = "both-converted"


class ConvertedSurvives(Refusal):
    """The other lead became a deal: it is the one that must survive."""

    slug = "converted-survives"


class SurvivorIsClosed(Refusal):
    """The lead that shall survive is disqualified: reopen it first."""

    slug = "survivor-is-closed"


class MergeUnderOffer(Refusal):
    """One of the leads waits for the answer to a handoff."""

    slug = "merge-under-offer"


class TooManyMerged(Refusal):
    """The lead stands for as many others as it can."""

    slug = "too-many-merged"


@dataclass(frozen=True, kw_only=True)
class AbsorbLead(Command):
    """Stand for another lead, too; ``other`` is that lead, locked, ``working`` the working time of the survivor."""

    other: LeadState
    working: WorkingTime | None = None


@dataclass(frozen=True, kw_only=True)
class MergeLead(Command):
    """Let another stand for this one."""

    into: UUID


@dataclass(frozen=True, kw_only=True)
class ReleaseLead(Command):
    """Stand for the other no more; ``other`` is that lead, locked, ``working`` the working time of the survivor."""

    other: LeadState
    working: WorkingTime | None = None


@dataclass(frozen=True, kw_only=True)
class UnmergeLead(Command):
    """Stand for oneself again."""

    from_lead: UUID


def refuse_merged(command: Command, lead: LeadState) -> None:
    """Nothing happens to a merged lead but its parting; merging it into the same one again changes nothing."""
    if lead.merged_into is not None and not isinstance(command, UnmergeLead | MergeLead):
        raise LeadIsMerged(merged_into=str(lead.merged_into))


def _absorb(command: AbsorbLead, lead: LeadState) -> Iterator[LeadEvent]:
    other = command.other
    if other.merged_into == lead.id:
        return
    _refuse_merge(lead, other)
    refuse_earlier(command.moment.at, lead.changed_at)
    refuse_earlier(command.moment.at, other.changed_at)
    filled = {
        name: getattr(other, name)
        for name in FILLED
        if getattr(lead, name) is None and getattr(other, name) is not None
    }
    merged = Merged(lead_id=other.id, at=command.moment.at, origin=origin_of(other), filled=tuple(filled))
    theirs = [touch.model_copy(update={"from_lead": other.id}) for touch in other.later_touches]
    after = _standing_for(lead, (*lead.merges, merged), theirs, command.working)
    after = after.model_copy(update={"changed_at": command.moment.at, **filled})
    yield LeadAbsorbed(merged_id=other.id, from_source=lead.source, lead=after)


def _merge(command: MergeLead, lead: LeadState) -> Iterator[LeadEvent]:
    if lead.merged_into == command.into:
        return
    if lead.merged_into is not None:
        raise LeadIsMerged(merged_into=str(lead.merged_into))
    yield LeadMerged(into_id=command.into, lead=lead.model_copy(update={"merged_into": command.into}))


def _release(command: ReleaseLead, lead: LeadState) -> Iterator[LeadEvent]:
    other = command.other
    parted = next((each for each in lead.merges if each.lead_id == other.id), None)
    if parted is None:
        raise LeadIsNotMerged
    if lead.open_handoff:
        raise MergeUnderOffer(handoff_id=str(lead.open_handoff))
    refuse_earlier(command.moment.at, lead.changed_at)
    left = tuple(each for each in lead.merges if each is not parted)
    after = _standing_for(lead, left, (), command.working).model_copy(
        update={"changed_at": command.moment.at, **_taken_back(lead, other, parted)}
    )
    yield LeadReleased(merged_id=other.id, from_source=lead.source, lead=after)


def _unmerge(command: UnmergeLead, lead: LeadState) -> Iterator[LeadEvent]:
    if lead.merged_into != command.from_lead:
        raise LeadIsNotMerged
    parted = {"merged_into": None, "back_since": command.moment.at}
    yield LeadUnmerged(from_id=command.from_lead, lead=lead.model_copy(update=parted))


MERGING: Final[Mapping[type[Command], Callable[[Any, LeadState], Iterator[LeadEvent]]]] = {
    AbsorbLead: _absorb,
    MergeLead: _merge,
    ReleaseLead: _release,
    UnmergeLead: _unmerge,
}


def origin_of(lead: LeadState) -> Origin:
    """How the lead itself came in and was answered.

    One that was merged before contacts were kept apart has a contact that none of the others brought: it is its own.
    """
    own = lead.own_origin
    if own is not None and any(each.first_contact_at for each in (own, *(each.origin for each in lead.merges))):
        return own
    if own is not None:
        return own.model_copy(update={name: getattr(lead, name) for name in CONTACTED})
    return Origin(
        created_at=lead.created_at,
        created_on=lead.created_on,
        external_id=lead.external_id,
        source=lead.source,
        campaign=lead.campaign,
        medium=lead.medium,
        first_owner=lead.first_owner,
        first_held_at=lead.first_held_at,
        response=lead.response,
        **{name: getattr(lead, name) for name in CONTACTED},
    )


def first_held(lead: LeadState, owner: Owner) -> dict[str, Any]:
    """Who holds the lead now, and who held it first: by itself, and of all it stands for the earliest that was held."""
    own = origin_of(lead)
    if own.first_owner is None:
        own = own.model_copy(update={"first_owner": owner, "first_held_at": lead.changed_at})
    origins = sorted((own, *(each.origin for each in lead.merges)), key=lambda each: each.created_at)
    kept_apart = {} if lead.own_origin is None else {"own_origin": own}
    return {"owner": owner, **kept_apart, **_holder(origins)}


def own_details(lead: LeadState, changes: Mapping[str, Any]) -> dict[str, Any]:
    """What is corrected of a lead that stands for others stays corrected when they are parted."""
    corrected = {name: value for name, value in changes.items() if name in {"campaign", "medium"}}
    if lead.own_origin is None or not corrected:
        return {}
    return {"own_origin": lead.own_origin.model_copy(update=corrected)}


def _refuse_merge(lead: LeadState, other: LeadState) -> None:
    if lead.id == other.id:
        raise SameLead(pointer="/lead")
    if other.merged_into is not None:
        raise LeadIsMerged(merged_into=str(other.merged_into))
    if other.merges:
        raise LeadHoldsOthers
    if other.status is LeadStatus.CONVERTED:
        raise BothConverted if lead.status is LeadStatus.CONVERTED else ConvertedSurvives
    if lead.status is LeadStatus.DISQUALIFIED:
        raise SurvivorIsClosed
    if waiting := lead.open_handoff or other.open_handoff:
        raise MergeUnderOffer(handoff_id=str(waiting))
    if len(lead.merges) >= MERGES_MOST:
        raise TooManyMerged(f"A lead stands for at most {MERGES_MOST} others.")


def _standing_for(
    lead: LeadState, merges: tuple[Merged, ...], theirs: Sequence[Touch], working: WorkingTime | None
) -> LeadState:
    """The lead with the origin and touches of these, and of no others."""
    own = origin_of(lead)
    origins = {lead.id: own} | {each.lead_id: each.origin for each in merges}
    captures_before = [capture_of(lead.id, own), *(capture_of(each.lead_id, each.origin) for each in lead.merges)]
    stay = [
        touch
        for touch in lead.later_touches
        if touch.from_lead is None or (touch.from_lead in origins and touch not in captures_before)
    ]
    first, *later = sorted(origins.items(), key=lambda each: (each[1].created_at, each[0]))
    captures = [capture_of(lead_id, origin) for lead_id, origin in later]
    return lead.model_copy(
        update={
            "merges": merges,
            "own_origin": own if merges else None,
            "later_touches": kept([*stay, *theirs, *captures]),
            **_counted(lead, [first[1], *(origin for _, origin in later)], working),
        }
    )


def _counted(lead: LeadState, origins: Sequence[Origin], working: WorkingTime | None) -> dict[str, Any]:
    """By what the lead counts, from all origins in the order of time."""
    first = origins[0]
    known = next((each for each in origins if each.source is not None), first)
    return {
        "created_at": first.created_at,
        "created_on": first.created_on,
        "source": known.source,
        "campaign": known.campaign,
        "medium": known.medium,
        "response": _told(next((each.response for each in origins if each.response), None), lead.response),
        **_holder(origins),
        **_contacted(origins, working),
    }


def _holder(origins: Sequence[Origin]) -> dict[str, Any]:
    """Who held it first, of origins in the order of time."""
    held = next((each for each in origins if each.first_owner is not None), origins[0])
    return {"first_owner": held.first_owner, "first_held_at": held.first_held_at}


def _contacted(origins: Sequence[Origin], working: WorkingTime | None) -> dict[str, Any]:
    """The earliest contact and the earliest talk of all; how long that took since the earliest creation."""
    contacted, talked = _earliest(origins, CONTACT[0]), _earliest(origins, TALK[0])
    seconds = contacted.working_seconds_to_contact
    if contacted is not origins[0] and contacted.first_contact_at is not None:
        seconds = working_seconds(working, origins[0].created_at, contacted.first_contact_at)
    first = {name: getattr(contacted, name) for name in CONTACT} | {name: getattr(talked, name) for name in TALK}
    return {**first, "working_seconds_to_contact": seconds}


def _earliest(origins: Sequence[Origin], at: str) -> Origin:
    """The one that has the earliest instant of this name; the first where none has any."""
    return min((each for each in origins if getattr(each, at)), key=lambda each: getattr(each, at), default=origins[0])


def _told(clock: ResponseClock | None, known: ResponseClock | None) -> ResponseClock | None:
    """A clock that the lead has already stays with what was told of it."""
    if clock is None or known is None:
        return clock
    return known if known.model_copy(update={"breached": clock.breached}) == clock else clock


def _taken_back(lead: LeadState, other: LeadState, parted: Merged) -> dict[str, Any]:
    """What came from the other and is as it came; a lead that became a deal keeps it, because the deal has it, too."""
    if lead.status is LeadStatus.CONVERTED:
        return {}
    return {name: None for name in parted.filled if getattr(lead, name) == getattr(other, name)}
