"""Files are read row by row: what cannot be taken is named with its row, field and reason."""

import gzip
from datetime import date

import pytest

from dealstream.imports import crm_opportunities, olist_funnel
from dealstream.imports.tables import Report, WrongFolder

TEAMS = "sales_agent,manager,regional_office\nAna,Marco,East\nBo,Marco,East\n"
PRODUCTS = "product,series,sales_price\nGTX Pro,GTX,4821\n"
ACCOUNTS = "account,sector,office_location,subsidiary_of\nAcme,technolgy,Philipines,\n"
HEADER = "opportunity_id,sales_agent,product,account,deal_stage,engage_date,close_date,close_value\n"
WON = "A1,Ana,GTXPro,Acme,Won,2017-01-02,2017-02-03,4514\n"


@pytest.fixture
def opportunities(tmp_path):
    def read(rows):
        files = {"teams": TEAMS, "products": PRODUCTS, "accounts": ACCOUNTS, "pipeline": HEADER + rows}
        for name, text in files.items():
            stem = "crm_sales_" + name if name in {"teams", "pipeline"} else "crm_" + name
            with gzip.open(tmp_path / f"{stem}.csv.gz", "wt", encoding="utf-8") as file:
                file.write(text)
        report = Report()
        return crm_opportunities.read(tmp_path, report), report

    return read


def test_a_won_opportunity_is_joined_with_seller_product_and_account(opportunities):
    data, report = opportunities(WON)
    (found,) = data.opportunities
    assert (found.seller.region, found.product.list_price, found.account, found.value) == ("East", 4821, "Acme", 4514)
    assert (found.opened_on, found.closed_on, found.won) == (date(2017, 1, 2), date(2017, 2, 3), True)
    assert report.rejected == []
    assert report.corrected["product spelled GTXPro: GTX Pro"] == 1
    assert data.accounts[0].sector == "technology"


def test_an_opportunity_without_a_start_is_open_since_the_day_of_the_file(opportunities):
    data, _ = opportunities(WON + "A2,Ana,GTX Pro,,Prospecting,,,\n")
    assert (data.opportunities[1].opened_on, data.opportunities[1].start_known) == (date(2017, 2, 3), False)


@pytest.mark.parametrize(
    ("row", "field", "reason"),
    [
        ("A2,Zoe,GTX Pro,Acme,Won,2017-01-02,2017-02-03,1", "sales_agent", "names nothing known: 'Zoe'"),
        ("A2,Ana,GTX Max,Acme,Won,2017-01-02,2017-02-03,1", "product", "is not in the price list: 'GTX Max'"),
        ("A2,Ana,GTX Pro,Nobody,Won,2017-01-02,2017-02-03,1", "account", "names nothing known: 'Nobody'"),
        ("A2,Ana,GTX Pro,Acme,Maybe,2017-01-02,2017-02-03,1", "deal_stage", "is none of"),
        ("A2,Ana,GTX Pro,Acme,Won,2017-13-02,2017-02-03,1", "engage_date", "is not a date"),
        ("A2,Ana,GTX Pro,Acme,Won,0017-01-02,2017-02-03,1", "engage_date", "is not between"),
        ("A2,Ana,GTX Pro,Acme,Won,2017-03-02,2017-02-03,1", "close_date", "is before the engage date"),
        ("A2,Ana,GTX Pro,Acme,Won,2017-01-02,,1", "close_date", "is missing"),
        ("A2,Ana,GTX Pro,Acme,Engaging,2017-01-02,2017-02-03,", "close_date", "is given on an open"),
        ("A2,Ana,GTX Pro,Acme,Won,2017-01-02,2017-02-03,", "close_value", "is missing"),
        ("A2,Ana,GTX Pro,Acme,Won,2017-01-02,2017-02-03,12.5", "close_value", "is not a whole number"),
        ("A2,Ana,GTX Pro,Acme,Won,2017-01-02,2017-02-03,-5", "close_value", "is less than 0"),
        ("A1,Ana,GTX Pro,Acme,Won,2017-01-02,2017-02-03,5", "opportunity_id", "occurs a second time"),
        (",Ana,GTX Pro,Acme,Won,2017-01-02,2017-02-03,5", "opportunity_id", "is missing"),
    ],
)
def test_a_row_that_cannot_be_taken_is_named(opportunities, row, field, reason):
    data, report = opportunities(WON + row + "\n")
    assert len(data.opportunities) == 1
    (rejection,) = report.rejected
    assert (rejection.file, rejection.row, rejection.field) == ("crm_sales_pipeline", 2, field)
    assert reason in rejection.reason


def test_a_folder_without_the_files_is_named(tmp_path):
    with pytest.raises(WrongFolder, match=r"neither crm_sales_teams\.csv nor"):
        crm_opportunities.read(tmp_path, Report())


def test_a_missing_column_is_named(tmp_path):
    (tmp_path / "crm_sales_teams.csv").write_text("sales_agent,manager\n", encoding="utf-8")
    with pytest.raises(WrongFolder, match="lacks the column regional_office"):
        crm_opportunities.read(tmp_path, Report())


@pytest.fixture
def funnel(tmp_path):
    def read(leads, deals=""):
        header = "mql_id,first_contact_date,landing_page_id,origin\n"
        (tmp_path / "olist_marketing_qualified_leads.csv").write_text(header + leads, encoding="utf-8")
        header = "mql_id,seller_id,sdr_id,sr_id,won_date,business_segment\n"
        (tmp_path / "olist_closed_deals.csv").write_text(header + deals, encoding="utf-8")
        report = Report()
        return olist_funnel.read(tmp_path, report), report

    return read


def test_a_missing_origin_is_not_the_origin_unknown(funnel):
    data, _ = funnel("m1,2018-02-01,p,\nm2,2018-02-01,p,unknown\n")
    assert [lead.origin for lead in data.leads] == [None, "unknown"]


def test_the_landing_page_of_nothing_is_none(funnel):
    data, report = funnel(f"m1,2018-02-01,{olist_funnel.EMPTY_PAGE},social\n")
    assert data.leads[0].landing_page is None
    assert sum(report.corrected.values()) == 1


def test_a_person_may_act_in_both_roles(funnel):
    data, _ = funnel("m1,2018-02-01,p,social\n", "m1,s1,x,x,2018-03-01 10:00:00,pet\n")
    assert data.roles == {"x": ("sdr", "rep")}


def test_a_win_before_the_first_contact_is_booked_on_its_day(funnel):
    data, report = funnel("m1,2018-02-03,p,social\n", "m1,s1,x,y,2018-02-01 10:00:00,pet\n")
    assert data.leads[0].win.won_at.isoformat() == "2018-02-03T00:00:00"
    assert sum(report.corrected.values()) == 1


@pytest.mark.parametrize(
    ("deal", "field"),
    [
        ("m9,s1,x,y,2018-02-01 10:00:00,pet", "mql_id"),
        ("m1,s1,,y,2018-02-01 10:00:00,pet", "sdr_id"),
        ("m1,s1,x,y,soon,pet", "won_date"),
        ("m1,s1,x,y,,pet", "won_date"),
    ],
)
def test_a_deal_that_cannot_be_taken_is_named(funnel, deal, field):
    data, report = funnel("m1,2018-01-03,p,social\n", deal + "\n")
    assert data.leads[0].win is None
    assert [(rejection.row, rejection.field) for rejection in report.rejected] == [(1, field)]
