"""What of a contact is shown to whom: mail, phone and personal fields are masked for roles without the right.

A mask leaves enough to tell two contacts apart, and not enough to reach anybody.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import phonenumbers

from events.catalogue.contacts import ContactState
from events.catalogue.identity import Role

SEEING_BY_DEFAULT = frozenset(Role) - {Role.DIRECTOR}
"""Whoever works with contacts; directors see figures and records without the means to reach people."""

HIDDEN = "***"
_SHOWN_DIGITS = 3
_PHONE_DIGITS_MIN = 7


@dataclass(frozen=True, slots=True)
class Sight:
    """What the caller is shown: everything, or masks; ``personal`` are the firm's personal fields."""

    clear: bool
    personal: frozenset[str] = frozenset()

    def of(self, contact: ContactState) -> ContactState:
        """The contact as the caller may see it."""
        if self.clear:
            return contact
        changes = {name: mask(getattr(contact, name)) for name, mask in _MASKS.items()}
        custom = {key: HIDDEN if key in self.personal else value for key, value in contact.custom.items()}
        return contact.model_copy(update={**changes, "custom": custom})

    def of_text(self, text: str | None) -> str | None:
        """What somebody wrote about a contact, which may hold anything."""
        return text if self.clear or text is None else HIDDEN

    def of_change(self, field: str, value: Any) -> Any:
        """A value in the contact's past as the caller may see it."""
        if self.clear or value is None:
            return value
        if field in _MASKS:
            return _MASKS[field](str(value))
        return HIDDEN if field.removeprefix("custom/") in self.personal else value


CLEAR = Sight(clear=True)


def masked_mail(mail: str | None) -> str | None:
    """As ``m***@donga.example``."""
    if mail is None:
        return None
    box, at, domain = mail.rpartition("@")
    return f"{box[:1]}{HIDDEN}{at}{domain}"


def masked_phone(phone: str | None) -> str | None:
    """As ``+84 *** 567``."""
    if phone is None:
        return None
    digits = re.sub(r"\D", "", phone)
    last = f" {digits[-_SHOWN_DIGITS:]}" if len(digits) >= _PHONE_DIGITS_MIN else ""
    return f"{_country_code(phone)}{HIDDEN}{last}"


def _country_code(phone: str) -> str:
    try:
        return f"+{phonenumbers.parse(phone).country_code} " if phone.startswith("+") else ""
    except phonenumbers.NumberParseException:
        return ""


_MASKS: Mapping[str, Any] = {"email": masked_mail, "phone": masked_phone, "phone_e164": masked_phone}
