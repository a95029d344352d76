"""Accounts and contacts."""

from datetime import UTC, date, datetime
from uuid import UUID

from chassis.refusals import AlreadyExists
from events.catalogue.contacts import ContactAdded, ContactChanged, ContactState
from events.catalogue.customers import CustomerTakenOver
from events.catalogue.leads import CustomerOpened, Owner
from events.moment import Moment
from events.testing import given
from leads.customers.contact import CONTACT, AddContact, ChangeContact
from leads.customers.customer import CUSTOMER, ChangeCustomer, HierarchyLoop, OpenCustomer

NOW = Moment.of(datetime(2026, 3, 2, 20, tzinfo=UTC), "Asia/Ho_Chi_Minh")
ACME = OpenCustomer(moment=NOW, id=UUID(int=1), name="Acme", external_id="acme")
LAN = AddContact(moment=NOW, contact=ContactState(id=UUID(int=2), name="Lan", email="lan@acme.test"))


def change(changes, line=()):
    return ChangeCustomer(moment=NOW, changes=changes, line=line)


def test_an_account_is_opened_once_on_the_tenants_day():
    given(CUSTOMER).when(ACME).then(CustomerOpened()).then_state(name="Acme", opened_on=date(2026, 3, 3), owner=None)
    given(CUSTOMER, ACME).when(ACME).then_refused(AlreadyExists)


def test_an_account_changes_only_when_it_differs():
    given(CUSTOMER, ACME).when(change({"name": "Acme"})).then_nothing()
    owner = Owner(person=UUID(int=7))
    given(CUSTOMER, ACME).when(change({"owner": owner})).then(CustomerTakenOver(to_owner=owner)).then_state(
        owner=owner, name="Acme"
    )


def test_no_account_is_above_itself():
    below = UUID(int=9)
    given(CUSTOMER, ACME).when(change({"parent": below}, line=(below, UUID(int=1)))).then_refused(HierarchyLoop)


def test_a_contact_is_added_and_changed():
    given(CONTACT).when(LAN).then(ContactAdded()).then_state(name="Lan")
    given(CONTACT, LAN).when(LAN).then_refused(AlreadyExists)
    given(CONTACT, LAN).when(ChangeContact(moment=NOW, changes={"phone": "+84 1"})).then(ContactChanged())
    given(CONTACT, LAN).when(ChangeContact(moment=NOW, changes={"name": "Lan"})).then_nothing()


def test_a_changed_phone_is_dialled_as_in_the_country():
    changed = given(CONTACT, LAN).when(ChangeContact(moment=NOW, changes={"phone": "0912 345 678"}, home="VN"))
    changed.then(ContactChanged()).then_state(phone="0912 345 678", phone_e164="+84912345678")


def test_a_phone_is_dialled_in_the_country_of_its_contact_until_phone_or_country_change():
    contact = LAN.contact.model_copy(update={"phone": "021 6234 5678", "phone_e164": "+862162345678", "country": "CN"})
    li = AddContact(moment=NOW, contact=contact)

    def after(**changes):
        return given(CONTACT, li, ChangeContact(moment=NOW, changes=changes, home="VN")).state.phone_e164

    assert after(job_title="Buyer") == after(phone="021 6234 5678") == "+862162345678"
    assert after(phone="021 6234 5679") == "+862162345679"
    assert after(country=None, phone="0912 345 678") == after(country="VN", phone="0912 345 678") == "+84912345678"


def test_a_contact_is_kept_with_the_keys_by_which_it_is_found():
    contact = LAN.contact.model_copy(
        update={
            "email": "Lan@Acme.test",
            "phone_e164": "+84912345678",
            "tax_code": "0312-345",
            "company": "CTCP Sao Mai",
        }
    )
    columns = CONTACT.columns(contact)
    found = {name: columns[f"{name}_key"] for name in ("mail", "phone", "tax_code", "person", "company")}
    assert found == {
        "mail": "lan@acme.test",
        "phone": "+84912345678",
        "tax_code": "0312345",
        "person": "lan",
        "company": "mai sao",
    }
    assert columns["company_blocks"] == ["mai+sao"]
