"""Events of leads that turn out to be one prospect's, or not to be. Each merge tells of both leads."""

from uuid import UUID

from events.catalogue.leads import LeadEvent


class LeadAbsorbed(LeadEvent, type="dealstream.lead.absorbed", version=1):
    """The lead stands for another of the same prospect, too: earliest creation and first source are its own now."""

    merged_id: UUID
    from_source: str | None = None
    """The source by which the lead counted before."""


class LeadReleased(LeadEvent, type="dealstream.lead.released", version=1):
    """The lead does not stand for the other any more, and is again as it was by itself."""

    merged_id: UUID
    from_source: str | None = None
    """The source by which the lead counted before."""


class LeadMerged(LeadEvent, type="dealstream.lead.merged", version=1):
    """Another lead stands for this one, which counts no more."""

    into_id: UUID


class LeadUnmerged(LeadEvent, type="dealstream.lead.unmerged", version=1):
    """The lead stands for itself again, as it was before."""

    from_id: UUID
