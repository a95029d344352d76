"""Transfers: the open work of a person who leaves passes to others, from a day on."""
