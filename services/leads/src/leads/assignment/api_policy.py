"""The rules of assignment over HTTP: given whole by sales operations, read with every revision, tried on a lead."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter

from chassis.examples import example
from chassis.paging import CursorText, Limit, Page
from chassis.problems import problems
from chassis.reading import Reader
from chassis.refusals import Forbidden, Invalid
from chassis.routes import CommandRoute, Work
from chassis.unit_of_work import UnitOfWork
from events.catalogue.assignment import AssignmentRule, Conditions, Member
from events.catalogue.identity import Role
from leads.assignment import store
from leads.assignment.inputs import MemberInput, PolicyInput, RuleInput
from leads.assignment.policy import ASSIGNMENT_POLICY, RuleNotUsable, SetAssignmentPolicy
from leads.assignment.views import NO_POLICY, PolicyView, RevisionView

router = APIRouter(route_class=CommandRoute, tags=["assignment"])

EDITORS = (Role.SALES_OPS, Role.ADMIN)
READERS = (*EDITORS, Role.DIRECTOR, Role.MANAGER, Role.INTEGRATION)

EXAMPLE = {
    "rules": [
        {
            "name": "Fair in the North",
            "when": {"sources": ["fair"], "countries": ["VN"]},
            "distribution": "round-robin",
            "members": [{"person_external_id": "rep"}],
            "limit": {"leads": 20, "per": "day"},
        }
    ],
    "pool": {"claim_limit": {"leads": 10, "per": "week"}, "recycle_after_days": 5},
    "alert_to": [],
}


@router.put(
    "/v1/assignment-policy", responses=problems(Forbidden, Invalid, RuleNotUsable), openapi_extra=example(EXAMPLE)
)
async def set_assignment_policy(body: PolicyInput, work: Work) -> PolicyView:
    """Give the rules, whole and in their order. Leads that have an owner keep it."""
    work.principal.require(*EDITORS)
    rules = tuple([await _rule(work, rule, f"/rules/{index}") for index, rule in enumerate(body.rules)])
    for index, person in enumerate(body.alert_to):
        await work.directory.person(work.tenant, person, pointer=f"/alert_to/{index}")
    command = SetAssignmentPolicy(
        moment=await work.moment(),
        tenant=work.tenant,
        rules=rules,
        pool=body.pool.to_rules(),
        alert_to=tuple(dict.fromkeys(body.alert_to)),
    )
    loaded = await work.execute(ASSIGNMENT_POLICY, work.tenant, command)
    await store.make_turns(work.connection, work.tenant, [rule.id for rule in rules])
    return PolicyView.of(loaded.state)


@router.get("/v1/assignment-policy", responses=problems(Forbidden))
async def get_assignment_policy(reader: Reader) -> PolicyView:
    """The rules that hold now, in their order."""
    reader.principal.require(*READERS)
    policy = await store.policy(reader.connection, reader.tenant)
    reader.etag(0 if policy is None else policy.revision)
    return NO_POLICY if policy is None else PolicyView.of(policy)


@router.get("/v1/assignment-policy/revisions", responses=problems(Forbidden))
async def list_assignment_policy_revisions(
    reader: Reader, limit: Limit = 50, cursor: CursorText = None
) -> Page[RevisionView]:
    """The rules as they were, newest first: what a lead's ``assigned_by_rule`` speaks of."""
    reader.principal.require(*READERS)
    cursors = reader.cursors("assignment-policy")
    after = cursors.read(cursor)
    rows = await store.revisions(reader.connection, reader.tenant, int(str(after[0])) if after else None, limit)
    return cursors.page(rows, limit, RevisionView.of_row, lambda row: [row["version"]])


async def _rule(work: UnitOfWork, body: RuleInput, pointer: str) -> AssignmentRule:
    given: dict[str, Any] = body.when.model_dump()
    for index, region in enumerate(body.when.regions):
        await work.directory.region(work.tenant, region, pointer=f"{pointer}/when/regions/{index}")
    members = [await _member(work, each, f"{pointer}/members/{index}") for index, each in enumerate(body.members)]
    return AssignmentRule(
        id=body.id or work.new_id(),
        name=body.name,
        active=body.active,
        when=Conditions(**given),
        distribution=body.distribution,
        members=tuple(members),
        limit=None if body.limit is None else body.limit.to_limit(),
    )


async def _member(work: UnitOfWork, body: MemberInput, pointer: str) -> Member:
    directory, tenant = work.directory, work.tenant
    if body.person is not None:
        found: UUID = (await directory.person(tenant, body.person, pointer=f"{pointer}/person")).id
    else:
        name = body.person_external_id or ""
        found = (await directory.find_person(tenant, name, pointer=f"{pointer}/person_external_id")).id
    return Member(person=found, weight=body.weight)
