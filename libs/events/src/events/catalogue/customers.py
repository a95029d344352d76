"""Events of accounts beyond their opening: who holds them, and who has a part in what they buy. Ids and codes only."""

from uuid import UUID

from events.catalogue.custody import BuyingRole
from events.catalogue.leads import CustomerEvent, Owner


class CustomerTakenOver(CustomerEvent, type="dealstream.customer.taken_over", version=1):
    """Somebody holds the account from now on."""

    from_owner: Owner | None = None
    to_owner: Owner


class CustomerGivenUp(CustomerEvent, type="dealstream.customer.given_up", version=1):
    """Nobody holds the account any more; the company still owns it."""

    from_owner: Owner


class CustomerRolesChanged(CustomerEvent, type="dealstream.customer.roles_changed", version=1):
    """A contact has another part in what the account buys, or none."""

    contact_id: UUID
    roles: tuple[BuyingRole, ...]
