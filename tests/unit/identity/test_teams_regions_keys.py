"""Teams, regions and API keys."""

from datetime import UTC, datetime
from uuid import UUID

from chassis.refusals import AlreadyExists
from events.catalogue.identity import (
    ApiKeyIssued,
    ApiKeyRevoked,
    ApiKeyState,
    RegionChanged,
    RegionDefined,
    RegionState,
    Role,
    TeamChanged,
    TeamFormed,
    TeamState,
)
from events.moment import Moment
from events.testing import given
from identity.api_key import API_KEY, IssueApiKey, RevokeApiKey
from identity.region import REGION, ChangeRegion, DefineRegion
from identity.team import TEAM, ChangeTeam, FormTeam
from identity.trees import HierarchyLoop

NOW = Moment.of(datetime(2026, 3, 2, 9, tzinfo=UTC), "UTC")
LATER = Moment.of(datetime(2026, 3, 3, 9, tzinfo=UTC), "UTC")
NORTH, SOUTH = UUID(int=1), UUID(int=2)


def test_a_team_is_formed_and_changed():
    team = TeamState(id=NORTH, name="North")
    given(TEAM).when(FormTeam(moment=NOW, team=team)).then(TeamFormed())
    given(TEAM, team).when(FormTeam(moment=NOW, team=team)).then_refused(AlreadyExists)
    given(TEAM, team).when(ChangeTeam(moment=NOW, changes={"name": "North"})).then_nothing()
    given(TEAM, team).when(ChangeTeam(moment=NOW, changes={"lead": SOUTH})).then(TeamChanged()).then_state(lead=SOUTH)


def test_no_team_is_above_itself():
    team = TeamState(id=NORTH, name="North")
    change = ChangeTeam(moment=NOW, changes={"parent": SOUTH}, line=(SOUTH, NORTH))
    given(TEAM, team).when(change).then_refused(HierarchyLoop)


def test_a_region_is_defined_and_changed():
    region = RegionState(id=NORTH, name="North")
    given(REGION).when(DefineRegion(moment=NOW, region=region)).then(RegionDefined())
    given(REGION, region).when(DefineRegion(moment=NOW, region=region)).then_refused(AlreadyExists)
    given(REGION, region).when(ChangeRegion(moment=NOW, changes={"name": "Bắc"})).then(RegionChanged())
    given(REGION, region).when(ChangeRegion(moment=NOW, changes={"name": "North"})).then_nothing()


def test_no_region_is_above_itself():
    region = RegionState(id=NORTH, name="North")
    change = ChangeRegion(moment=NOW, changes={"parent": NORTH}, line=(NORTH,))
    given(REGION, region).when(change).then_refused(HierarchyLoop)


def test_a_key_is_issued_and_revoked_for_good():
    key = ApiKeyState(id=NORTH, name="import", secret_sha256="0" * 64, roles=(Role.INTEGRATION,))
    issue = IssueApiKey(moment=NOW, api_key=key)
    given(API_KEY).when(issue).then(ApiKeyIssued())
    given(API_KEY, key).when(issue).then_refused(AlreadyExists)
    given(API_KEY, key).when(RevokeApiKey(moment=NOW)).then(ApiKeyRevoked()).then_state(revoked_at=NOW.at)
    given(API_KEY, key, RevokeApiKey(moment=NOW)).when(RevokeApiKey(moment=LATER)).then_nothing()
