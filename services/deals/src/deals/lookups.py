"""What a command refers to, looked up before the decision: pipelines, products, accounts, owners, rates.

One of these serves a request. ``gather`` reads what all bodies of the request name, with one statement a kind, so that
a batch costs no more round trips than one command. An account that is not here yet may be on its way from leads and is
awaited for two seconds.
"""

import asyncio
import time
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from chassis.currencies import decimals
from chassis.refusals import Invalid
from chassis.unit_of_work import UnitOfWork
from deals import store
from deals.default_pipeline import default_pipeline
from deals.inputs import DealInput, DetailsChange, LineInput, LinesChange, Reopening, StageMove, Win, WorthInput
from deals.worth import Conversion
from events.catalogue.deals import PipelineState, ProductState
from events.catalogue.leads import Owner
from events.moment import Moment

ACCOUNT_SECONDS = 2.0
_POLL_SECONDS = 0.1

Reference = UUID | str


class Lookups:
    """Answers what a request's bodies refer to; refuses what does not exist with a pointer to the field."""

    def __init__(self, work: UnitOfWork) -> None:
        self.work = work
        self.pipelines: dict[UUID, PipelineState] = {}
        self._products: dict[Reference, ProductState] = {}
        self._accounts: dict[Reference, UUID] = {}
        self._moments: dict[datetime | None, Moment] = {}

    async def gather(self, bodies: Sequence[Any]) -> None:
        """Read what the bodies name."""
        connection, tenant = self.work.connection, self.work.tenant
        if any(isinstance(body, DealInput | StageMove | Win | Reopening) for body in bodies):
            states = await store.pipelines(connection, tenant)
            self.pipelines = {state.id: state for state in map(PipelineState.model_validate_json, states)}
        if wanted := set(_products(bodies)):
            for text in await store.products(connection, tenant, *_sorted_out(wanted)):
                product = ProductState.model_validate_json(text)
                self._products |= {product.id: product, product.external_id or product.id: product}
        if accounts := set(_accounts(bodies)):
            await self._await_accounts(accounts)

    async def moment(self, occurred_at: datetime | None) -> Moment:
        if occurred_at not in self._moments:
            self._moments[occurred_at] = await self.work.moment(occurred_at)
        return self._moments[occurred_at]

    async def pipeline(self, reference: Reference | None, moment: Moment) -> PipelineState:
        """The pipeline that is named, else the default."""
        for pipeline in self.pipelines.values():
            if pipeline.is_default if reference is None else reference in (pipeline.id, pipeline.external_id):
                return pipeline
        if reference is not None:
            raise Invalid("No such pipeline is known.", pointer=_pointer("pipeline", reference))
        made = await default_pipeline(self.work, moment)
        self.work.version = None  # The reply's ETag is that of the deal, not of the pipeline made on the way.
        self.pipelines[made.id] = made
        return made

    def product(self, line: LineInput) -> ProductState:
        reference = _reference(line, "product")
        if reference not in self._products:
            raise Invalid(f"No product {reference} is known.", pointer=_pointer("product", reference))
        return self._products[reference]

    def account(self, reference: Reference | None) -> UUID | None:
        if reference is not None and reference not in self._accounts:
            raise Invalid("No such account is known.", pointer=_pointer("account", reference))
        return None if reference is None else self._accounts[reference]

    async def owner(self, reference: Reference | None, on: date) -> Owner:
        """The person who is named, else the caller, with the team and region of the day."""
        tenant, directory = self.work.tenant, self.work.directory
        pointer = _pointer("owner", reference)
        if isinstance(reference, str):
            reference = (await directory.find_person(tenant, reference, pointer=pointer)).id
        person = reference or self.work.principal.person
        if person is None:
            raise Invalid("Name the owner: an API key is nobody who could hold a deal.", pointer=pointer)
        return await directory.owner(tenant, person, on, pointer=pointer)

    async def conversion(self, currency: str | None, on: date, pointer: str) -> Conversion:
        """From a currency, or else the tenant's own, into the tenant's."""
        base = (await self.work.directory.tenant(self.work.tenant)).base_currency
        rate = await self.work.directory.rate(self.work.tenant, currency or base, on, pointer=pointer)
        return Conversion(rate, decimals(rate.currency), decimals(base))

    async def _await_accounts(self, wanted: set[Reference]) -> None:
        deadline = time.monotonic() + ACCOUNT_SECONDS
        while True:
            missing = wanted - self._accounts.keys()
            rows = await store.accounts(self.work.connection, self.work.tenant, *_sorted_out(missing))
            for row in rows:
                self._accounts |= {row["id"]: row["id"], row["external_id"] or row["id"]: row["id"]}
            if wanted <= self._accounts.keys() or time.monotonic() > deadline:
                return
            await asyncio.sleep(_POLL_SECONDS)


def reference_of(body: Any, noun: str) -> Reference | None:
    """The id or external id by which the body names something."""
    reference: Reference | None = getattr(body, noun) or getattr(body, f"{noun}_external_id")
    return reference


def _reference(line: LineInput, noun: str) -> Reference:
    reference = reference_of(line, noun)
    if reference is None:
        raise Invalid(pointer=f"/{noun}")
    return reference


def _products(bodies: Sequence[Any]) -> Iterable[Reference]:
    for body in bodies:
        if isinstance(body, WorthInput | LinesChange):
            yield from (_reference(line, "product") for line in body.lines or ())


def _accounts(bodies: Sequence[Any]) -> Iterable[Reference]:
    for body in bodies:
        if isinstance(body, DealInput | DetailsChange) and (reference := reference_of(body, "account")):
            yield reference


def _sorted_out(references: set[Reference]) -> tuple[list[UUID], list[str]]:
    ids = [reference for reference in references if isinstance(reference, UUID)]
    return ids, [reference for reference in references if isinstance(reference, str)]


def _pointer(noun: str, reference: Reference | None) -> str:
    return f"/{noun}_external_id" if isinstance(reference, str) else f"/{noun}"
