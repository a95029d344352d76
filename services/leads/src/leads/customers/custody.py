"""Dated custody: who held an account from when to when. The company owns the record throughout. Pure."""

from typing import Any

from events.catalogue.custody import Custody
from events.catalogue.leads import CustomerState, Owner
from events.moment import Moment
from leads.sequence import OutOfSequence, refuse_earlier

CUSTODY_KEPT = 50
"""So many of the latest stay in the state, which each event of the account carries."""


def custody_of(customer: CustomerState) -> tuple[Custody, ...]:
    """All spans known; an account that never changed hands is held since it was opened."""
    if customer.custody or customer.owner is None:
        return customer.custody
    return (Custody(owner=customer.owner, from_on=customer.opened_on),)


def handed(customer: CustomerState, owner: Owner | None, moment: Moment) -> CustomerState:
    """The account in the hands of another, or of nobody, from the moment on."""
    spans = custody_of(customer)
    _refuse_backwards(customer, spans, moment)
    if spans and spans[-1].to_on is None:
        spans = (*spans[:-1], _ended(spans[-1], moment))
    if owner is not None:
        spans = (*spans, Custody(owner=owner, from_at=moment.at, from_on=moment.on))
    changes: dict[str, Any] = {"owner": owner, "custody": spans[-CUSTODY_KEPT:]}
    return customer.model_copy(update=changes)


def latest_turn(customer: CustomerState) -> Custody | None:
    """The span that began or ended last."""
    spans = custody_of(customer)
    return spans[-1] if spans else None


def _ended(span: Custody, moment: Moment) -> Custody:
    return span.model_copy(update={"to_at": moment.at, "to_on": moment.on})


def _refuse_backwards(customer: CustomerState, spans: tuple[Custody, ...], moment: Moment) -> None:
    if moment.on < customer.opened_on:
        raise OutOfSequence("The account was opened later.", pointer="/occurred_at")
    if not spans:
        return
    last = spans[-1]
    refuse_earlier(moment.at, last.to_at or last.from_at)
    if moment.on < (last.to_on or last.from_on):
        raise OutOfSequence(pointer="/occurred_at")
