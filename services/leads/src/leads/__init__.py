"""Leads, handoffs and customers."""
