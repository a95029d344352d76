"""The pipeline that a tenant begins with, made by whoever needs it first.

The founding of a tenant and its first accepted handoff come on different topics, in any order. Both make the pipeline
where there is none, under one lock; its id follows from the tenant's, so it is made once.
"""

from chassis.unit_of_work import UnitOfWork
from deals import store
from deals.pipeline import DEFAULT_STAGES, PIPELINE, DefinePipeline, default_pipeline_id
from events.catalogue.deals import PipelineState
from events.moment import Moment


async def default_pipeline(work: UnitOfWork, moment: Moment) -> PipelineState:
    """The tenant's default pipeline, whatever it takes."""
    await store.lock_default_pipeline(work.connection, work.tenant)
    if found := await store.default_pipeline(work.connection, work.tenant):
        return (await work.load(PIPELINE, found)).state
    id_ = default_pipeline_id(work.tenant)
    define = DefinePipeline(moment=moment, id=id_, name="Sales", stages=DEFAULT_STAGES, is_default=True)
    return (await work.execute(PIPELINE, id_, define)).state
