"""CRM opportunities into the platform: regions, teams, people, products, accounts, then each deal's life."""

from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

from dealstream.imports.crm_opportunities import PIPELINE, DataSet, Opportunity
from dealstream.imports.loading import Item, Loading, start_of

CURRENCY = "USD"
LOST_REASON = "not stated in the source"


async def load(data: DataSet, loading: Loading) -> None:
    """Load all of it; who and what come before the deals that name them."""
    zone = await loading.zone()
    await _people(data, loading)
    await loading.load("deals", "products", [_product(product) for product in data.products])
    await _pipeline(loading)
    accounts = await _accounts(data, loading)
    opened = await loading.load("deals", "deals", [_opening(each, accounts, zone) for each in data.opportunities])
    untouched = {str(result.item["external_id"]) for result in opened if result.version == 1}
    closed = [each for each in data.opportunities if each.closed_on and each.external_id in untouched]
    await loading.load("deals", "closures", [_closure(each, zone) for each in closed], "/v1/deals:batch")


async def _people(data: DataSet, loading: Loading) -> None:
    regions = sorted({seller.region for seller in data.sellers})
    await loading.load("identity", "regions", [{"external_id": name, "name": name} for name in regions])
    managers = sorted({(seller.manager, seller.region) for seller in data.sellers})
    teams = [{"external_id": name, "name": name} for name in dict.fromkeys(name for name, _ in managers)]
    await loading.load("identity", "teams", teams)
    people = [_person(name, "manager", name, region, None) for name, region in dict(managers).items()]
    await loading.load("identity", "people", people)
    sellers = [_person(each.name, "rep", each.manager, each.region, each.manager) for each in data.sellers]
    await loading.load("identity", "people", sellers)


async def _pipeline(loading: Loading) -> None:
    async for pipeline in loading.client.pages("deals", "/v1/pipelines"):
        if pipeline["external_id"] == PIPELINE["external_id"]:
            loading.report.existing["pipelines"] += 1
            return
    await loading.client.post("deals", "/v1/pipelines", PIPELINE)
    loading.report.loaded["pipelines"] += 1


async def _accounts(data: DataSet, loading: Loading) -> dict[str, str]:
    """Parents first, so that a subsidiary can name its parent."""
    parents = [_account(account) for account in data.accounts if account.parent is None]
    children = [_account(account) for account in data.accounts if account.parent is not None]
    ids = await loading.ids("leads", "accounts", parents)
    return ids | await loading.ids("leads", "accounts", children)


def _person(name: str, role: str, team: str, region: str, manager: str | None) -> Item:
    person: dict[str, Any] = {"external_id": name, "name": name, "roles": [role]}
    person |= {"team_external_id": team, "region_external_id": region}
    return person if manager is None else {**person, "manager_external_id": manager}


def _product(product: Any) -> Item:
    price = {"amount": f"{product.list_price}.00", "currency": CURRENCY}
    return {"external_id": product.name, "name": product.name, "family": product.series, "list_prices": [price]}


def _account(account: Any) -> Item:
    found = {"external_id": account.name, "name": account.name, "sector": account.sector, "country": account.country}
    return found if account.parent is None else {**found, "parent_external_id": account.parent}


def _opening(opportunity: Opportunity, accounts: dict[str, str], zone: ZoneInfo) -> Item:
    return {
        "command": "open",
        "external_id": opportunity.external_id,
        "name": f"{opportunity.account or opportunity.seller.region}: {opportunity.product.name}",
        "pipeline_external_id": PIPELINE["external_id"],
        "stage": opportunity.stage,
        "owner_external_id": opportunity.seller.name,
        "lines": [{"product_external_id": opportunity.product.name}],
        "currency": CURRENCY,
        "occurred_at": start_of(opportunity.opened_on, zone),
        "start_known": opportunity.start_known,
        "imported": True,
        **dict(_account_of(opportunity, accounts)),
    }


def _account_of(opportunity: Opportunity, accounts: dict[str, str]) -> Iterator[tuple[str, str]]:
    if opportunity.account is not None and opportunity.account in accounts:
        yield "account", accounts[opportunity.account]


def _closure(opportunity: Opportunity, zone: ZoneInfo) -> Item:
    if opportunity.closed_on is None:
        raise ValueError("an open opportunity has no closure")
    told = {"external_id": opportunity.external_id, "occurred_at": start_of(opportunity.closed_on, zone)}
    if not opportunity.won:
        return {**told, "command": "lose", "reason": LOST_REASON}
    price = {"amount": f"{opportunity.value}.00", "currency": CURRENCY}
    return {
        **told,
        "command": "win",
        "lines": [{"product_external_id": opportunity.product.name, "net_total": price}],
        "currency": CURRENCY,
    }
