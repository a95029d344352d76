"""Erasure of a person: one command that reaches all that the platform keeps about a contact. ``erasure`` first."""
