"""What somebody entered into a form, made into a capture; what is absent, unknown or wrong is named by field. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from pydantic import ValidationError

from chassis.refusals import Kind, Refusal
from events.catalogue.custom_fields import CustomFieldState, FieldType, RecordKind
from events.catalogue.leads import CustomValue
from events.catalogue.web_forms import FormConsent, WebFormState
from leads.inputs import LeadInput

ON_LEAD = frozenset({"title", "source", "campaign", "medium"})
TICKED = frozenset({"true", "on", "yes", "1"})
UNTICKED = frozenset({"false", "off", "no", "0"})

_RECORDS = {"lead": RecordKind.LEAD, "contact": RecordKind.CONTACT}


class EntryFieldUnknown(Refusal):
    """The form has no such field."""

    slug = "field-unknown"
    kind = Kind.INVALID


class EntryFieldMissing(Refusal):
    """This field is required."""

    slug = "field-required"
    kind = Kind.INVALID


class EntryFieldWrong(Refusal):
    """The value is not acceptable."""

    slug = "field-wrong"
    kind = Kind.INVALID


ENTRY_REFUSALS = (EntryFieldUnknown, EntryFieldMissing, EntryFieldWrong)


class Entry(NamedTuple):
    """What came in, by the names of the form."""

    fields: Mapping[str, str]
    ticket: str | None = None
    entry_id: str | None = None


def is_spam(form: WebFormState, entry: Entry) -> bool:
    """Somebody filled what nobody sees."""
    return bool(entry.fields.get(form.trap))


def capture_of(form: WebFormState, entry: Entry, definitions: Iterable[CustomFieldState]) -> LeadInput:
    """The capture that the entry asks for."""
    known = {(each.record, each.key): each for each in definitions}
    _refuse_surplus(form, entry)
    body: dict[str, Any] = {"source": form.source, "campaign": form.campaign, "medium": form.medium}
    prospect: dict[str, Any] = {"custom": {}, "consents": list(_consents(form, entry))}
    custom: dict[str, CustomValue] = {}
    for field in form.fields:
        value = entry.fields.get(field.input, "").strip()
        if not value:
            if field.required or field.to == "name":
                raise EntryFieldMissing(pointer=f"/fields/{field.input}")
            continue
        record, _, key = field.to.rpartition(".")
        if record:
            found = custom if record == "lead" else prospect["custom"]
            found[key] = _typed(value, known.get((_RECORDS[record], key)))
        else:
            (body if field.to in ON_LEAD else prospect)[field.to] = value
    external_id = f"form {form.key} {entry.entry_id}" if entry.entry_id else None
    complete = {**body, "custom": custom, "prospect": prospect, "duplicates": "link", "external_id": external_id}
    return _validated(form, complete)


def _refuse_surplus(form: WebFormState, entry: Entry) -> None:
    names = {form.trap, *(field.input for field in form.fields), *(consent.input for consent in form.consents)}
    for name in entry.fields:
        if name not in names:
            raise EntryFieldUnknown(pointer=f"/fields/{name}")


def _consents(form: WebFormState, entry: Entry) -> Iterator[dict[str, Any]]:
    """A box that is not ticked says nothing: neither consent nor its withdrawal."""
    for box in form.consents:
        if _is_ticked(box, entry):
            yield {
                "channel": box.channel,
                "purpose": box.purpose,
                "given": True,
                "source": f"form: {form.name}"[:200],
                "text": box.text,
            }
        elif box.required:
            raise EntryFieldMissing(f"To send this form, tick: {box.text}", pointer=f"/fields/{box.input}")


def _is_ticked(box: FormConsent, entry: Entry) -> bool:
    value = entry.fields.get(box.input, "").strip().lower()
    if value in TICKED:
        return True
    if value and value not in UNTICKED:
        raise EntryFieldWrong("A box is on or off.", pointer=f"/fields/{box.input}")
    return False


def _typed(value: str, definition: CustomFieldState | None) -> CustomValue:
    """Text as forms send it, as the type of the field; what cannot be read so is refused later, as the text it is."""
    match definition.type if definition else None:
        case FieldType.NUMBER:
            return _number(value)
        case FieldType.YES_NO if value.lower() in TICKED | UNTICKED:
            return value.lower() in TICKED
    return value


def _number(value: str) -> CustomValue:
    for kind in (int, float):
        try:
            return kind(value)
        except ValueError:
            continue
    return value


def _validated(form: WebFormState, body: dict[str, Any]) -> LeadInput:
    try:
        return LeadInput.model_validate(body)
    except ValidationError as errors:
        first = errors.errors()[0]
        place = [part for part in first["loc"] if part != "prospect"]
        target = f"lead.{place[1]}" if place[0] == "custom" else str(place[0])
        detail = str(first["msg"]).removeprefix("Value error, ")
        raise EntryFieldWrong(detail, pointer=field_of(form, target)) from errors


def field_of(form: WebFormState, target: str) -> str | None:
    """Where in the entry stands what fills this."""
    return next((f"/fields/{field.input}" for field in form.fields if field.to == target), None)


def rename(form: WebFormState, refusal: Refusal) -> None:
    """Let a refusal of the capture point to the field of the form instead."""
    parts = (refusal.pointer or "").strip("/").split("/")
    key = parts[-1]
    target = f"{'contact' if parts[0] == 'prospect' else 'lead'}.{key}" if "custom" in parts else key
    refusal.pointer = field_of(form, target)
