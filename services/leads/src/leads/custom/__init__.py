"""Fields that a firm defines for itself, and the values that records have in them."""
