"""What can happen, one class an event version, one module a service.

Importing this package completes ``events.event.REGISTRY``.
"""

from events.catalogue import analytics, deals, identity, leads, notifications

__all__ = ["analytics", "deals", "identity", "leads", "notifications"]
