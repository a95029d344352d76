"""Activities: calls, messages, meetings, visits, tasks and notes, and what they mean for leads and customers."""
