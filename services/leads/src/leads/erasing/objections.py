"""What is remembered of who was erased: keyed hashes, so that an objection holds when the person comes again. Pure.

The hashes say nothing to whoever has not the secret of the installation, not even whether two firms know one person.
"""

import hmac
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple
from uuid import UUID

from events.catalogue.contacts import Consent, ContactState, DoNotContact
from events.event import Timestamp, Value
from leads.duplicates.match_keys import mail_key

SOURCE = "before erasure"
"""Where it was said: that is all that is still known of it."""

EXTERNAL_ID, MAIL, PHONE = "external-id", "mail", "phone"


class ErasedKey(NamedTuple):
    """By what somebody is known again."""

    kind: str
    digest: bytes


class Objection(Value):
    """What an erased person had forbidden, and when; neither words nor reasons."""

    do_not_contact: Timestamp | None = None
    withdrawn: Mapping[str, Timestamp] = {}
    """By ``<channel>:<purpose>``."""

    @property
    def says_something(self) -> bool:
        return self.do_not_contact is not None or bool(self.withdrawn)

    def joined(self, other: "Objection") -> "Objection":
        """What either forbids."""
        barred = self.do_not_contact or other.do_not_contact
        return Objection(do_not_contact=barred, withdrawn={**self.withdrawn, **other.withdrawn})


class Hashing:
    """Makes the keyed hashes of one firm."""

    def __init__(self, secret: str, tenant: UUID) -> None:
        self._secret = f"erased|{secret}".encode()
        self._tenant = tenant

    def key(self, kind: str, text: str) -> ErasedKey:
        return ErasedKey(kind, hmac.digest(self._secret, f"{self._tenant}|{kind}|{text}".encode(), "sha256"))

    def reachable(self, mail: str | None, phone_e164: str | None) -> Iterator[ErasedKey]:
        """By what a person is reached."""
        if (box := mail_key(mail)) is not None:
            yield self.key(MAIL, box)
        if phone_e164 is not None:
            yield self.key(PHONE, phone_e164)

    def kept(self, contact: ContactState) -> Iterator[tuple[ErasedKey, Objection]]:
        """What stays of a contact that is erased: of mail and phone only where the person had forbidden something."""
        if contact.external_id is not None:
            yield self.key(EXTERNAL_ID, contact.external_id), Objection()
        if (said := objection_of(contact)).says_something:
            for key in self.reachable(contact.email, contact.phone_e164):
                yield key, said


def objection_of(contact: ContactState) -> Objection:
    """What the person has forbidden."""
    barred = contact.do_not_contact
    return Objection(
        do_not_contact=barred and barred.at,
        withdrawn={key: said.at for key, said in contact.consents.items() if not said.given},
    )


def recalled(contact: ContactState, objections: Iterable[Objection]) -> ContactState:
    """A new contact as it may be reached: what the person forbade before stands, unless it says otherwise now."""
    for said in objections:
        before = {key: Consent(given=False, at=at, source=SOURCE) for key, at in said.withdrawn.items()}
        barred = contact.do_not_contact
        if barred is None and said.do_not_contact is not None:
            barred = DoNotContact(at=said.do_not_contact, source=SOURCE)
        contact = contact.model_copy(update={"consents": {**before, **contact.consents}, "do_not_contact": barred})
    return contact
