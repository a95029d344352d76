"""Records that are met by their external id: who sees one is told which it is, others only that the name is taken.

Every endpoint that creates records with names of the caller's own answers by this, alone and in batches.
"""

from typing import Any

from chassis.aggregates import Loaded
from chassis.bulk import Existing
from chassis.refusals import AlreadyExists


def name_taken(noun: str, loaded: Loaded[Any], *, seen: bool) -> AlreadyExists:
    """The refusal to create another of this name; ``noun`` has its article."""
    facts = {"id": str(loaded.state.id)} if seen else {}
    return AlreadyExists(f"{noun} with this external id exists.", pointer="/external_id", **facts)


def as_existing(noun: str, loaded: Loaded[Any], *, seen: bool) -> Existing[Any]:
    """The answer of a batch that is sent again; refused for a record that the caller does not see."""
    if not seen:
        raise name_taken(noun, loaded, seen=False)
    return Existing(loaded.state.id, loaded)
