"""How often the accounts of a class are visited, and what is done there. Pure."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import NamedTuple

from chassis.refusals import Invalid


class VisitStep(NamedTuple):
    """Something that is done at each visit."""

    code: str
    text: str
    required: bool = True


class VisitPlan(NamedTuple):
    """For the accounts of one class."""

    customer_class: str
    every_days: int
    steps: tuple[VisitStep, ...] = ()
    active: bool = True

    def due_on(self, last_visit_on: date | None, opened_on: date) -> date:
        """The day of the next visit; an account that nobody visited yet is due from its first day."""
        return opened_on if last_visit_on is None else last_visit_on + timedelta(days=self.every_days)

    def done(self, codes: Iterable[str]) -> tuple[str, ...]:
        """The steps in their order; refuses what is no step of this plan."""
        given = set(codes)
        if unknown := sorted(given - {step.code for step in self.steps}):
            raise Invalid(f"{unknown[0]} is no step of visits to this class.", pointer="/steps")
        return tuple(step.code for step in self.steps if step.code in given)

    def missed(self, codes: Iterable[str]) -> tuple[str, ...]:
        """The required steps that were not done."""
        given = set(codes)
        return tuple(step.code for step in self.steps if step.required and step.code not in given)
