"""Every metric of this service."""

from prometheus_client import Gauge

CONVERSIONS_OVERDUE = Gauge(
    "leads_conversions_overdue", "Accepted handoffs for which deals has not answered in time; somebody should look."
)
