"""Calendars of people: what is planned, what clashes (conflicting), and feeds for calendar programs (feed, ical)."""
