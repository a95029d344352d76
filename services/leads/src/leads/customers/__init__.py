"""Accounts and contacts: the archive of the firm."""
