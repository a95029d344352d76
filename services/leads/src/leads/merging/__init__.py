"""Leads of one prospect merged into one, and parted again."""
