"""Handing a qualified lead over to an account executive."""
