"""Who changed what about leads, accounts and contacts, and when."""
