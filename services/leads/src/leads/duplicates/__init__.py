"""Finding that a prospect is a lead already."""
