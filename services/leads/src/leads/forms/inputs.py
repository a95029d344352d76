"""What callers may send about forms, and what pages may send by them."""

from typing import Annotated, ClassVar

from pydantic import Field, StringConstraints, model_validator

from chassis.inputs import Input, LongText, Name, StrictBool, StrictInt
from events.catalogue.contacts import Channel, Purpose
from leads.inputs import Change

FieldName = Annotated[str, StringConstraints(strict=True, pattern=r"^[A-Za-z][A-Za-z0-9_.\[\]-]{0,79}$")]
Target = Annotated[
    str,
    StringConstraints(
        strict=True,
        pattern=r"^(name|email|phone|country|job_title|company|tax_code|title|source|campaign|medium"
        r"|(lead|contact)\.[a-z][a-z0-9_]{0,39})$",
    ),
]
Origin = Annotated[str, StringConstraints(strict=True, max_length=300, pattern=r"^https?://[a-z0-9.-]+(:[0-9]{1,5})?$")]
PerMinute = Annotated[StrictInt, Field(ge=1, le=10_000)]


class FormFieldInput(Input):
    """A field of the form and what it fills."""

    input: FieldName
    """What the page calls it."""
    to: Target
    required: StrictBool = False


class FormConsentInput(Input):
    """A box to tick."""

    input: FieldName
    channel: Channel
    purpose: Purpose
    text: LongText
    required: StrictBool = False


Fields = Annotated[list[FormFieldInput], Field(min_length=1, max_length=60)]
Consents = Annotated[list[FormConsentInput], Field(max_length=10)]
Origins = Annotated[list[Origin], Field(max_length=50)]
Seconds = Annotated[StrictInt, Field(ge=0, le=600)]


class WebFormInput(Input):
    """A form to define."""

    name: Name
    fields: Fields
    consents: Consents = Field(default=[])
    origins: Origins = Field(default=[])
    source: Name
    campaign: Name | None = None
    medium: Name | None = None
    trap: FieldName = "website"
    fill_seconds_min: Seconds = 3
    per_minute: PerMinute = 60
    per_address_per_minute: PerMinute = 6


class WebFormChange(Change):
    """What changes about a form; ``active: false`` takes no more entries."""

    keeps: ClassVar[frozenset[str]] = frozenset(
        {
            "name",
            "fields",
            "consents",
            "origins",
            "source",
            "trap",
            "fill_seconds_min",
            "per_minute",
            "per_address_per_minute",
            "active",
        }
    )

    name: Name | None = None
    fields: Fields | None = None
    consents: Consents | None = None
    origins: Origins | None = None
    source: Name | None = None
    campaign: Name | None = None
    medium: Name | None = None
    trap: FieldName | None = None
    fill_seconds_min: Seconds | None = None
    per_minute: PerMinute | None = None
    per_address_per_minute: PerMinute | None = None
    active: StrictBool | None = None


class EntryInput(Input):
    """What a page sends as JSON. An HTML form sends its fields as they are, ``_ticket`` and ``_entry_id`` with them."""

    fields: Annotated[dict[FieldName, LongText], Field(max_length=100)] = Field(
        default={}, examples=[{"your-name": "Lan", "your-mail": "lan@donga.example", "news": "on"}]
    )
    ticket: Annotated[str, StringConstraints(strict=True, max_length=200)] | None = None
    """What opening the form gave, where it asks for a time to fill it."""
    entry_id: Annotated[str, StringConstraints(strict=True, pattern=r"^[A-Za-z0-9-]{1,64}$")] | None = None
    """Made by the page: the same entry, sent again, counts once."""

    @model_validator(mode="before")
    @classmethod
    def _is_an_object(cls, value: object) -> object:
        if not isinstance(value, dict):
            raise ValueError("send an object")  # noqa: TRY004 - pydantic wants ValueError
        return value
