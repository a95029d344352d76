"""What callers say about visits."""

from typing import Annotated

from pydantic import Field, StrictFloat, StrictInt, model_validator

from chassis.inputs import Input, Name, StrictBool, at_field
from leads.inputs import Code, When
from leads.visits.plan import VisitStep
from leads.visits.proof import USUAL, Position

Latitude = Annotated[StrictInt | StrictFloat, Field(ge=-90, le=90)]
Longitude = Annotated[StrictInt | StrictFloat, Field(ge=-180, le=180)]
Bounded = Annotated[StrictInt, Field(ge=1, le=100_000)]


class PositionInput(Input):
    """Degrees north and east."""

    latitude: Latitude
    longitude: Longitude

    @property
    def position(self) -> Position:
        return Position(float(self.latitude), float(self.longitude))


class ReadingInput(When):
    """Where the performer is, by the device. A device that is told where it is says so (``mock``)."""

    latitude: Latitude
    longitude: Longitude
    accuracy_metres: Annotated[StrictInt, Field(ge=0, le=100_000)] | None = None
    mock: StrictBool = False
    photo: Name | None = None
    """Where the photo is kept: a reference, not the photo."""

    @property
    def position(self) -> Position:
        return Position(float(self.latitude), float(self.longitude))


class LeavingInput(ReadingInput):
    """Where the performer is when leaving, and what was done."""

    steps: Annotated[list[Code], Field(max_length=20)] = Field(default=[])
    """Codes of the standard steps that were done."""


class RulesInput(Input):
    """What the firm takes for a visit; what is absent is as usual."""

    radius_metres: Bounded = USUAL.radius_metres
    stay_minutes: Bounded = USUAL.stay_minutes
    plan_minutes: Bounded = USUAL.plan_minutes
    speed_max: Bounded = USUAL.speed_max
    photo_required: StrictBool = USUAL.photo_required


class StepInput(Input):
    """Something that is done at each visit."""

    code: Code
    text: Name
    required: StrictBool = True


class PlanInput(Input):
    """How often accounts of a class are visited, and what is done there."""

    customer_class: Code
    every_days: Annotated[StrictInt, Field(ge=1, le=1_000)]
    steps: Annotated[list[StepInput], Field(max_length=20)] = Field(default=[])
    active: StrictBool = True

    @model_validator(mode="after")
    def _names_each_step_once(self) -> "PlanInput":
        codes = [step.code for step in self.steps]
        if len(set(codes)) < len(codes):
            raise at_field("steps", "each code stands once")
        return self

    @property
    def standard(self) -> tuple[VisitStep, ...]:
        return tuple(VisitStep(step.code, step.text, step.required) for step in self.steps)
