"""An erasure is asked for once and ends once; what an erased person had forbidden stays forbidden, without a word."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from events.catalogue.contacts import Consent, ContactState, DoNotContact
from events.catalogue.erasures import ContactErased, ErasureCompleted, ErasurePart, ErasureReason, ErasureSwept
from events.moment import Moment
from events.testing import given
from leads.erasing.erasure import ERASURE, ErasePerson, NoteSweep
from leads.erasing.objections import SOURCE, Hashing, Objection, objection_of, recalled

TENANT, MINH, TWIN, NAMESAKE = (UUID(int=number) for number in range(1, 5))
AT = datetime(2026, 3, 1, 9, tzinfo=UTC)


def after(minutes):
    return Moment.of(AT + timedelta(minutes=minutes), "UTC")


ASKED = ErasePerson(
    moment=after(0), id=MINH, contacts=(MINH, TWIN), alike=(NAMESAKE,), reason=ErasureReason.ASKED,
    erased={"contacts": 2, "profile": 3}, requested_by="person:9",
)  # fmt: skip


def sweep(minutes, *, settled=False, **erased):
    found = {"contacts": 0, "profile": 0, **erased}
    return NoteSweep(moment=after(minutes), erased=found, swept_at=after(minutes).at, settled=settled)


def test_each_contact_of_the_person_is_told_by_its_id():
    given(ERASURE).when(ASKED).then(ContactErased(contact_id=MINH), ContactErased(contact_id=TWIN)).then_state(
        parts=(ErasurePart(part="contacts", erased=2), ErasurePart(part="profile", erased=3)),
        contacts=(MINH, TWIN),
        alike=(NAMESAKE,),
        completed_at=None,
    )


def test_sweeps_add_up_and_the_settled_one_is_the_last():
    first = given(ERASURE, ASKED).when(sweep(1, profile=1)).then(ErasureSwept()).then_state(swept_at=after(1).at)
    assert [each.erased for each in first.state.parts] == [2, 4]
    given(ERASURE, ASKED, sweep(1), sweep(2)).when(sweep(3)).then_nothing()
    done = given(ERASURE, ASKED, sweep(1, profile=1)).when(sweep(2, settled=True)).then(ErasureCompleted())
    done.then_state(completed_at=after(2).at, swept_at=after(1).at)
    given(ERASURE, ASKED, sweep(1), sweep(2, settled=True)).when(sweep(3, settled=True, profile=9)).then_nothing()


def a_contact(**more):
    return ContactState(id=MINH, name="Minh", email="Minh+fair@Gmail.com", phone_e164="+84912345567", **more)


def test_only_who_had_forbidden_something_is_known_again():
    hashing = Hashing("secret", TENANT)
    given_consent = {"mail:marketing": Consent(given=True, at=AT, source="fair", text="yes, Minh")}
    assert list(hashing.kept(a_contact(consents=given_consent))) == []
    barred = a_contact(do_not_contact=DoNotContact(at=AT, source="call", reason="Minh shouted"), external_id="crm 7")
    kept = dict(hashing.kept(barred))
    assert [key.kind for key in kept] == ["external-id", "mail", "phone"]
    assert set(hashing.reachable("minh@gmail.com", "+84912345567")) < set(kept)
    assert not set(Hashing("secret", TWIN).reachable("minh@gmail.com", None)) & set(kept)
    assert not set(Hashing("other", TENANT).reachable("minh@gmail.com", None)) & set(kept)
    told = "".join(said.model_dump_json() for said in kept.values())
    assert "Minh" not in told


def test_what_was_forbidden_stands_until_the_person_says_otherwise():
    opted_out = {"mail:sales": Consent(given=False, at=AT, source="opt-out link")}
    said = objection_of(a_contact(consents=opted_out, do_not_contact=DoNotContact(at=AT, source="call")))
    new = recalled(a_contact(), [said])
    assert new.do_not_contact == DoNotContact(at=AT, source=SOURCE)
    assert new.consents == {"mail:sales": Consent(given=False, at=AT, source=SOURCE)}
    anew = Consent(given=True, at=after(9).at, source="web form")
    assert recalled(a_contact(consents={"mail:sales": anew}), [said]).consents == {"mail:sales": anew}
    assert recalled(a_contact(), [Objection()]) == a_contact()


def test_what_one_contact_forbade_holds_for_the_person():
    one, other = Objection(do_not_contact=AT), Objection(withdrawn={"mail:sales": AT})
    assert one.joined(other) == other.joined(one) == Objection(do_not_contact=AT, withdrawn={"mail:sales": AT})
