"""People over HTTP: join, change, dated places, leaving and coming back, passwords."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response

from chassis.aggregates import Loaded
from chassis.bulk import Batch, BatchReply, Existing, each, reply
from chassis.examples import example
from chassis.inputs import ExternalId
from chassis.paging import CursorText, Limit, Page
from chassis.problems import problems
from chassis.reading import Reader, ReadTransaction
from chassis.refusals import AlreadyExists, Forbidden, Invalid, Malformed, NotFound
from chassis.routes import CommandRoute, Work
from chassis.unit_of_work import UnitOfWork
from events.catalogue.identity import Assignment, Leave, PersonState, Role
from events.catalogue.leads import Owner
from identity import passwords, store, store_credentials
from identity.inputs import AssignmentInput, LeaveInput, PasswordInput, PersonChange, PersonInput, PersonItem
from identity.passwords import WeakPassword
from identity.person import (
    PERSON,
    AssignPerson,
    ChangeLeave,
    ChangePerson,
    DeactivatePerson,
    JoinPerson,
    LastAdmin,
    PersonCommand,
    PersonIsInactive,
    ReactivatePerson,
    TooManyAssignments,
    TooManyLeaves,
    belongs_on,
)
from identity.references import existing, line, named, refuse_existing
from identity.trees import HierarchyLoop
from identity.views import PersonView

router = APIRouter(route_class=CommandRoute, tags=["people"])

STAFF = (Role.ADMIN, Role.SALES_OPS, Role.INTEGRATION)
"""Who looks after people, teams and regions."""
HIGH = frozenset({Role.ADMIN, Role.INTEGRATION})
"""Roles that only an admin gives, takes away, or touches the holder of."""


@router.post(
    "/v1/people",
    status_code=201,
    responses=problems(AlreadyExists, Invalid),
    openapi_extra=example(
        {
            "name": "Nguyễn Thị Lan",
            "external_id": "e-1042",
            "email": "lan@acme.example",
            "locale": "vi",
            "roles": ["rep"],
            "team_external_id": "north",
        }
    ),
)
async def join(body: PersonInput, work: Work, response: Response) -> PersonView:
    """A person joins. Sales operations may do this; only an admin gives the roles admin and integration."""
    work.principal.require(*STAFF)
    await refuse_existing(work, "person", body.external_id)
    loaded = await _joined(work, body)
    response.headers["Location"] = f"/v1/people/{loaded.state.id}"
    return await _view(work, loaded)


@router.post(
    "/v1/people:batch",
    openapi_extra=example(
        {
            "items": [
                {
                    "item_id": "row 1",
                    "name": "Nguyễn Thị Lan",
                    "external_id": "e-1042",
                    "email": "lan@acme.example",
                    "locale": "vi",
                    "roles": ["rep"],
                    "team_external_id": "north",
                }
            ]
        }
    ),
)
async def join_many(body: Batch[PersonItem], work: Work, response: Response) -> BatchReply:
    """Many people join; one whose external id is known is answered with ``existing``. Managers before their people."""
    work.principal.require(*STAFF)

    async def run(item: PersonItem) -> Any:
        if (known := await existing(work, "person", item.external_id)) is not None:
            return known, Existing(known, await work.load(PERSON, known))
        loaded = await _joined(work, item)
        return loaded.state.id, loaded

    results = await each(work, body.items, run, atomic=body.atomic, created=True)
    work.version = None
    return reply(results, response)


@router.get("/v1/people")
async def list_people(
    reader: Reader,
    *,
    active: bool | None = None,
    role: Role | None = None,
    team: UUID | None = None,
    email: Annotated[str | None, Query(max_length=254)] = None,
    external_id: Annotated[ExternalId | None, Query()] = None,
    limit: Limit = 50,
    cursor: CursorText = None,
) -> Page[PersonView]:
    """People in order of entry; ``team`` means those who belong to it today."""
    cursors = reader.cursors("people")
    after = cursors.read(cursor)
    today = await reader.directory.today(reader.tenant)
    wanted = store.Filter(
        tenant=reader.tenant,
        limit=limit,
        after=after[0] if after else None,
        equal={"active": active, "email": email.casefold() if email else None, "external_id": external_id},
        role=role.value if role else None,
        team=team,
        today=today,
    )
    rows = await store.page(reader.connection, "person", wanted)
    return cursors.page(rows, limit, lambda row: PersonView.of(_loaded(row), today), lambda row: [row["id"]])


@router.get("/v1/people/{person_id}", responses=problems(NotFound))
async def get_person(person_id: UUID, reader: Reader) -> PersonView:
    """One person."""
    return await _view(reader, await reader.load(PERSON, person_id))


@router.patch(
    "/v1/people/{person_id}",
    responses=problems(NotFound, AlreadyExists, LastAdmin, HierarchyLoop),
    openapi_extra=example({"name": "Trần Văn Bình", "roles": ["manager"]}),
)
async def change_person(person_id: UUID, body: PersonChange, work: Work) -> PersonView:
    """Change name, mail address, language, roles or manager. A person may change their own name and language."""
    changes = body.model_dump(exclude_unset=True)
    if not (work.principal.person == person_id and changes.keys() <= {"name", "locale"}):
        await _refuse_beyond_rights(work, person_id, body.roles or ())
    if body.roles is not None:
        changes["roles"] = _distinct(body.roles)
    command = ChangePerson(
        moment=await work.moment(),
        changes=changes,
        line=await line(work, "person", body.manager, pointer="/manager"),
        other_admins=await store.other_admins(work.connection, work.tenant, person_id),
    )
    return await _view(work, await work.execute(PERSON, person_id, command))


@router.post(
    "/v1/people/{person_id}/assignment",
    responses=problems(NotFound, PersonIsInactive, TooManyAssignments, Invalid),
    openapi_extra=example({"from_on": "2026-07-01", "team_external_id": "south"}),
)
async def assign_person(person_id: UUID, body: AssignmentInput, work: Work) -> PersonView:
    """The person belongs to this team and region from a day on. Figures before that day stay where they are."""
    await _refuse_beyond_rights(work, person_id)
    place = Assignment(
        from_on=body.from_on,
        team=await named(work, "team", body, "team"),
        region=await named(work, "region", body, "region"),
    )
    return await _done(work, person_id, AssignPerson(moment=await work.moment(), assignment=place))


@router.post(
    "/v1/people/{person_id}/leave",
    responses=problems(NotFound, Forbidden, TooManyLeaves),
    openapi_extra=example({"from_on": "2026-12-21", "to_on": "2027-01-02"}),
)
async def take_leave(person_id: UUID, body: LeaveInput, work: Work) -> PersonView:
    """The person is away on these days, and rules assign nothing that would wait for them.

    Everybody says so of themselves, managers of their people.
    """
    return await _leave(work, person_id, body, away=True)


@router.post(
    "/v1/people/{person_id}/presence",
    responses=problems(NotFound, Forbidden, TooManyLeaves),
    openapi_extra=example({"from_on": "2026-12-28", "to_on": "2027-01-02"}),
)
async def cancel_leave(person_id: UUID, body: LeaveInput, work: Work) -> PersonView:
    """The person is there on these days after all; what is left of a leave around them stays."""
    return await _leave(work, person_id, body, away=False)


@router.post("/v1/people/{person_id}/deactivation", responses=problems(NotFound, LastAdmin))
async def deactivate_person(person_id: UUID, work: Work) -> PersonView:
    """The person leaves: sessions end, past credit stays."""
    await _refuse_beyond_rights(work, person_id)
    others = await store.other_admins(work.connection, work.tenant, person_id)
    view = await _done(work, person_id, DeactivatePerson(moment=await work.moment(), other_admins=others))
    await store_credentials.end_sessions_of(work.connection, work.tenant, person_id)
    return view


@router.post("/v1/people/{person_id}/reactivation", responses=problems(NotFound))
async def reactivate_person(person_id: UUID, work: Work) -> PersonView:
    """The person comes back."""
    await _refuse_beyond_rights(work, person_id)
    return await _done(work, person_id, ReactivatePerson(moment=await work.moment()))


@router.post(
    "/v1/people/{person_id}/password",
    status_code=204,
    responses=problems(NotFound, Forbidden, WeakPassword, Malformed),
    openapi_extra=example({"password": "a long sentence is best"}),
)
async def set_password(person_id: UUID, body: PasswordInput, work: Work) -> None:
    """An admin sets anybody's password, everybody their own by giving the current one. Open sessions end."""
    work.refuse_idempotency_key()
    own = work.principal.person == person_id
    if not own:
        work.principal.require(Role.ADMIN)
    person = await work.load(PERSON, person_id)
    work.match(person)
    if own:
        kept = await store_credentials.password_hash(work.connection, work.tenant, person_id)
        if not await passwords.is_right(body.current_password or "", kept):
            raise Forbidden("The current password is not right.", pointer="/current_password")
    passwords.refuse_weak(body.password, person.state.email)
    made = await passwords.hashed(body.password)
    await store_credentials.set_password_hash(work.connection, work.tenant, person_id, made, work.now)
    await store_credentials.end_sessions_of(work.connection, work.tenant, person_id)


