"""Visits of customers: how often and what is done (plan), who was there (proof), in which order (route)."""
