"""Open questions that people ask in conversations (script), and the needs that the answers tell (api_needs)."""
