"""By what two prospects are told to be one: mail, phone, tax code and names in the form in which they compare. Pure.

Mail, phone and tax code become keys that are equal or not. Names are folded: width, case, accents, punctuation and the
legal forms of companies go away, in Vietnamese, Chinese and English. Folding happens here alone, so that what is kept
and what is asked can never be folded differently.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

import phonenumbers
from babel.core import get_global

PLUS_TAGGED = frozenset(
    {"gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "live.com", "icloud.com", "me.com", "mac.com"}
    | {"fastmail.com", "proton.me", "protonmail.com", "pm.me", "zoho.com", "yandex.com", "qq.com"}
)
"""Where a plus in a mailbox begins a tag. Elsewhere it may be part of somebody else's name, and stays."""

_GMAIL = frozenset({"gmail.com", "googlemail.com"})
"""Where dots in a mailbox mean nothing, and both names are one domain."""

REVISION = 1
"""Of the rules in this module. Keys of another revision are made anew."""


@dataclass(frozen=True, slots=True)
class MatchKeys:
    """Of one prospect. ``mail``, ``phone`` and ``tax_code`` make a match certain, names make it more or less likely."""

    mail: str | None = None
    phone: str | None = None
    tax_code: str | None = None
    person: str | None = None
    company: str | None = None

    @property
    def certain(self) -> tuple[tuple[str, str], ...]:
        pairs = (("mail", self.mail), ("phone", self.phone), ("tax_code", self.tax_code))
        return tuple((kind, key) for kind, key in pairs if key is not None)

    def __bool__(self) -> bool:
        return any((self.mail, self.phone, self.tax_code, self.person, self.company))


def mail_key(mail: str | None) -> str | None:
    """The mailbox, whatever its case; without its tag where its provider has tags."""
    if mail is None:
        return None
    box, _, domain = unicodedata.normalize("NFKC", mail).casefold().rpartition("@")
    domain = _ascii(domain.rstrip("."))
    if domain in PLUS_TAGGED:
        box = box.partition("+")[0] or box
    if domain in _GMAIL:
        box, domain = box.replace(".", "") or box, "gmail.com"
    return f"{box}@{domain}"


def _ascii(domain: str) -> str:
    try:
        return domain.encode("idna").decode()
    except UnicodeError:
        return domain


@lru_cache(maxsize=10_000)
def phone_key(phone: str | None, country: str | None) -> str | None:
    """E.164, national numbers read by the rules of the country; None for what cannot be a number there."""
    if phone is None:
        return None
    written = unicodedata.normalize("NFKC", phone).strip()
    if written.startswith("00"):
        written = f"+{written[2:]}"
    try:
        number = phonenumbers.parse(written, country)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


@lru_cache(maxsize=1_000)
def country_of(zone: str, currency: str) -> str | None:
    """Where a firm with this time zone sits; by its currency where the zone names no country, as UTC does."""
    zone = get_global("zone_aliases").get(zone, zone)
    country = get_global("zone_territories").get(zone)
    if country in phonenumbers.SUPPORTED_REGIONS:
        return str(country)
    return _HOME_OF_CURRENCY.get(currency)


_HOME_OF_CURRENCY: Mapping[str, str] = {
    "VND": "VN",
    "CNY": "CN",
    "HKD": "HK",
    "TWD": "TW",
    "SGD": "SG",
    "JPY": "JP",
} | {
    "KRW": "KR",
    "THB": "TH",
    "IDR": "ID",
    "MYR": "MY",
    "PHP": "PH",
    "INR": "IN",
    "AUD": "AU",
    "GBP": "GB",
    "USD": "US",
    "CAD": "CA",
    "BRL": "BR",
    "MXN": "MX",
    "CHF": "CH",
}
"""Currencies of one country, or nearly; the euro says nothing."""


def tax_code_key(tax_code: str | None) -> str | None:
    """Letters and digits only. A branch (0312345678-001) is another payer than its head office."""
    if tax_code is None:
        return None
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", tax_code).upper())) or None


def person_key(name: str | None) -> str | None:
    """A person's name, folded, without a form of address before it, or in Chinese after it."""
    if name is None:
        return None
    words = re.split(r"\s+", unicodedata.normalize("NFKC", name).casefold().strip())
    if len(words) > _NAME_WORDS and words[0].rstrip(".") in _ADDRESSES:
        words = words[1:]
    return re.sub(r"(?<=[㐀-鿿]) ?(先生|女士|小姐|老师|总)$", "", folded(" ".join(words))) or None


_NAME_WORDS = 2
_ADDRESSES = frozenset({"ông", "bà", "anh", "chị", "mr", "mrs", "ms", "miss", "dr"})


def company_key(name: str | None) -> str | None:
    """A company's name, folded, without its legal form; the form alone stays, being all there is."""
    if name is None:
        return None
    whole = folded(name)
    short = _without_chinese_form(whole)
    words = [_WRITTEN_OUT.get(word, word) for word in short.split()]
    rest = _without_forms(" ".join(words))
    return rest or whole or None


