"""Leads put together."""

from chassis.migrate import folder_of
from chassis.service import Service
from leads import api_leads
from leads.campaigns import api_campaigns, api_spends
from leads.customers import api_accounts, api_contacts
from leads.duplicates.renewing_keys import renew_keys
from leads.handoffs import api as api_handoffs
from leads.scoring.report.command import score_report
from leads.settings import LeadsSettings

SERVICE = Service(
    name="leads",
    title="Dealstream leads",
    settings=LeadsSettings,
    routers=(
        api_leads.router,
        api_handoffs.router,
        api_accounts.router,
        api_contacts.router,
        api_campaigns.router,
        api_spends.router,
    ),
    migrations=folder_of(__file__),
    background=(renew_keys,),
    commands={"score-report": score_report},
)
