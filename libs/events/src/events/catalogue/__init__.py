"""What can happen, one class an event version, one module a service; parts of leads have their own.

Importing this package completes ``events.event.REGISTRY``.
"""

from events.catalogue import (
    activities,
    analytics,
    assignment,
    campaigns,
    contacts,
    conversions,
    custom_fields,
    deals,
    identity,
    leads,
    limits,
    notifications,
    qualification,
    scoring,
    web_forms,
)

__all__ = [
    "activities",
    "analytics",
    "assignment",
    "campaigns",
    "contacts",
    "conversions",
    "custom_fields",
    "deals",
    "identity",
    "leads",
    "limits",
    "notifications",
    "qualification",
    "scoring",
    "web_forms",
]
