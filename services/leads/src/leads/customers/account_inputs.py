"""What callers may send about who holds an account, and who has a part in what it buys."""

from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, model_validator

from chassis.inputs import ExternalId, Input
from events.catalogue.custody import BuyingRole
from leads.inputs import When, at_most_one


class CustodyInput(When):
    """Who holds the account from then on; the caller, where nobody is named."""

    owner: UUID | None = None
    owner_external_id: ExternalId | None = None

    @model_validator(mode="after")
    def _names_at_most_one(self) -> Self:
        at_most_one(self, "owner")
        return self


class BuyingRolesInput(Input):
    """The part that a contact has in what the account buys; an empty list takes it away."""

    contact: UUID
    roles: Annotated[list[BuyingRole], Field(max_length=len(BuyingRole))]
