"""From an accepted handoff to a deal that is open, or back: the process across leads and deals."""
