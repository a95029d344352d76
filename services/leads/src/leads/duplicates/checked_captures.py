"""Captures of one request held against the leads that are there, and against each other.

The check is one query however many captures there are. Who may not pass twice (``refuse``, ``link``) waits for others
that capture the same mail, phone or tax code: of two at the same moment the second sees the first.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from chassis.locking import one_at_a_time
from chassis.unit_of_work import UnitOfWork
from events.catalogue.leads import LeadStatus
from leads.capturing import Capture
from leads.duplicates import finding as duplicates
from leads.duplicates.finding import Match, keys_asked, lead_to_touch, named, ordered, refuse_duplicate
from leads.duplicates.likeness import likeness
from leads.duplicates.match_keys import MatchKeys
from leads.inputs import Duplicates, LeadInput
from leads.lookups import Lookups
from leads.views import DuplicateView


@dataclass(frozen=True, slots=True)
class Met:
    """What a capture met: the lead that it is a touch of, and what the caller is told."""

    touches: UUID | None = None
    named: list[DuplicateView] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Asked:
    mode: Duplicates
    keys: MatchKeys
    matches: list[Match]


class CheckedCaptures:
    """The captures of a request in their order."""

    def __init__(self, asked: dict[int, _Asked]) -> None:
        self._asked = asked
        self._earlier: dict[tuple[str, str], list[tuple[MatchKeys, Match]]] = {}

    @classmethod
    async def of(
        cls, work: UnitOfWork, lookups: Lookups, bodies: Sequence[LeadInput], *, otherwise: Duplicates
    ) -> "CheckedCaptures":
        """``otherwise`` is for those that do not say what to do about duplicates."""
        chosen = [(body, body.duplicates or otherwise) for body in bodies]
        if all(body.prospect is None or mode == "ignore" for body, mode in chosen):
            return cls({})
        country = await lookups.country()
        keys = [keys_asked(body.prospect, country) if body.prospect else MatchKeys() for body in bodies]
        exclusive = [
            pair for (_, mode), each in zip(chosen, keys, strict=True) if mode in _ONCE for pair in each.certain
        ]
        if exclusive:
            await one_at_a_time(work.connection, "prospect", work.tenant, (f"{kind}:{key}" for kind, key in exclusive))
        wanted = [each if mode != "ignore" else MatchKeys() for (_, mode), each in zip(chosen, keys, strict=True)]
        found = await duplicates.find(work.connection, work.tenant, work.principal.scope, wanted)
        asked = zip(chosen, keys, found, strict=True)
        return cls({id(body): _Asked(mode, each, matches) for (body, mode), each, matches in asked})

    def met(self, body: LeadInput, capture: Capture) -> Met:
        """Refuses, or says whether the capture is a touch; from then on later captures of the request meet it, too."""
        asked = self._asked.get(id(body))
        if asked is None:
            return Met()
        if asked.mode == "ignore":
            self._remember(asked.keys, capture)
            return Met()
        matches = ordered([*asked.matches, *self._among_earlier(asked.keys)])
        if asked.mode == "refuse":
            refuse_duplicate(matches)
        target = lead_to_touch(matches) if asked.mode == "link" else None
        if target is not None:
            return Met(target.lead, named(match for match in matches if match.lead != target.lead))
        self._remember(asked.keys, capture)
        return Met(None, named(matches))

    def _among_earlier(self, keys: MatchKeys) -> list[Match]:
        found: dict[UUID, Match] = {}
        for pair in keys.certain:
            for known, match in self._earlier.get(pair, ()):
                if (alike := likeness(keys, known)) is not None:
                    found[match.lead] = replace(match, likeness=alike)
        return list(found.values())

    def _remember(self, keys: MatchKeys, capture: Capture) -> None:
        same = likeness(keys, keys)
        if same is None or capture.contact is None:
            return
        lead = capture.lead
        match = Match(
            lead=lead.id,
            contact=capture.contact.contact.id,
            status=LeadStatus.OPEN,
            owner=lead.owner.person if lead.owner else None,
            created_at=lead.moment.at,
            seen=True,
            likeness=same,
        )
        for pair in keys.certain:
            self._earlier.setdefault(pair, []).append((keys, match))


_ONCE = frozenset({"refuse", "link"})
