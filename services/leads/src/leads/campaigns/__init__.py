"""Campaigns, their budgets, and what was spent on them day by day."""
