"""What is written about activities, as the caller may see it: it may name contacts and how to reach them.

Whoever has no right to contact data is shown masks, but for what they do themselves, and a read by an admin is noted
for the contacts of the activities.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from events.catalogue.activities import ActivityState
from leads.activities import store
from leads.activities.store import ActivityText
from leads.customers.personal_data import Reads, sight_of


async def texts_shown(reads: Reads, asking: Any, activities: Sequence[ActivityState]) -> dict[UUID, ActivityText]:
    """By activity; one without any text is absent. ``asking`` is what reads or works for the caller."""
    principal = asking.principal
    sight = await sight_of(asking.connection, principal)
    written = await store.texts(asking.connection, asking.tenant, [each.id for each in activities])
    reads.note(principal, (each.contact_id for each in activities if each.id in written))
    own = {each.id for each in activities if each.performer.person == principal.person}
    return {
        id_: text if id_ in own else ActivityText(sight.of_text(text.title), sight.of_text(text.note))
        for id_, text in written.items()
    }
