"""What can happen, one class an event version, one module a service; leads' campaigns have their own.

Importing this package completes ``events.event.REGISTRY``.
"""

from events.catalogue import analytics, campaigns, custom_fields, deals, identity, leads, notifications, web_forms

__all__ = ["analytics", "campaigns", "custom_fields", "deals", "identity", "leads", "notifications", "web_forms"]
