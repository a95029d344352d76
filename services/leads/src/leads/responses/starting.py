"""New leads get the deadline of their first response, by the firm's limits and the working time of who holds them."""

from dataclasses import replace

from chassis.unit_of_work import UnitOfWork
from events.catalogue.limits import LimitKind
from leads.capturing import Capture
from leads.limits.running import Limits
from leads.responses.clock import clock_of


class Responses:
    """Serves one request; asked once the owner of a capture is known."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work
        self._limits = Limits(work)

    async def timed(self, capture: Capture) -> Capture:
        """The capture with its deadline, where the firm sets one."""
        lead = capture.lead
        limit = await self._limits.applying(LimitKind.FIRST_RESPONSE, lead.source)
        if limit is None:
            return capture
        owner = None if lead.owner is None else lead.owner.person
        working = await self._work.directory.working_time(self._work.tenant, owner)
        return replace(capture, lead=replace(lead, response=clock_of(limit, working, lead.moment.at)))
