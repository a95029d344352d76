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
    customers,
    deals,
    erasures,
    identity,
    leads,
    limits,
    merges,
    notifications,
    qualification,
    responses,
    scoring,
    transfers,
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
    "customers",
    "deals",
    "erasures",
    "identity",
    "leads",
    "limits",
    "merges",
    "notifications",
    "qualification",
    "responses",
    "scoring",
    "transfers",
    "web_forms",
]