@lru_cache(maxsize=10_000)
def folded(text: str) -> str:
    """One width, case and spacing, no accents: ``Đông Á`` and ``DONG  A`` are the same."""
    plain = unicodedata.normalize("NFKD", text).casefold().translate(_LETTERS)
    letters = (letter if letter.isalnum() else " " for letter in plain if not unicodedata.combining(letter))
    return unicodedata.normalize("NFC", " ".join("".join(letters).split()))


_LETTERS: Mapping[int, str] = str.maketrans(
    {"đ": "d", "ð": "d", "ø": "o", "ł": "l", "æ": "ae", "œ": "oe", "þ": "th", "ħ": "h"}
    | dict.fromkeys(("'", "\N{RIGHT SINGLE QUOTATION MARK}", ".", "\N{MIDDLE DOT}"), "")
)
"""Letters that Unicode does not take apart, and what parts no word: O'Neil, J.S.C."""

_WRITTEN_OUT: Mapping[str, str] = {
    "tm": "thuong mai",
    "dv": "dich vu",
    "tmdv": "thuong mai dich vu",
    "sx": "san xuat",
    "xd": "xay dung",
    "xnk": "xuat nhap khau",
    "vn": "viet nam",
    "va": "",
    "and": "",
}

_BEFORE_NAME = (
    *("trach nhiem huu han", "mot thanh vien", "hai thanh vien tro len", "tnhh", "mtv", "1tv", "tap doan"),
    *("tong cong ty", "cong ty", "cty", "ctcp", "ct", "cp", "co phan", "doanh nghiep tu nhan", "dntn"),
    *("hop tac xa", "htx"),
)
_AFTER_NAME = (
    *("tnhh", "mtv", "ctcp", "joint stock company", "joint stock", "jsc", "limited liability company"),
    *("company limited", "co pte ltd", "pte ltd", "co ltd", "coltd", "co llc", "ltd", "limited", "llc", "inc"),
    *("incorporated", "corp", "corporation", "company", "gmbh", "plc", "group"),
)


def _any_of(forms: Iterable[str]) -> str:
    """The longest first, so that no part of one is taken for a whole."""
    return "|".join(sorted(forms, key=len, reverse=True))


_BEFORE = re.compile(rf"^(?:(?:{_any_of(_BEFORE_NAME)})(?: |$))+")
_AFTER = re.compile(rf"(?:(?:^| )(?:{_any_of(_AFTER_NAME)}))+$")


def _without_forms(name: str) -> str:
    name = " ".join(name.split())
    return _AFTER.sub("", _BEFORE.sub("", name)).strip()


_CHINESE_FORM = re.compile(r"(?:集团|集團)?(?:控股)?(?:股份|有限|责任|責任)*(?:总公司|總公司|公司)$|(?:集团|集團)$")
_BETWEEN_HAN = re.compile(r"(?<=[㐀-鿿]) (?=[㐀-鿿])")


def _without_chinese_form(name: str) -> str:
    joined = _BETWEEN_HAN.sub("", name)
    return _CHINESE_FORM.sub("", joined).strip() or joined


def company_blocks(key: str | None) -> list[str]:
    """In which blocks a company's folded name is looked for: one for each two of the words that tell it from others.

    Names that are alike share two such words, or one that is long, and few names do, which keeps the search short:
    single syllables, and trigrams more so, are shared by tens of thousands. What is missed: a name of two short words
    of which one is misspelt.
    """
    if key is None:
        return []
    telling = set((searchable(_PLACES_AND_TRADES.sub(" ", key)) or searchable(key) or "").split())
    longest = sorted(sorted(telling, key=lambda word: (-len(word), word))[:_TELLING_WORDS])
    brands = [word for word in longest if len(word) >= _BRAND_LETTERS]
    return brands + ["+".join(pair) for pair in combinations(longest, 2)] or longest


_TELLING_WORDS = 5
_BRAND_LETTERS = 7
"""A word so long is no Vietnamese syllable, and says enough by itself."""

_PLACES_AND_TRADES = re.compile(
    r"\b(?:thuong mai|dich vu|xay dung|dau tu|san xuat|xuat nhap khau|van tai|co khi|dien tu|thuc pham|duoc pham"
    r"|cong nghe|du lich|bao bi|noi that|may mac|thuy san|nong san|giai phap|phat trien|quoc te|viet nam|ha noi|sai gon"
    r"|ho chi minh|logistics|trading|services?|import|export|investment|construction|technology|solutions?|vietnam)\b"
    "|北京|上海|深圳|广州|杭州|苏州|成都|武汉|天津|重庆|南京|宁波|青岛|厦门|东莞|佛山|中国|香港|台湾|市|省"
    "|科技|技术|信息|贸易|电子|实业|物流|机械|食品|投资|化工|国际|进出口|商贸|服务|工程|建设"
)
"""Said of so many companies that two which share no other word are not alike for it."""


def searchable(key: str | None) -> str | None:
    """The key for PostgreSQL: in ASCII, because what is a letter to trigrams differs by the server's locale.

    Its words are sorted, because a family name stands first or last.
    """
    return None if key is None else " ".join(sorted("".join(_words(key)).split()))


def _words(key: str) -> Iterable[str]:
    return (letter if letter.isascii() else f" {ord(letter):x} " for letter in key)
