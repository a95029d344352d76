"""Every figure that analytics answers. A new KPI is one entry in one of these files, if its facts are measured already.

The definition says all that decides what is counted; a changed definition is a new version, never a silent change.
"""

from typing import Final

from analytics.kpi import Kpi
from analytics.kpis import activities, closes, freshness, handoffs, leads, pipeline, responses, scores

KPIS: Final[tuple[Kpi, ...]] = (
    *leads.KPIS,
    *responses.KPIS,
    *handoffs.KPIS,
    *closes.KPIS,
    *pipeline.KPIS,
    *scores.KPIS,
    *activities.KPIS,
    *freshness.KPIS,
)

BY_SLUG: Final = {kpi.slug: kpi for kpi in KPIS}
