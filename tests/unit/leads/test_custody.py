"""Who holds an account from when to when, and who has a part in what it buys."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from events.catalogue.custody import BuyingRole, Custody, Stakeholder
from events.catalogue.customers import CustomerGivenUp, CustomerRolesChanged, CustomerTakenOver
from events.catalogue.leads import CustomerChanged, CustomerState, Owner
from events.moment import Moment
from events.testing import given
from leads.customers.custody import CUSTODY_KEPT, custody_of
from leads.customers.customer import (
    CUSTOMER,
    STAKEHOLDERS_MOST,
    AccountIsHeld,
    ChangeCustomer,
    GiveUp,
    OpenCustomer,
    SetBuyingRoles,
    TakeOver,
    TooManyStakeholders,
)
from leads.sequence import OutOfSequence

ANA, BAO = Owner(person=UUID(int=1), team=UUID(int=11)), Owner(person=UUID(int=2), team=UUID(int=12))
LAN, MINH = UUID(int=21), UUID(int=22)


def on_day(day):
    return Moment.of(datetime(2026, 3, 1, 9, tzinfo=UTC) + timedelta(days=day - 1), "Asia/Ho_Chi_Minh")


FREE = OpenCustomer(moment=on_day(1), id=UUID(int=3), name="Sao Mai")
HELD = OpenCustomer(moment=on_day(1), id=UUID(int=3), name="Sao Mai", owner=ANA)


def spans(state):
    return [(span.owner, span.from_on.day, span.to_on and span.to_on.day) for span in custody_of(state)]


def test_an_account_is_held_from_its_opening_and_then_by_another():
    life = given(CUSTOMER, HELD).when(TakeOver(moment=on_day(5), to=BAO))
    life.then(CustomerTakenOver(from_owner=ANA, to_owner=BAO)).then_state(owner=BAO)
    assert spans(life.state) == [(ANA, 1, 5), (BAO, 5, None)]


def test_what_is_given_up_is_nobodys_until_taken_over():
    life = given(CUSTOMER, HELD).when(GiveUp(moment=on_day(4)))
    life.then(CustomerGivenUp(from_owner=ANA)).then_state(owner=None)
    assert spans(life.state) == [(ANA, 1, 4)]
    again = given(CUSTOMER, HELD, GiveUp(moment=on_day(4))).when(TakeOver(moment=on_day(9), to=ANA, only_free=True))
    assert spans(again.state) == [(ANA, 1, 4), (ANA, 9, None)]


def test_who_holds_it_already_or_nobody_changes_nothing():
    given(CUSTOMER, HELD).when(TakeOver(moment=on_day(5), to=ANA, only_free=True)).then_nothing()
    given(CUSTOMER, FREE).when(GiveUp(moment=on_day(5))).then_nothing()


def test_what_another_holds_is_not_taken_as_free():
    given(CUSTOMER, HELD).when(TakeOver(moment=on_day(5), to=BAO, only_free=True)).then_refused(AccountIsHeld)


@pytest.mark.parametrize("day", [0, 4])
def test_custody_goes_forward_only(day):
    taken = TakeOver(moment=on_day(5), to=BAO)
    given(CUSTOMER, HELD, taken).when(TakeOver(moment=on_day(day), to=ANA)).then_refused(OutOfSequence)
    given(CUSTOMER, HELD, GiveUp(moment=on_day(5))).when(TakeOver(moment=on_day(day), to=ANA)).then_refused(
        OutOfSequence
    )


def test_an_account_from_before_there_was_custody_is_held_since_its_opening():
    old = CustomerState(id=UUID(int=3), name="Sao Mai", owner=ANA, opened_on=date(2026, 3, 1))
    assert spans(old) == [(ANA, 1, None)]
    life = given(CUSTOMER, CustomerChanged(customer=old)).when(TakeOver(moment=on_day(5), to=BAO))
    assert spans(life.state) == [(ANA, 1, 5), (BAO, 5, None)]
    before = TakeOver(moment=on_day(0), to=BAO)
    given(CUSTOMER, CustomerChanged(customer=old)).when(before).then_refused(OutOfSequence)


def test_another_owner_among_other_changes_takes_the_account_over():
    life = given(CUSTOMER, HELD).when(ChangeCustomer(moment=on_day(3), changes={"name": "Sao Mai 2", "owner": BAO}))
    life.then(CustomerChanged(), CustomerTakenOver(from_owner=ANA, to_owner=BAO)).then_state(name="Sao Mai 2")
    assert spans(life.state) == [(ANA, 1, 3), (BAO, 3, None)]
    gone = given(CUSTOMER, HELD).when(ChangeCustomer(moment=on_day(3), changes={"owner": None}))
    gone.then(CustomerGivenUp(from_owner=ANA)).then_state(owner=None)


def test_the_latest_spans_stay():
    turns = [TakeOver(moment=on_day(day), to=BAO if day % 2 else ANA) for day in range(3, CUSTODY_KEPT + 10)]
    kept = custody_of(given(CUSTOMER, HELD, *turns).state)
    assert (len(kept), kept[-1].from_at) == (CUSTODY_KEPT, turns[-1].moment.at)
    assert isinstance(kept[0], Custody)


def test_a_contact_has_parts_in_buying_and_may_lose_them():
    both = SetBuyingRoles(moment=on_day(2), contact_id=LAN, roles=(BuyingRole.USER, BuyingRole.CHAMPION))
    life = given(CUSTOMER, FREE).when(both)
    in_order = (BuyingRole.USER, BuyingRole.CHAMPION)
    life.then(CustomerRolesChanged(contact_id=LAN, roles=in_order)).then_state(
        stakeholders=(Stakeholder(contact_id=LAN, roles=in_order),)
    )
    turned = SetBuyingRoles(moment=on_day(2), contact_id=LAN, roles=(BuyingRole.CHAMPION, BuyingRole.USER))
    given(CUSTOMER, FREE, both).when(turned).then_nothing()
    none = SetBuyingRoles(moment=on_day(3), contact_id=LAN, roles=())
    given(CUSTOMER, FREE, both).when(none).then(CustomerRolesChanged(contact_id=LAN, roles=())).then_state(
        stakeholders=()
    )
    given(CUSTOMER, FREE).when(none).then_nothing()


def test_an_account_has_so_many_stakeholders_and_no_more():
    many = [
        SetBuyingRoles(moment=on_day(2), contact_id=UUID(int=100 + number), roles=(BuyingRole.USER,))
        for number in range(STAKEHOLDERS_MOST)
    ]
    one_more = SetBuyingRoles(moment=on_day(2), contact_id=MINH, roles=(BuyingRole.BLOCKER,))
    given(CUSTOMER, FREE, *many).when(one_more).then_refused(TooManyStakeholders)
    other = SetBuyingRoles(moment=on_day(2), contact_id=UUID(int=100), roles=(BuyingRole.BLOCKER,))
    given(CUSTOMER, FREE, *many).when(other).then(CustomerRolesChanged)
