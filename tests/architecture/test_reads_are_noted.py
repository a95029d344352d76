"""Whatever of leads answers what is personal about contacts asks who may see it, and notes that an admin read it."""

from collections.abc import Iterator
from typing import Any, get_args

import pytest
from fastapi.routing import APIRoute
from pydantic import BaseModel

from leads.activities.views import ActivityView
from leads.app import SERVICE
from leads.calendars.views import CalendarEntryView
from leads.customers import personal_data
from leads.customers.account_views import StakeholderView
from leads.customers.api_profile import ProfileEntryView
from leads.scripts.views import NeedView
from leads.timeline.views import TimelineEntryView
from leads.views import ContactView

PERSONAL = frozenset(
    (ActivityView, CalendarEntryView, ContactView, NeedView, ProfileEntryView, StakeholderView, TimelineEntryView)
)
"""What answers names of contacts, how to reach them, or what somebody wrote about them."""
OWN_WORDS = {
    *("add_contact", "add_survey_answers", "add_market_note", "keep_answers", "plan_series"),
    *("check_in", "check_out"),
}
"""They answer to whoever has just said it, or did it: nothing that the caller did not know."""


def routes() -> list[APIRoute]:
    return [route for router in SERVICE.routers for route in router.routes if isinstance(route, APIRoute)]


def models(annotation: Any) -> Iterator[type[BaseModel]]:
    """The model that is answered, and all within it."""
    for inner in get_args(annotation):
        yield from models(inner)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
        for field in annotation.model_fields.values():
            yield from models(field.annotation)


def is_personal(model: type[BaseModel]) -> bool:
    return any(issubclass(model, each) for each in PERSONAL)


SHOWING = [route for route in routes() if any(map(is_personal, models(route.response_model)))]


@pytest.mark.parametrize("route", SHOWING, ids=lambda route: route.name)
def test_whoever_shows_personal_data_notes_who_read_it(route: APIRoute) -> None:
    notes = any(each.call is personal_data._open for each in route.dependant.dependencies)
    assert notes is (route.name not in OWN_WORDS), f"{route.name} takes no PersonalReads"


def test_each_kind_of_personal_data_is_shown_somewhere() -> None:
    shown = {each for route in SHOWING for model in models(route.response_model) for each in PERSONAL if model is each}
    assert shown == PERSONAL
