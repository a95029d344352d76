"""Who is told what, when and how.

Read in this order: ``rules`` (which event or passing of time, who, what sentence), ``notification`` (the notice and its
life), ``reactions`` (events in), ``timers`` (time in), ``api`` (the inbox), ``mail`` (the way out).
"""
