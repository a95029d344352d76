"""Opting out by a link, without signing in. A GET changes nothing: what scans mails follows links, too."""

from typing import Annotated

from fastapi import APIRouter, Path, Request

from chassis.aggregates import Loaded
from chassis.http_context import context_of
from chassis.openapi import PUBLIC
from chassis.principal import Principal
from chassis.problems import problems
from chassis.refusals import NotFound
from chassis.resources import Resources
from chassis.unit_of_work import unit_of_work
from events.catalogue.contacts import ContactState
from leads.customers import opt_outs
from leads.customers.consent import RecordConsent, Statement, consent_key
from leads.customers.contact import CONTACT
from leads.customers.opt_outs import OptOutLink
from leads.customers.views import OptOutView
from leads.public import PublicRoute

router = APIRouter(route_class=PublicRoute, tags=["public"])

Token = Annotated[str, Path(min_length=1, max_length=100)]
SOURCE = "opt-out link"


@router.get("/v1/public/opt-outs/{token}", responses=problems(NotFound), openapi_extra=PUBLIC)
async def get_opt_out(token: Token, request: Request) -> OptOutView:
    """What the link is about; changes nothing."""
    resources = context_of(request.scope).resources
    link = await opt_outs.found(resources.pool, token)
    async with unit_of_work(resources, tenant=link.tenant) as work:
        return _view(link, await work.load(CONTACT, link.contact))


@router.post("/v1/public/opt-outs/{token}", responses=problems(NotFound), openapi_extra=PUBLIC)
async def opt_out(token: Token, request: Request) -> OptOutView:
    """Withdraw the consent that the link names. Mail programs may do it with one click (RFC 8058)."""
    resources = context_of(request.scope).resources
    return await _withdrawn(resources, await opt_outs.found(resources.pool, token))


async def _withdrawn(resources: Resources, link: OptOutLink) -> OptOutView:
    who = Principal(link.tenant, f"opt-out:{link.id}")
    async with unit_of_work(resources, tenant=link.tenant, principal=who) as work:
        said = Statement(link.channel, link.purpose, given=False, source=SOURCE)
        command = RecordConsent(moment=await work.moment(), statements=(said,))
        return _view(link, await work.execute(CONTACT, link.contact, command))


def _view(link: OptOutLink, contact: Loaded[ContactState]) -> OptOutView:
    standing = contact.state.consents.get(consent_key(link.channel, link.purpose))
    return OptOutView(channel=link.channel, purpose=link.purpose, opted_out=standing is not None and not standing.given)
