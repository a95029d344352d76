"""What several KPIs say alike: what they are sliced by, whom they are credited to, sentences of their definitions."""

from fractions import Fraction

from analytics.kpi import WHO, Kpi, Percentile, Share
from analytics.ledger.posting import Dimension, Measure

BY_LEAD: tuple[Dimension, ...] = (*WHO, "source")
BY_DEAL: tuple[Dimension, ...] = (*WHO, "source", "product", "pipeline")
BY_CLOSE: tuple[Dimension, ...] = (*BY_DEAL, "stage")

LEAD_OWNER = "the first who held the lead"
OFFERING = "the one who offered the handoff"
CLOSER = "the owner at the close"
ENTERING = "the owner on entering the stage"
LEAVING = "the owner on leaving the stage; for open stays, on entering it"
HOLDER = "the owner on each day"
FIRM = "nobody; only those who see all records may ask"

REOPENING = "Reopening takes the close back on the day of the reopening."
IN_FORCE = "Only wins in force count: a reopened deal counts once it is won again, on that day."
PRODUCT = "The product is the deal's primary one, the line of the greatest net value."
SPEND = "Money spent on campaigns (each spend evenly over its days, whenever it was booked; reversed ones are out)"
NONE_WON = "no deal was won"
NONE_CLOSED = "no deal was closed"

HALF, P75, P90 = Fraction(1, 2), Fraction(3, 4), Fraction(9, 10)


def percentile_of(of: Kpi, name: str, rank: Fraction, title: str, *measures: Measure) -> Kpi:
    """The same values as those of a mean, seen by rank instead."""
    mean = of.figure
    if not isinstance(mean, Share):
        raise TypeError(f"{of.slug} is not a mean")
    taken = measures or tuple(dict.fromkeys(term.measure for term in mean.part.terms))
    return Kpi(
        slug=f"{of.slug}-{name}", title=title, unit=of.unit, booked_on=of.booked_on, credited_to=of.credited_to,
        definition=f"{of.definition} This is the value below which {rank * 100} % of them lie, "
        "in a straight line between neighbours.",
        figure=Percentile(taken, rank, mean.empty), dimensions=of.dimensions, better=of.better,
        always_by=of.always_by, apart=of.apart, retroactive=True,
    )  # fmt: skip
