"""What money spent on a campaign means for the figures. Pure.

A spend counts for the source that its campaign had, on the days for which it was made, whenever it was booked. The
parts of the days add up to the whole, in minor units. A spend that was reversed counts on none of them.
"""

from collections.abc import Iterator
from datetime import timedelta

from analytics.ledger.posting import Measure, Posting, Slice, lattice
from events.catalogue.campaigns import SpendState

SPENT = Measure(
    "spent",
    50,
    "Money spent on campaigns, by the day it was spent for",
    amount_unit="base minor units",
    groupings=lattice("source"),
)


def postings(spend: SpendState) -> Iterator[Posting]:
    if spend.reversal is not None:
        return
    where = Slice(source=spend.source)
    for place, part in enumerate(parts(spend.base_minor, (spend.to_on - spend.from_on).days + 1)):
        first = place == 0
        if first or part:
            yield Posting(SPENT, spend.from_on + timedelta(days=place), where, int(first), part)


def parts(whole: int, days: int) -> Iterator[int]:
    """Equal but for one minor unit: what was due by the end of each day, less what was due by the end of the last."""
    for day in range(days):
        yield whole * (day + 1) // days - whole * day // days
