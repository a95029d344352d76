"""What leads refuse, by name. The docstring of each is what the caller is told. Pure."""

from chassis.refusals import Refusal


class LeadIsClosed(Refusal):
    """The lead is disqualified or converted."""

    slug = "lead-is-closed"


class LeadIsNotQualified(Refusal):
    """Only a qualified lead can be handed over."""

    slug = "lead-is-not-qualified"


class LeadIsNotDisqualified(Refusal):
    """Only a disqualified lead can be reopened."""

    slug = "lead-is-not-disqualified"


class HandoffIsOpen(Refusal):
    """The lead waits for the answer to a handoff."""

    slug = "handoff-is-open"


class HandoffIsNotOpen(Refusal):
    """The lead does not wait for the answer to this handoff."""

    slug = "handoff-is-not-open"
