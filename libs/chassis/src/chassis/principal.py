"""Who is asking, and which records they may see. One small type for every service. Pure.

``Principal`` comes from a verified token or API key. ``Scope`` turns its roles into row visibility: everything for
those who look after the whole, the own and led teams for a manager, the own records for everybody else.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from chassis.refusals import Forbidden
from events.catalogue.identity import Role
from events.catalogue.leads import Owner

SEES_EVERYTHING = frozenset({Role.ADMIN, Role.SALES_OPS, Role.DIRECTOR, Role.INTEGRATION})
"""Roles whose holders see each record of their tenant."""


@dataclass(frozen=True, slots=True)
class Scope:
    """The records a principal may see: ``everything``, those of ``teams``, those of ``person``."""

    everything: bool = False
    teams: tuple[UUID, ...] = ()
    person: UUID | None = None

    def allows(self, owner: Owner | None, *, unowned: bool = False) -> bool:
        """Whether a record of this owner is visible; one without an owner only where the endpoint says ``unowned``."""
        if self.everything:
            return True
        if owner is None:
            return unowned
        return (self.person is not None and owner.person == self.person) or owner.team in self.teams

    def sql(
        self, person_column: str, team_column: str, first_parameter: int, *, unowned: bool = False
    ) -> tuple[str, list[object]]:
        """The same rule as a condition whose parameters are numbered from ``first_parameter``."""
        if self.everything:
            return "true", []
        condition = f"{person_column} = ${first_parameter}::uuid OR {team_column} = ANY(${first_parameter + 1}::uuid[])"
        if unowned:
            condition += f" OR {person_column} IS NULL"
        return f"({condition})", [self.person, list(self.teams)]


@dataclass(frozen=True, slots=True)
class Principal:
    """A person or an integration, with the rights it has now."""

    tenant: UUID
    subject: str
    """``person:<id>``, ``key:<id>`` or ``service:<name>``: stands as the actor on events."""
    person: UUID | None = None
    roles: frozenset[Role] = field(default_factory=frozenset)
    team: UUID | None = None
    region: UUID | None = None
    led_teams: tuple[UUID, ...] = ()

    @classmethod
    def of_service(cls, tenant: UUID, name: str) -> "Principal":
        """The platform itself, acting for a tenant in a reaction or a background task."""
        return cls(tenant=tenant, subject=f"service:{name}", roles=frozenset({Role.ADMIN}))

    def has(self, *roles: Role) -> bool:
        return not self.roles.isdisjoint(roles)

    def require(self, *roles: Role) -> None:
        """Refuse with Forbidden unless one of these roles is held."""
        if not self.has(*roles):
            needed: Sequence[str] = sorted(role.value for role in roles)
            raise Forbidden(f"This needs one of the roles {', '.join(needed)}.")

    @property
    def scope(self) -> Scope:
        if not self.roles.isdisjoint(SEES_EVERYTHING):
            return Scope(everything=True)
        if Role.MANAGER in self.roles:
            own = () if self.team is None else (self.team,)
            return Scope(teams=tuple(dict.fromkeys((*own, *self.led_teams))), person=self.person)
        return Scope(person=self.person)
