"""How old the figures are."""

from typing import Final

from analytics.kpi import Freshness, Kpi, Unit

FRESHNESS = Kpi(
    slug="kpi-freshness", title="KPI freshness", unit=Unit.SECONDS, better="lower", compare="none",
    booked_on="now", calendar=False,
    definition="Time since every published event was in the figures: near 0 while they are complete, also when nothing"
    " happens; it grows while the fold is behind or stands still.",
    figure=Freshness(), dimensions=(), credited_to="nobody",
)  # fmt: skip

KPIS: Final = (FRESHNESS,)
