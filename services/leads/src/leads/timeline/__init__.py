"""One timeline for each account, made from the events of all services."""
