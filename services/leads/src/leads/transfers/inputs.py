"""What callers may send to transfer a person's open work."""

from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, model_validator

from chassis.inputs import Day, ExternalId, Input, at_field
from leads.inputs import at_most_one, exactly_one


class TeamRule(Input):
    """Who takes over what the person holds as a member of this team."""

    team: UUID
    to: UUID | None = None
    to_external_id: ExternalId | None = None

    @model_validator(mode="after")
    def _names_one(self) -> Self:
        exactly_one(self, "to")
        return self


class TransferInput(Input):
    """Whose open work passes to whom, from the beginning of a day on; today where absent.

    ``rules`` say it for each team; ``to`` takes all the rest. What no rule names stays, and is listed.
    """

    person: UUID | None = None
    person_external_id: ExternalId | None = None
    to: UUID | None = None
    to_external_id: ExternalId | None = None
    rules: Annotated[list[TeamRule], Field(max_length=50)] = Field(default=[])
    from_on: Day | None = None

    @model_validator(mode="after")
    def _says_who(self) -> Self:
        exactly_one(self, "person")
        at_most_one(self, "to")
        if self.to is None and self.to_external_id is None and not self.rules:
            raise ValueError("give to or rules")
        if len({rule.team for rule in self.rules}) < len(self.rules):
            raise at_field("rules", "each team has one rule")
        return self
