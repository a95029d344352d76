"""Raising a notice: the one place where a rule that fired becomes a notice and a mail."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

from chassis.directory import Directory
from chassis.unit_of_work import UnitOfWork
from events.catalogue.leads import Owner
from notifications import store
from notifications.notification import NOTIFICATION, Raise, notification_id


async def raise_notices(
    work: UnitOfWork,
    rule: str,
    recipients: Iterable[UUID],
    *,
    subject: tuple[str, UUID],
    cause: UUID,
    facts: Mapping[str, str],
    at: datetime,
) -> None:
    """Tell each recipient, in one order for all so that two workers never wait for each other in a circle."""
    moment = await work.directory.moment(work.tenant, at)
    for recipient in sorted(recipients):
        command = Raise(
            moment=moment,
            rule=rule,
            recipient=recipient,
            subject_type=subject[0],
            subject_id=subject[1],
            cause=cause,
            facts=facts,
        )
        id_ = notification_id(rule, cause, recipient)
        await work.execute(NOTIFICATION, id_, command)
        await store.queue_mail(work.connection, work.tenant, id_, recipient)


async def those_above(directory: Directory, tenant: UUID, owner: Owner) -> frozenset[UUID]:
    """The owner's manager and the lead of the owner's team, as they are now."""
    person = await directory.person(tenant, owner.person)
    lead = (await directory.team(tenant, owner.team)).lead if owner.team else None
    return frozenset(each for each in (person.manager, lead) if each is not None and each != owner.person)
