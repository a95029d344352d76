"""Leads put together."""

from pathlib import Path

from chassis.service import Service
from leads import api_accounts, api_contacts, api_handoffs, api_leads
from leads.settings import LeadsSettings

_HERE = Path(__file__).parent
_MIGRATIONS = next(path for path in (_HERE / "migrations", _HERE.parents[1] / "migrations") if path.is_dir())
"""Beside the sources in the repository, inside the package where it is installed."""

SERVICE = Service(
    name="leads",
    title="Dealstream leads",
    settings=LeadsSettings,
    routers=(api_leads.router, api_handoffs.router, api_accounts.router, api_contacts.router),
    migrations=_MIGRATIONS,
)
