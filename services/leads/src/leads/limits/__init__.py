"""How soon things must be done in working time, and what happens when they are not."""
