"""Which rules a lead meets. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from events.catalogue.assignment import AssignmentRule, Conditions


@dataclass(frozen=True, slots=True)
class Traits:
    """What rules ask about a lead; ``regions`` are its region and all above it."""

    source: str | None = None
    campaign: str | None = None
    medium: str | None = None
    country: str | None = None
    regions: frozenset[UUID] = frozenset()
    custom: Mapping[str, object] = field(default_factory=dict)


def meeting(rules: Iterable[AssignmentRule], traits: Traits) -> tuple[AssignmentRule, ...]:
    """The active rules that the lead meets, in their order."""
    return tuple(rule for rule in rules if rule.active and _meets(rule.when, traits))


def _meets(when: Conditions, traits: Traits) -> bool:
    named = (
        (when.sources, traits.source),
        (when.campaigns, traits.campaign),
        (when.mediums, traits.medium),
        (when.countries, traits.country),
    )
    return (
        all(not wanted or _is_one_of(value, wanted) for wanted, value in named)
        and (not when.regions or not traits.regions.isdisjoint(when.regions))
        and all(_is_one_of(traits.custom.get(key), wanted) for key, wanted in when.custom.items())
    )


def _is_one_of(value: object, wanted: tuple[str, ...]) -> bool:
    """As people mean it: capitals do not count; of several values one is enough."""
    values = value if isinstance(value, list | tuple) else [value]
    found = {str(each).casefold() for each in values if each is not None}
    return not found.isdisjoint(each.casefold() for each in wanted)
