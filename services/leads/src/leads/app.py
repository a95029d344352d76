"""Leads put together."""

from chassis.migrate import folder_of
from chassis.service import Service
from leads import api_leads
from leads.campaigns import api_campaigns, api_spends
from leads.custom import api as api_custom_fields
from leads.customers import api_accounts, api_consents, api_contacts, api_opt_outs
from leads.duplicates.renewing_keys import renew_keys
from leads.forms import api as api_forms
from leads.forms import api_public as api_public_forms
from leads.forms.receiving import forget_paces
from leads.handoffs import api as api_handoffs
from leads.history import api as api_history
from leads.public import PREFIX
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
        api_custom_fields.router,
        api_history.router,
        api_consents.router,
        api_opt_outs.router,
        api_forms.router,
        api_public_forms.router,
    ),
    migrations=folder_of(__file__),
    commands={"score-report": score_report},
    background=(renew_keys, forget_paces),
    urlencoded=(PREFIX,),
)
