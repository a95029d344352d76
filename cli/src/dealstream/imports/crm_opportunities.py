"""The data set "CRM Sales Opportunities": accounts, products, sellers, and a year of opportunities. Pure reading.

How its quirks are handled is stated in docs/imports.md; nothing is dropped without a line in the report.
"""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from dealstream.imports.tables import Report, Row, WrongValue, read_table, taken

PIPELINE = {
    "external_id": "crm-opportunities",
    "name": "CRM opportunities",
    "stages": [
        {"key": "prospecting", "title": "Prospecting", "probability_percent": 20},
        {"key": "engaging", "title": "Engaging", "probability_percent": 50},
    ],
}
SPELLINGS = {"technolgy": "technology", "Philipines": "Philippines"}
COUNTRIES = {
    "Belgium": "BE",
    "Brazil": "BR",
    "China": "CN",
    "Germany": "DE",
    "Italy": "IT",
    "Japan": "JP",
    "Jordan": "JO",
    "Kenya": "KE",
    "Korea": "KR",
    "Norway": "NO",
    "Panama": "PA",
    "Philippines": "PH",
    "Poland": "PL",
    "Romania": "RO",
    "United States": "US",
}
"""ISO 3166 codes of the countries that the source names; another one is left out, with a line in the report."""

STAGES = ("Prospecting", "Engaging", "Won", "Lost")


@dataclass(frozen=True)
class Seller:
    """A sales agent, whose team is named after its manager."""

    name: str
    manager: str
    region: str


@dataclass(frozen=True)
class Product:
    """A product and its list price in whole US dollars."""

    name: str
    series: str | None
    list_price: int


@dataclass(frozen=True)
class Account:
    """A company; ``country`` is an ISO 3166 code, ``parent`` the name of another company."""

    name: str
    sector: str | None
    country: str | None
    parent: str | None


@dataclass(frozen=True)
class Opportunity:
    """One deal: opened in ``stage`` on a day, and perhaps closed."""

    external_id: str
    seller: Seller
    product: Product
    account: str | None
    stage: str
    opened_on: date
    start_known: bool
    closed_on: date | None
    won: bool
    value: int


@dataclass(frozen=True)
class DataSet:
    """All that the four files hold, joined."""

    sellers: tuple[Seller, ...]
    products: tuple[Product, ...]
    accounts: tuple[Account, ...]
    opportunities: tuple[Opportunity, ...]


def read(folder: Path, report: Report) -> DataSet:
    """Read, join and check the four files of ``folder``."""
    teams = read_table(folder, "crm_sales_teams", ("sales_agent", "manager", "regional_office"), report)
    prices = read_table(folder, "crm_products", ("product", "series", "sales_price"), report)
    companies = read_table(folder, "crm_accounts", ("account", "sector", "office_location", "subsidiary_of"), report)
    columns = ("opportunity_id", "sales_agent", "product", "account", "deal_stage", "engage_date", "close_date")
    pipeline = read_table(folder, "crm_sales_pipeline", (*columns, "close_value"), report)
    sellers = {seller.name: seller for seller in taken(teams, _seller, report)}
    products = {product.name: product for product in taken(prices, _product, report)}
    accounts = {account.name: account for account in taken(companies, lambda row: _account(row, report), report)}
    joined = _Join(sellers, _by_spelling(products), accounts, snapshot_of(pipeline), report)
    return DataSet(
        sellers=tuple(sellers.values()),
        products=tuple(products.values()),
        accounts=tuple(_parents_first(accounts)),
        opportunities=tuple(taken(pipeline, joined.opportunity, report)),
    )


def snapshot_of(pipeline: list[Row]) -> date:
    """The day the file shows: its latest date. What has no start was open then."""
    days = [day for row in pipeline for name in ("engage_date", "close_date") if (day := _day_or_none(row, name))]
    return max(days, default=date(2000, 1, 1))


@dataclass
class _Join:
    sellers: dict[str, Seller]
    products: dict[str, Product]
    accounts: dict[str, Account]
    snapshot: date
    report: Report

    def __post_init__(self) -> None:
        self.seen: set[str] = set()

    def opportunity(self, row: Row) -> Opportunity:
        stage = row.text("deal_stage")
        if stage not in STAGES:
            raise WrongValue("deal_stage", f"is none of {', '.join(STAGES)}: {stage!r}")
        opened, closed = row.day("engage_date"), row.day("close_date")
        won, lost = stage == "Won", stage == "Lost"
        self._check_dates(opened, closed, closed_stage=won or lost)
        account = row.one_of("account", self.accounts).name if row.optional("account") else None
        found = Opportunity(
            external_id=self._once(row.text("opportunity_id")),
            seller=row.one_of("sales_agent", self.sellers),
            product=self._product(row),
            account=account,
            stage="prospecting" if stage == "Prospecting" else "engaging",
            opened_on=opened or closed or self.snapshot,
            start_known=opened is not None,
            closed_on=closed,
            won=won,
            value=row.whole_number("close_value") if won else 0,
        )
        if opened is None:
            self.report.corrected["no start date: open since the day of the file, out of cycles"] += 1
        self.seen.add(found.external_id)
        return found

    def _once(self, external_id: str) -> str:
        if external_id in self.seen:
            raise WrongValue("opportunity_id", f"occurs a second time: {external_id}")
        return external_id

    def _product(self, row: Row) -> Product:
        spelled = row.text("product")
        product = self.products.get(_plain(spelled))
        if product is None:
            raise WrongValue("product", f"is not in the price list: {spelled!r}")
        if product.name != spelled:
            self.report.corrected[f"product spelled {spelled}: {product.name}"] += 1
        return product

    def _check_dates(self, opened: date | None, closed: date | None, *, closed_stage: bool) -> None:
        if closed_stage and closed is None:
            raise WrongValue("close_date", "is missing on a closed opportunity")
        if not closed_stage and closed is not None:
            raise WrongValue("close_date", "is given on an open opportunity")
        if opened is not None and closed is not None and closed < opened:
            raise WrongValue("close_date", f"is before the engage date {opened}")


def _seller(row: Row) -> Seller:
    return Seller(name=row.text("sales_agent"), manager=row.text("manager"), region=row.text("regional_office"))


def _product(row: Row) -> Product:
    price = row.whole_number("sales_price", least=1)
    return Product(name=row.text("product"), series=row.optional("series"), list_price=price)


def _account(row: Row, report: Report) -> Account:
    return Account(
        name=row.text("account"),
        sector=_respelled(row.optional("sector"), report),
        country=_country(_respelled(row.optional("office_location"), report), report),
        parent=row.optional("subsidiary_of"),
    )


def _country(name: str | None, report: Report) -> str | None:
    if name is not None and name not in COUNTRIES:
        report.corrected[f"country {name} not known: left out"] += 1
    return COUNTRIES.get(name or "")


def _respelled(text: str | None, report: Report) -> str | None:
    if text not in SPELLINGS:
        return text
    report.corrected[f"spelled {text}: {SPELLINGS[text]}"] += 1
    return SPELLINGS[text]


def _by_spelling(products: dict[str, Product]) -> dict[str, Product]:
    return {_plain(name): product for name, product in products.items()}


def _plain(name: str) -> str:
    return "".join(name.split()).casefold()


def _parents_first(accounts: dict[str, Account]) -> list[Account]:
    return sorted(accounts.values(), key=lambda account: (account.parent is not None, account.name))


def _day_or_none(row: Row, name: str) -> date | None:
    try:
        return row.day(name)
    except WrongValue:
        return None
