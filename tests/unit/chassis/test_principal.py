"""Who sees which records."""

from uuid import uuid4

import pytest

from chassis.principal import Principal
from chassis.refusals import Forbidden
from events.catalogue.identity import Role
from events.catalogue.leads import Owner

TENANT, ANA, BEN, NORTH, SOUTH = (uuid4() for _ in range(5))
OWN = Owner(person=ANA, team=NORTH)
TEAM = Owner(person=BEN, team=NORTH)
OTHER = Owner(person=BEN, team=SOUTH)


def who(*roles: Role, led: tuple[object, ...] = ()) -> Principal:
    return Principal(
        tenant=TENANT,
        subject="x",
        person=ANA,
        roles=frozenset(roles),
        team=NORTH,
        led_teams=led,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize("role", [Role.REP, Role.SDR, Role.CUSTOMER_SUCCESS])
def test_who_sells_sees_the_own_records(role: Role) -> None:
    scope = who(role).scope
    assert [scope.allows(owner) for owner in (OWN, TEAM, OTHER, None)] == [True, False, False, False]
    assert scope.allows(None, unowned=True)


def test_a_manager_sees_the_own_and_the_led_teams() -> None:
    scope = who(Role.MANAGER).scope
    assert [scope.allows(owner) for owner in (OWN, TEAM, OTHER)] == [True, True, False]
    assert who(Role.MANAGER, led=(SOUTH,)).scope.allows(OTHER)


@pytest.mark.parametrize("role", [Role.ADMIN, Role.SALES_OPS, Role.DIRECTOR, Role.INTEGRATION])
def test_who_looks_after_the_whole_sees_the_whole(role: Role) -> None:
    scope = who(role, Role.REP).scope
    assert scope.allows(OTHER)
    assert scope.allows(None)
    assert scope.sql("owner", "team", 3) == ("true", [])


def test_the_condition_in_sql_numbers_its_parameters() -> None:
    condition, parameters = who(Role.MANAGER, led=(SOUTH,)).scope.sql("owner_person", "owner_team", 4, unowned=True)
    assert condition == "(owner_person = $4::uuid OR owner_team = ANY($5::uuid[]) OR owner_person IS NULL)"
    assert parameters == [ANA, [NORTH, SOUTH]]


def test_nobody_without_a_person_owns_what_nobody_owns() -> None:
    nobody = Principal(tenant=TENANT, subject="key:x", roles=frozenset({Role.REP})).scope
    assert not nobody.allows(OWN)


def test_a_missing_role_is_refused_by_name() -> None:
    with pytest.raises(Forbidden, match="admin, sales-ops"):
        who(Role.REP).require(Role.SALES_OPS, Role.ADMIN)
    who(Role.REP).require(Role.REP, Role.ADMIN)
