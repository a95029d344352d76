"""Data sets in the form of the real ones, made up from a seed, with their quirks and a few worse ones."""

import csv
import gzip
import random
from datetime import date, datetime, timedelta
from pathlib import Path

Rows = list[dict[str, object]]

STAGES = ("Won", "Lost", "Engaging", "Prospecting")


def write(folder: Path, name: str, rows: Rows) -> None:
    with gzip.open(folder / f"{name}.csv.gz", "wt", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def opportunities(folder: Path, seed: int, count: int = 400) -> None:
    chance = random.Random(seed)  # noqa: S311
    sellers: Rows = [
        {"sales_agent": f"Người bán {n}", "manager": f"经理 {n % 3}", "regional_office": "Nam" if n % 3 else "Bắc"}
        for n in range(8)
    ]
    products = [
        {"product": name, "series": name[:3], "sales_price": price}
        for name, price in (("GTX Pro", 4821), ("MG Special", 55), ("GTK 500", 26_768))
    ]
    accounts = [
        {"account": f"Acme {n}", "sector": "technolgy", "office_location": "Philipines", "subsidiary_of": ""}
        for n in range(5)
    ]
    rows = [_opportunity(number, chance, sellers, products) for number in range(count)]
    write(folder, "crm_sales_teams", sellers)
    write(folder, "crm_products", products)
    write(folder, "crm_accounts", accounts)
    write(folder, "crm_sales_pipeline", rows)


def _opportunity(number: int, chance: random.Random, sellers: Rows, products: Rows) -> dict[str, object]:
    stage = chance.choices(STAGES, (5, 3, 2, 1))[0]
    engaged = date(2023, 1, 1) + timedelta(days=chance.randrange(700))
    closed = engaged + timedelta(days=chance.choice((0, 1, 7, 30, 61, 138)))
    product = chance.choice(products)
    price = int(str(product["sales_price"]))
    ended = stage in {"Won", "Lost"}
    return {
        "opportunity_id": f"M{number:05d}",
        "sales_agent": chance.choice(sellers)["sales_agent"],
        "product": str(product["product"]).replace(" ", "" if number % 3 else " "),
        "account": f"Acme {number % 5}" if ended or number % 2 else "",
        "deal_stage": stage,
        "engage_date": "" if stage == "Prospecting" else engaged.isoformat(),
        "close_date": closed.isoformat() if ended else "",
        "close_value": (max(1, price + chance.randrange(-price // 3, price // 3)) if stage == "Won" else 0)
        if ended
        else "",
    }


def funnel(folder: Path, seed: int, count: int = 500) -> None:
    chance = random.Random(seed)  # noqa: S311
    people = [f"{n:032x}" for n in range(12)]
    leads: Rows = []
    deals: Rows = []
    for number in range(count):
        contacted = datetime(2024, 1, 1) + timedelta(days=chance.randrange(500))  # noqa: DTZ001 - the source has no zone
        lead = {
            "mql_id": f"{number:032x}",
            "first_contact_date": contacted.date().isoformat(),
            "landing_page_id": f"page-{number % 7}",
            "origin": chance.choice(("social", "email", "unknown", "")),
        }
        leads.append(lead)
        if chance.random() < 0.2:
            won = contacted + timedelta(days=chance.choice((-2, 0, 1, 20, 90)), seconds=chance.randrange(86_400))
            deals.append(
                {
                    "mql_id": lead["mql_id"],
                    "seller_id": f"s{number}",
                    "sdr_id": chance.choice(people),
                    "sr_id": chance.choice(people),
                    "won_date": won.strftime("%Y-%m-%d %H:%M:%S"),
                    "business_segment": "pet",
                }
            )
    write(folder, "olist_marketing_qualified_leads", leads)
    write(folder, "olist_closed_deals", deals)
