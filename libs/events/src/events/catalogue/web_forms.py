"""Events of the forms by which prospects come in from web pages. What prospects enter is not in them."""

from uuid import UUID

from pydantic import NonNegativeInt, PositiveInt

from events.catalogue.contacts import Channel, Purpose
from events.event import UNSTAMPED, Event, Value
from events.topics import LEADS_WEB_FORM


class FormField(Value):
    """A field of the form, and what of a lead it fills."""

    input: str
    """What the page calls it."""
    to: str
    """``name``, ``email``, ``source`` ..., or the firm's own ``lead.<key>`` or ``contact.<key>``."""
    required: bool = False


class FormConsent(Value):
    """A box to tick. Its text is kept with the consent of whoever ticks it."""

    input: str
    channel: Channel
    purpose: Purpose
    text: str
    required: bool = False


class WebFormState(Value):
    """A form on the web. Its key is public: it says where an entry belongs, and opens nothing else."""

    id: UUID
    key: str
    name: str
    active: bool = True
    origins: tuple[str, ...] = ()
    """Pages of these origins may send it, ``https://www.example.com``; none named: any page."""
    fields: tuple[FormField, ...]
    consents: tuple[FormConsent, ...] = ()
    source: str
    campaign: str | None = None
    medium: str | None = None
    trap: str
    """A field that no human sees; whoever fills it is no prospect."""
    fill_seconds_min: NonNegativeInt = 0
    """Nobody fills the form faster; 0 asks for no ticket."""
    per_minute: PositiveInt
    per_address_per_minute: PositiveInt


class WebFormEvent(Event, topic=LEADS_WEB_FORM):
    """Base of what happens to a form."""

    web_form: WebFormState = UNSTAMPED


class WebFormDefined(WebFormEvent, type="dealstream.web_form.defined", version=1):
    """A form was defined."""


class WebFormChanged(WebFormEvent, type="dealstream.web_form.changed", version=1):
    """What a form takes, from where, how often, or whether it takes anything changed."""
