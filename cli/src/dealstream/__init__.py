"""One command that runs, fills and questions the platform."""