async def _joined(work: UnitOfWork, body: PersonInput) -> Loaded[PersonState]:
    if HIGH & set(body.roles):
        work.principal.require(Role.ADMIN)
    id_ = work.new_id()
    team, region = await named(work, "team", body, "team"), await named(work, "region", body, "region")
    moment = await work.moment()
    placed = team is not None or region is not None or body.assigned_from is not None
    place = Assignment(from_on=body.assigned_from or moment.on, team=team, region=region)
    person = PersonState(
        id=id_,
        external_id=body.external_id,
        name=body.name,
        email=body.email,
        locale=body.locale,
        roles=_distinct(body.roles),
        manager=await named(work, "person", body, "manager"),
        assignments=(place,) if placed else (),
    )
    return await work.execute(PERSON, id_, JoinPerson(moment=moment, person=person))


async def _refuse_beyond_rights(work: UnitOfWork, person_id: UUID, roles: Any = ()) -> None:
    """Sales operations look after people; who is or becomes admin or integration is an admin's affair."""
    work.principal.require(*STAFF)
    held = (await work.load(PERSON, person_id)).state.roles
    if HIGH & {*held, *roles}:
        work.principal.require(Role.ADMIN)


async def _leave(work: UnitOfWork, person_id: UUID, body: LeaveInput, *, away: bool) -> PersonView:
    moment, caller = await work.moment(), work.principal
    if caller.person != person_id and not caller.has(*STAFF):
        caller.require(*STAFF, Role.MANAGER, Role.DIRECTOR)
        place = belongs_on((await work.load(PERSON, person_id)).state, moment.on)
        if not caller.scope.allows(Owner(person=person_id, team=place.team if place else None)):
            raise Forbidden("This person is not one of yours.")
    days = Leave(from_on=body.from_on, to_on=body.to_on)
    return await _done(work, person_id, ChangeLeave(moment=moment, days=days, away=away))


async def _done(work: UnitOfWork, person_id: UUID, command: PersonCommand) -> PersonView:
    return await _view(work, await work.execute(PERSON, person_id, command))


async def _view(at: UnitOfWork | ReadTransaction, loaded: Loaded[PersonState]) -> PersonView:
    return PersonView.of(loaded, await at.directory.today(at.tenant))


def _loaded(row: Any) -> Loaded[PersonState]:
    return Loaded(PersonState.model_validate_json(row["state"]), row["version"])


def _distinct(roles: list[Role]) -> tuple[Role, ...]:
    return tuple(dict.fromkeys(roles))
