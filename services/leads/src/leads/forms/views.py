"""What leads answers about forms, to the firm and to the pages that show them."""

from datetime import date
from uuid import UUID

from pydantic import BaseModel

from chassis.aggregates import Loaded
from events.catalogue.contacts import Channel, Purpose
from events.catalogue.web_forms import WebFormState


class FormFieldView(BaseModel):
    """A field of the form and what it fills."""

    input: str
    to: str
    required: bool


class FormConsentView(BaseModel):
    """A box to tick."""

    input: str
    channel: Channel
    purpose: Purpose
    text: str
    required: bool


class WebFormView(BaseModel):
    """A form."""

    id: UUID
    version: int
    key: str
    """Public: what stands in the page, ``/v1/public/forms/<key>``."""
    name: str
    active: bool
    origins: list[str]
    fields: list[FormFieldView]
    consents: list[FormConsentView]
    source: str
    campaign: str | None
    medium: str | None
    trap: str
    fill_seconds_min: int
    per_minute: int
    per_address_per_minute: int

    @classmethod
    def of(cls, loaded: Loaded[WebFormState]) -> "WebFormView":
        return cls(**loaded.state.model_dump(), version=loaded.version)


class EntriesOfDayView(BaseModel):
    """How the entries of a day ended."""

    on: date
    captured: int
    linked: int
    """Touches of leads that were there."""
    spam: int


class TallyView(BaseModel):
    """Entries by day, the newest first."""

    days: list[EntriesOfDayView]


class OpenFieldView(BaseModel):
    """A field to show."""

    input: str
    required: bool


class OpenConsentView(BaseModel):
    """A box to show, not ticked, with its text."""

    input: str
    text: str
    required: bool


class OpenFormView(BaseModel):
    """What a page needs to show the form."""

    fields: list[OpenFieldView]
    consents: list[OpenConsentView]
    trap: str
    """A field to hide from humans; leave it empty."""
    ticket: str
    """To send with the entry."""
    fill_seconds_min: int

    @classmethod
    def of(cls, form: WebFormState, ticket: str) -> "OpenFormView":
        return cls(
            fields=[OpenFieldView(input=each.input, required=each.required) for each in form.fields],
            consents=[OpenConsentView(input=box.input, text=box.text, required=box.required) for box in form.consents],
            trap=form.trap,
            ticket=ticket,
            fill_seconds_min=form.fill_seconds_min,
        )


class ReceivedView(BaseModel):
    """The same answer for everybody: it does not say whether the prospect was known."""

    received: bool = True
