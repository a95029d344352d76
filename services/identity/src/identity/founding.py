"""``python -m identity found``: a tenant with its first admin and API key, before anybody can sign in.

It may be run at every start: what is there already is left as it is. The key's text is written to a file that only its
owner can read, and replaced only when the key in it is not valid.
"""

import argparse
import asyncio
import json
import os
import secrets
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from uuid import UUID

import structlog

from chassis.api_keys import PREFIX, secret_sha256
from chassis.database import acquired
from chassis.migrate import migrate
from chassis.principal import Principal
from chassis.process import opened
from chassis.refusals import Refusal
from chassis.resources import Resources
from chassis.service import Service
from chassis.settings import WrongSettings
from chassis.unit_of_work import UnitOfWork, unit_of_work
from events.catalogue.identity import ApiKeyState, PersonState, Role, TenantState
from events.ids import uuid7
from events.moment import Moment
from identity import passwords, store, store_credentials
from identity.api_key import API_KEY, IssueApiKey
from identity.person import PERSON, JoinPerson
from identity.signing import SigningKeys
from identity.tenant import TENANT, FoundTenant

KEY_NAME = "founding"

Done = TypeVar("Done")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be there afterwards."""

    slug: str
    name: str
    zone: str
    currency: str
    fiscal_year_start_month: int
    admin_email: str
    admin_password: str
    api_key_file: Path


def found(service: Service, words: Sequence[str]) -> int:
    """The command; data to stdout, talk to stderr, exit code 0 or 1."""
    try:
        wanted = _wanted(words)
        done = asyncio.run(_with_resources(service, lambda resources: founded(resources, wanted)))
    except (Refusal, WrongSettings, OSError) as error:
        detail = error.detail if isinstance(error, Refusal) else error
        sys.stderr.write(f"identity found: {detail}\n")
        return 1
    sys.stdout.write(json.dumps(done) + "\n")
    return 0


def rotate(service: Service, _words: Sequence[str]) -> int:
    """``python -m identity rotate-keys``: tokens are signed by a new key from now on."""

    async def rotated(resources: Resources) -> str:
        return await SigningKeys(resources.pool).rotate(resources.clock.now())

    sys.stdout.write(json.dumps({"key_id": asyncio.run(_with_resources(service, rotated))}) + "\n")
    return 0


async def founded(resources: Resources, wanted: Wanted) -> dict[str, str]:
    """Tenant, admin and key in one transaction; the file is written once it is committed."""
    async with acquired(resources.pool) as connection:
        known = await store.tenant_of_slug(connection, wanted.slug)
    tenant = known["id"] if known else uuid7()
    text: str | None = None
    async with unit_of_work(resources, tenant=tenant, principal=Principal.of_service(tenant, "founding")) as work:
        moment = Moment.of(work.now, "UTC")
        if known is None:
            await work.execute(TENANT, tenant, FoundTenant(moment=moment, tenant=_tenant(tenant, wanted)))
        admin = await _admin(work, wanted, moment)
        if not await _holds_valid_key(work, wanted.api_key_file):
            text = await _key(work, moment)
    if text is not None:
        _write(wanted.api_key_file, text)
    return {"tenant": str(tenant), "admin": str(admin), "api_key_file": str(wanted.api_key_file)}


def _tenant(id_: UUID, wanted: Wanted) -> TenantState:
    return TenantState(
        id=id_,
        slug=wanted.slug,
        name=wanted.name,
        zone=wanted.zone,
        base_currency=wanted.currency,
        fiscal_year_start_month=wanted.fiscal_year_start_month,
    )


async def _admin(work: UnitOfWork, wanted: Wanted, moment: Moment) -> UUID:
    row = await store.person_of_email(work.connection, work.tenant, wanted.admin_email)
    id_: UUID = row["id"] if row else work.new_id()
    if row is None:
        person = PersonState(id=id_, name="Administrator", email=wanted.admin_email, roles=(Role.ADMIN,))
        await work.execute(PERSON, id_, JoinPerson(moment=moment, person=person))
    if row is None or row["password_hash"] is None:
        passwords.refuse_weak(wanted.admin_password, wanted.admin_email)
        made = await passwords.hashed(wanted.admin_password)
        await store_credentials.set_password_hash(work.connection, work.tenant, id_, made, work.now)
    return id_


async def _holds_valid_key(work: UnitOfWork, file: Path) -> bool:
    head, _, secret = _kept_text(file).removeprefix(PREFIX).partition("_")
    try:
        id_ = UUID(hex=head)
    except ValueError:
        return False
    return await store_credentials.api_key_is_valid(work.connection, work.tenant, id_, secret_sha256(secret))


def _kept_text(file: Path) -> str:
    return file.read_text("utf-8").strip() if file.exists() else ""


async def _key(work: UnitOfWork, moment: Moment) -> str:
    id_, secret = work.new_id(), secrets.token_urlsafe(32)
    roles = (Role.ADMIN, Role.INTEGRATION)
    key = ApiKeyState(id=id_, name=KEY_NAME, secret_sha256=secret_sha256(secret), roles=roles)
    await work.execute(API_KEY, id_, IssueApiKey(moment=moment, api_key=key))
    return f"{PREFIX}{id_.hex}_{secret}"


def _write(file: Path, text: str) -> None:
    """Readable by its owner alone from its first moment, whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_name(f"{file.name}.new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
        opened.write(f"{text}\n")
    fresh.replace(file)


async def _with_resources(service: Service, run: Callable[[Resources], Awaitable[Done]]) -> Done:
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    settings = service.settings.from_environment()
    if settings.migrate:
        await migrate(settings.database_url.get_secret_value(), service.sources)
    async with opened(service, settings) as resources:
        return await run(resources)


def _wanted(words: Sequence[str]) -> Wanted:
    parser = argparse.ArgumentParser(prog="python -m identity found", description=__doc__)
    parser.add_argument("--slug", default="default", help="short name of the tenant")
    parser.add_argument("--name", required=True)
    parser.add_argument("--zone", default="UTC", help="IANA time zone, as Asia/Ho_Chi_Minh")
    parser.add_argument("--currency", default="USD", help="base currency of ISO 4217")
    parser.add_argument("--fiscal-year-start-month", type=int, choices=range(1, 13), default=1, metavar="1..12")
    parser.add_argument("--admin-email", required=True)
    parser.add_argument("--admin-password-file", required=True, type=Path)
    parser.add_argument("--api-key-file", required=True, type=Path)
    given = parser.parse_args(words)
    return Wanted(
        slug=given.slug,
        name=given.name,
        zone=given.zone,
        currency=given.currency,
        fiscal_year_start_month=given.fiscal_year_start_month,
        admin_email=given.admin_email,
        admin_password=given.admin_password_file.read_text("utf-8").rstrip("\r\n"),
        api_key_file=given.api_key_file,
    )
