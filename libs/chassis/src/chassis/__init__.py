"""What every service needs and no event does."""
