"""How alike two prospects are."""

import pytest

from leads.duplicates.likeness import Strength, likeness
from leads.duplicates.match_keys import MatchKeys, company_key, person_key

LAN = MatchKeys(
    mail="lan@a.example", phone="+84912345678", tax_code="0312345678", person="tran thi lan", company="dong a"
)


@pytest.mark.parametrize("kind", ["mail", "phone", "tax_code"])
def test_equal_mail_phone_or_tax_code_is_certain(kind):
    found = likeness(MatchKeys(**{kind: getattr(LAN, kind)}, person="bui an"), LAN)
    assert (found.strength, found.fields, found.score) == (Strength.CERTAIN, ((kind, 100.0),), 100.0)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Công ty TNHH Thương mại Hoàng Long", "CTCP TM HOANG LONG"),
        ("深圳华为技术有限公司", "深圳华为技术有限责任公司"),
        ("Công ty TNHH Cơ khí Hoàng Long", "Cty Cơ khí Hoàng Longg"),
    ],
)
def test_one_company_written_in_two_ways_is_likely(one, other):
    found = likeness(MatchKeys(company=company_key(one)), MatchKeys(company=company_key(other)))
    assert found.strength is Strength.LIKELY


@pytest.mark.parametrize(
    ("one", "other"),
    [("Vận tải Hoàng Long", "Vận tải Tân Phú"), ("华为技术", "中兴通讯"), ("Sao Mai", "Sao Vàng Đất Việt")],
)
def test_companies_that_share_a_word_are_not_alike(one, other):
    assert likeness(MatchKeys(company=company_key(one)), MatchKeys(company=company_key(other))) is None


def test_a_part_of_a_name_is_possible_and_no_more():
    found = likeness(MatchKeys(company="hoang long"), MatchKeys(company="van tai hoang long bac ninh"))
    assert found.strength is Strength.POSSIBLE


def test_a_person_of_the_same_name_is_possible_and_no_more():
    found = likeness(MatchKeys(person=person_key("Lan Trần Thị")), MatchKeys(person="tran thi lan"))
    assert (found.strength, found.score) == (Strength.POSSIBLE, 100.0)


def test_the_strongest_field_comes_first():
    asked = MatchKeys(mail="lan@a.example", person="tran thi lam", company="dong a")
    found = likeness(asked, LAN)
    assert [kind for kind, _ in found.fields] == ["mail", "company", "person"]
    assert found.fields[2][1] < found.score


def test_what_is_unknown_is_not_alike():
    assert likeness(MatchKeys(), LAN) is None
    assert likeness(LAN, MatchKeys()) is None
