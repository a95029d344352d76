"""People, teams, regions, tenants, API keys and sign-in."""
