"""Who gets a new lead: ordered rules, turns, limits, and working time. Begin at ``at_capture``."""
