"""The duplicate check at entry: which leads are those of the same prospect, and what a capture does about them.

``find`` asks once for any number of prospects. What it answers has each lead that is alike, also those that the caller
may not see: they count where a certain match must not pass twice, and are never named (``Match.seen``).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from chassis.principal import Scope
from chassis.refusals import Refusal
from events.catalogue.leads import LeadStatus
from leads import store
from leads.duplicates.likeness import Likeness, Strength, likeness
from leads.duplicates.match_keys import MatchKeys, company_key, mail_key, person_key, phone_key, tax_code_key
from leads.inputs import DuplicateQuestion, Prospect
from leads.views import DuplicateField, DuplicateView

MOST_MATCHES = 20
"""An answer names so many, the most alike."""

_OPEN = frozenset({LeadStatus.OPEN, LeadStatus.QUALIFIED})
_RANK = {Strength.CERTAIN: 0, Strength.LIKELY: 1, Strength.POSSIBLE: 2}


class DuplicateLead(Refusal):
    """This prospect is a lead already."""

    slug = "duplicate-lead"


@dataclass(frozen=True, slots=True)
class Match:
    """A lead that is alike."""

    lead: UUID
    contact: UUID
    status: LeadStatus
    owner: UUID | None
    created_at: datetime
    seen: bool
    likeness: Likeness

    @property
    def certain(self) -> bool:
        return self.likeness.strength is Strength.CERTAIN

    @property
    def view(self) -> DuplicateView:
        return DuplicateView(
            lead=self.lead,
            contact=self.contact,
            status=self.status,
            owner=self.owner,
            strength=self.likeness.strength,
            score=self.likeness.score,
            fields=[DuplicateField(field=_FIELDS.get(kind, kind), score=score) for kind, score in self.likeness.fields],
        )


_FIELDS = {"mail": "email", "person": "name"}
"""As callers name them."""


def keys_asked(prospect: Prospect | DuplicateQuestion, country: str | None) -> MatchKeys:
    """By what a prospect is looked for; its phone as in its own country, else in the firm's."""
    return MatchKeys(
        mail=mail_key(prospect.email),
        phone=phone_key(prospect.phone, prospect.country or country),
        tax_code=tax_code_key(prospect.tax_code),
        person=person_key(prospect.name),
        company=company_key(prospect.company),
    )


async def find(
    connection: "asyncpg.Connection[asyncpg.Record]", tenant: UUID, scope: Scope, asked: Sequence[MatchKeys]
) -> list[list[Match]]:
    """For each of the prospects the leads that are alike, the most alike first, then the oldest."""
    found: list[list[Match]] = [[] for _ in asked]
    for row in await store.resembling(connection, tenant, scope, asked) if any(asked) else ():
        if (alike := likeness(asked[row["place"]], _known(row))) is not None:
            found[row["place"]].append(_match(row, alike))
    return [_each_once(ordered(matches)) for matches in found]


def _each_once(matches: Iterable[Match]) -> list[Match]:
    """A lead that stands for others is found by the contacts of all of them."""
    best: dict[UUID, Match] = {}
    for match in matches:
        best.setdefault(match.lead, match)
    return list(best.values())


def _known(row: Any) -> MatchKeys:
    return MatchKeys(
        mail=row["mail_key"],
        phone=row["phone_key"],
        tax_code=row["tax_code_key"],
        person=person_key(row["name"]),
        company=company_key(row["company"]),
    )


def _match(row: Any, alike: Likeness) -> Match:
    return Match(
        lead=row["id"],
        contact=row["contact_id"],
        status=LeadStatus(row["status"]),
        owner=row["owner_id"],
        created_at=row["created_at"],
        seen=row["seen"],
        likeness=alike,
    )


def ordered(matches: Iterable[Match]) -> list[Match]:
    """The most alike first, then the oldest."""
    return sorted(matches, key=_order)


def _order(match: Match) -> tuple[int, float, int, datetime]:
    alike = match.likeness
    return _RANK[alike.strength], -alike.score, -len(alike.fields), match.created_at


def named(matches: Iterable[Match]) -> list[DuplicateView]:
    """What a caller is told: leads that it may see."""
    return [match.view for match in matches if match.seen][:MOST_MATCHES]


def refuse_duplicate(matches: Sequence[Match]) -> None:
    """A certain match forbids a second lead even where it is another's, who is not named; a likely one where it is
    seen.
    """
    if any(match.certain or (match.seen and match.likeness.strength is Strength.LIKELY) for match in matches):
        duplicates = [view.model_dump(mode="json") for view in named(matches)]
        raise DuplicateLead(pointer="/prospect", duplicates=duplicates)


def lead_to_touch(matches: Iterable[Match]) -> Match | None:
    """The lead that a linked capture belongs to. A closed one is none: nobody would follow up the new interest."""
    return next((match for match in matches if match.certain and match.seen and match.status in _OPEN), None)
