"""What leads answers about visits."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel

from leads.visits.plan import VisitPlan


class StepView(BaseModel):
    """Something that is done at each visit."""

    code: str
    text: str
    required: bool


class VisitPlanView(BaseModel):
    """How often accounts of a class are visited, and what is done there."""

    customer_class: str
    every_days: int
    steps: list[StepView]
    active: bool

    @classmethod
    def of(cls, plan: VisitPlan) -> "VisitPlanView":
        steps = [StepView(**step._asdict()) for step in plan.steps]
        return cls(customer_class=plan.customer_class, every_days=plan.every_days, steps=steps, active=plan.active)


class DueVisitView(BaseModel):
    """An account that is to be visited."""

    account: UUID
    name: str
    customer_class: str
    owner: UUID | None
    every_days: int
    last_visit_on: date | None
    due_on: date
    planned: UUID | None
    """The next visit that is planned."""
    planned_at: datetime | None


class RulesView(BaseModel):
    """How near, how long, how punctual, how fast anybody can be (kilometres an hour), and whether with a photo."""

    radius_metres: int
    stay_minutes: int
    plan_minutes: int
    speed_max: int
    photo_required: bool


class SiteView(BaseModel):
    """Where a customer is visited."""

    customer: UUID
    latitude: float
    longitude: float


class ReadingView(BaseModel):
    """Where the performer was at a check-in or check-out."""

    step: Literal["in", "out"]
    at: datetime
    latitude: float
    longitude: float
    accuracy_metres: int | None
    mock: bool
    photo: str | None


class ProofView(BaseModel):
    """The readings of a visit."""

    readings: list[ReadingView]


class StopView(BaseModel):
    """A visit on the way."""

    visit: UUID
    account: UUID | None
    lead: UUID | None
    planned_at: datetime
    latitude: float
    longitude: float
    leg_metres: int
    """From the stop before, or from the start."""


class RouteView(BaseModel):
    """In which order to make the visits of a day, as the crow flies."""

    person: UUID
    on: date
    stops: list[StopView]
    metres: int
    shortest: bool
    """No other order is shorter."""
    bound_metres: int
    """No order is shorter than this."""
    as_planned_metres: int
    """The same visits in the order of their planned times."""
    without_site: list[UUID]
    """Visits to customers of whom nobody said where they are."""
