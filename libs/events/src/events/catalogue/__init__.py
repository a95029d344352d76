"""What can happen, one class an event version, one module a service; leads' campaigns have their own.

Importing this package completes ``events.event.REGISTRY``.
"""

from events.catalogue import analytics, campaigns, deals, identity, leads, notifications

__all__ = ["analytics", "campaigns", "deals", "identity", "leads", "notifications"]
