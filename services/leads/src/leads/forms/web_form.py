"""A form on the web: which fields it has and what of a lead they fill, which pages may send it, and how often. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from chassis.aggregates import Aggregate, Command
from chassis.refusals import AlreadyExists, Kind, Refusal
from events.catalogue.web_forms import WebFormChanged, WebFormDefined, WebFormEvent, WebFormState

NAME = "name"
"""What every form must ask for: a contact has a name."""


class FormWithoutName(Refusal):
    """One field of the form must fill the prospect's name."""

    slug = "form-without-name"
    kind = Kind.INVALID


class FormNamesTwice(Refusal):
    """Each name in a form, and each thing that a field fills, is there once; the trap is no field."""

    slug = "form-names-twice"
    kind = Kind.INVALID


@dataclass(frozen=True, kw_only=True)
class DefineWebForm(Command):
    """Define a form."""

    creates: ClassVar[bool] = True
    form: WebFormState


@dataclass(frozen=True, kw_only=True)
class ChangeWebForm(Command):
    """Change the attributes named."""

    changes: Mapping[str, Any]


WebFormCommand = DefineWebForm | ChangeWebForm


def decide(command: WebFormCommand, form: WebFormState | None) -> Iterator[WebFormEvent]:
    match command, form:
        case DefineWebForm(), None:
            yield WebFormDefined(web_form=_sound(command.form))
        case DefineWebForm(), WebFormState():
            raise AlreadyExists(id=str(form.id))
        case ChangeWebForm(), WebFormState():
            changed = _sound(form.model_copy(update=command.changes))
            if changed != form:
                yield WebFormChanged(web_form=changed)


def _sound(form: WebFormState) -> WebFormState:
    """Refuses what nobody could fill, or where one name means two things."""
    fills = [field.to for field in form.fields]
    names = [form.trap, *(field.input for field in form.fields), *(consent.input for consent in form.consents)]
    if NAME not in fills:
        raise FormWithoutName(pointer="/fields")
    if len(set(fills)) < len(fills) or len(set(names)) < len(names):
        raise FormNamesTwice(pointer="/fields")
    return form


def apply(_form: WebFormState | None, event: WebFormEvent) -> WebFormState:
    """An event carries the state after it."""
    return event.web_form


WEB_FORM = Aggregate(
    noun="form",
    table="web_form",
    state=WebFormState,
    decide=decide,
    apply=apply,
    columns=lambda form: {"key": form.key, "active": form.active},
)
