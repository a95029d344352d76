"""By what prospects are told to be one: mail, phone, tax code, names."""

# ruff: noqa: RUF001 - full-width letters are what is tested

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leads.duplicates.match_keys import (
    MatchKeys,
    company_blocks,
    company_key,
    country_of,
    folded,
    mail_key,
    person_key,
    phone_key,
    searchable,
    tax_code_key,
)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Minh@DongA.example", "minh@donga.example"),
        ("minh.pham+fair@gmail.com", "minhpham@googlemail.com"),
        ("lan+crm@outlook.com", "lan@outlook.com"),
        ("a@bücher.example", "A@xn--bcher-kva.example"),
        ("ｍｉｎｈ@donga.example", "minh@donga.example"),
    ],
)
def test_mails_of_one_mailbox_are_equal(one, other):
    assert mail_key(one) == mail_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("minh@donga.example", "minh@dongb.example"),
        ("a+b@donga.example", "a@donga.example"),
        ("minh.pham@outlook.com", "minhpham@outlook.com"),
    ],
)
def test_mails_that_may_be_two_are_not(one, other):
    assert mail_key(one) != mail_key(other)


def test_a_mailbox_that_is_all_tag_or_dots_keeps_something():
    assert mail_key("+tag@gmail.com") == "+tag@gmail.com"
    assert mail_key("...@gmail.com") == "...@gmail.com"


@pytest.mark.parametrize(
    ("written", "country", "dialled"),
    [
        ("0912 345 678", "VN", "+84912345678"),
        ("+84 (0)912-345-678", "CN", "+84912345678"),
        ("0084 912 345 678", None, "+84912345678"),
        ("138 0013 8000", "CN", "+8613800138000"),
        ("024 3825 5678", "VN", "+842438255678"),
        ("０９１２３４５６７８", "VN", "+84912345678"),
    ],
)
def test_phones_are_read_as_dialled_in_the_country(written, country, dialled):
    assert phone_key(written, country) == dialled


@pytest.mark.parametrize(("written", "country"), [("0912 345 678", None), ("123", "VN"), ("- - -", "VN"), ("", "VN")])
def test_what_cannot_be_a_number_matches_nothing(written, country):
    assert phone_key(written, country) is None


@pytest.mark.parametrize(
    ("zone", "currency", "country"),
    [
        ("Asia/Ho_Chi_Minh", "USD", "VN"),
        ("Asia/Shanghai", "CNY", "CN"),
        ("Europe/Berlin", "EUR", "DE"),
        ("UTC", "VND", "VN"),
        ("UTC", "EUR", None),
    ],
)
def test_a_firm_sits_where_its_zone_is_else_where_its_money_is(zone, currency, country):
    assert country_of(zone, currency) == country


def test_tax_codes_keep_letters_and_digits():
    assert tax_code_key("0312 345.678") == tax_code_key("０３１２３４５６７８") == "0312345678"
    assert tax_code_key("91310000ma1fl0t39x") == "91310000MA1FL0T39X"
    assert tax_code_key("0312345678-001") != tax_code_key("0312345678")
    assert tax_code_key("- -") is None


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Nguyễn Văn Đức", "nguyen van duc"),
        ("NGUYEN  VAN DUC", "nguyen van duc"),
        ("Nguye\u0302\u0303n Va\u0306n \u0110u\u031b\u0301c", "nguyen van duc"),
        ("Ông Nguyễn Văn Đức", "nguyen van duc"),
        ("Ms. Lan Pham", "lan pham"),
        ("Anh Thư", "anh thu"),
        ("王小明先生", "王小明"),
        ("Ｗａｎｇ　Ｍｉｎｇ", "wang ming"),
        ("O\N{RIGHT SINGLE QUOTATION MARK}Neil", "oneil"),
    ],
)
def test_persons_are_folded_and_lose_their_address(name, key):
    assert person_key(name) == key


@pytest.mark.parametrize(
    "name",
    [
        "Công ty TNHH Đông Á",
        "CÔNG TY CỔ PHẦN ĐÔNG Á",
        "CTCP Đông Á",
        "Cty TNHH MTV Dong A",
        "Công ty Trách nhiệm Hữu hạn Một thành viên Đông Á",
        "Tập đoàn Đông Á",
        "Đông Á JSC",
        "Dong A J.S.C.",
        "Dong A Co., Ltd.",
        "Dong A Joint Stock Company",
    ],
)
def test_companies_lose_their_legal_form_in_vietnamese_and_english(name):
    assert company_key(name) == "dong a"


@pytest.mark.parametrize(
    "name",
    ["华为技术有限公司", "华为技术有限责任公司", "华为技术股份有限公司", "华为技术集团", "华为技术（集团）有限公司"],
)
def test_companies_lose_their_legal_form_in_chinese(name):
    assert company_key(name) == "华为技术"


def test_full_width_letters_are_letters():
    assert company_key("Ｈｕａｗｅｉ技术有限公司") == company_key("Huawei技术有限公司") == "huawei技术"


@pytest.mark.parametrize(("name", "key"), [("Công ty Cổ phần", "cong ty co phan"), ("有限公司", "有限公司")])
def test_a_name_that_is_all_form_stays(name, key):
    assert company_key(name) == key


def test_trades_are_written_out():
    assert company_key("Cty TNHH TM DV Sao Mai") == company_key("Công ty TNHH Thương mại và Dịch vụ Sao Mai")


def test_the_beginning_of_a_word_is_no_legal_form():
    assert company_key("Cơ khí Hoàng Long") == "co khi hoang long"
    assert company_key("Incom") == "incom"


def test_names_are_searched_in_ascii_and_in_any_order():
    assert searchable("pham minh") == searchable("minh pham") == "minh pham"
    assert searchable("huawei技术") == "6280 672f huawei"
    assert searchable(None) is None


def test_companies_are_looked_for_by_two_telling_words_of_theirs():
    assert company_blocks("thuong mai dich vu hoang long") == ["hoang+long"]
    assert company_blocks("van tai hoang long bac") == ["bac+hoang", "bac+long", "hoang+long"]
    assert company_blocks("深圳华为科技") == ["4e3a+534e"]
    assert company_blocks("vinamilk") == ["vinamilk"]
    assert company_blocks("vinamilk hue") == ["vinamilk", "hue+vinamilk"]


def test_a_company_of_common_words_is_looked_for_by_them():
    assert company_blocks("xay dung") == ["dung+xay"]
    assert "4eac+5317" in company_blocks("北京科技")
    assert company_blocks(None) == []


def test_only_mail_phone_and_tax_code_are_certain():
    keys = MatchKeys(mail="a@b.example", tax_code="1", person="lan", company="dong a")
    assert keys.certain == (("mail", "a@b.example"), ("tax_code", "1"))
    assert not MatchKeys()


@given(st.text(max_size=60))
def test_folding_twice_is_folding_once(text):
    assert folded(folded(text)) == folded(text)


@given(st.text(min_size=1, max_size=60))
def test_no_text_breaks_a_key(text):
    for key in (mail_key, tax_code_key, person_key, company_key):
        assert key(text) is None or isinstance(key(text), str)
    phone_key(text, "VN")
    found = searchable(company_key(text))
    assert found is None or found.isascii()
