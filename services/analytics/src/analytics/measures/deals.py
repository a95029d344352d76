"""What a deal means for the figures. Pure.

Each posting is for the owner, team and region at the event that it is booked on, and for the deal's primary product at
that time; only revenue and discount are split over the products of the lines. A reopening books the reverse of the
close on its own day; what asks for the present outcome (sizes, cycles, cohorts) is booked for closes in force alone.
"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from uuid import UUID

from analytics.ledger.posting import Measure, Posting, Slice, lattice
from analytics.measures.dimensions import Places, at, held_by, labelled, reason_label, text
from analytics.measures.histogram import bucket
from analytics.measures.stage_flow import stage_postings
from analytics.measures.stages import latest_outcome, whole_seconds
from events.catalogue.deals import Closing, DealState, DealStatus, Span

SECONDS_A_DAY = 86_400

_CLOSE_GROUPINGS = lattice(
    "team", "region", "source", "product", "pipeline",
    pairs=(("rep", "team"), ("rep", "team", "source"), ("team", "product")),
)  # fmt: skip
_VALUE_GROUPINGS = labelled((), ("rep", "team"), ("team",), ("region",), ("source",), ("product",), ("pipeline",))
_MONEY = "base minor units"

DEALS_OPENED = Measure("deals-opened", 20, "Deals opened", amount_unit=_MONEY, groupings=_CLOSE_GROUPINGS)
DEALS_WON = Measure("deals-won", 21, "Deals won, less those reopened", amount_unit=_MONEY, groupings=_CLOSE_GROUPINGS)
DEALS_LOST = Measure(
    "deals-lost",
    22,
    "Deals lost, less those reopened, labelled with the reason",
    amount_unit=_MONEY,
    groupings=(*_CLOSE_GROUPINGS, ("label",)),
)
REVENUE_WON = Measure(
    "revenue-won", 23, "Net value of won deals, split by product", amount_unit=_MONEY, groupings=_CLOSE_GROUPINGS
)
LIST_WON = Measure(
    "list-won", 24, "List value of the lines of won deals", amount_unit=_MONEY, groupings=_CLOSE_GROUPINGS
)
DISCOUNT_WON = Measure(
    "discount-won", 25, "List less net value of the lines of won deals", amount_unit=_MONEY, groupings=_CLOSE_GROUPINGS
)
WON_SIZE = Measure(
    "won-size", 26, "Value of each deal whose win is in force", amount_unit=_MONEY, groupings=_VALUE_GROUPINGS
)
SALES_CYCLE = Measure(
    "sales-cycle", 27, "Seconds from opening to the win in force", amount_unit="seconds", groupings=_VALUE_GROUPINGS
)
LEAD_CYCLE = Measure(
    "lead-cycle",
    28,
    "Seconds from the lead's day to the win in force",
    amount_unit="seconds",
    groupings=_VALUE_GROUPINGS,
)
CYCLE_UNKNOWN = Measure(
    "cycle-unknown", 29, "Wins in force of deals whose start is not known", groupings=_CLOSE_GROUPINGS
)
OPEN_PIPELINE = Measure(
    "open-pipeline",
    30,
    "Open deals and their value",
    kind="stock",
    amount_unit=_MONEY,
    groupings=(
        *lattice("team", "region", "source", "product", "pipeline", "stage"),
        ("rep", "team"),
        ("rep", "team", "stage"),
        ("stage", "pipeline"),
    ),
)
EXPECTED = Measure(
    "expected-close",
    31,
    "Open deals by the day they are expected to close, labelled with their probability in basis points",
    amount_unit=_MONEY,
    groupings=labelled(
        (), ("rep", "team"), ("team",), ("region",), ("source",), ("product",), ("pipeline",), ("stage",)
    ),
)
UNDATED = Measure(
    "undated-pipeline",
    32,
    "Open deals without an expected close, labelled with their probability in basis points",
    amount_unit=_MONEY,
    groupings=EXPECTED.groupings,
)
LEAD_WINS = Measure(
    "lead-wins",
    33,
    "Leads that led to a win in force, by the day the lead was created",
    groupings=lattice("team", "region", "source", pairs=(("rep", "team"), ("rep", "team", "source"))),
)


def postings(deal: DealState) -> Iterator[Posting]:
    where = Slice(source=deal.source, pipeline=text(deal.pipeline))
    places = Places(where)
    first = deal.spans[0]
    yield Posting(DEALS_OPENED, deal.opened_on, places(first).with_(stage=None), 1, first.base_minor)
    yield from _open_stock(deal.spans, places)
    yield from _expected(deal, places)
    yield from stage_postings(deal, places)
    for closing in deal.closings:
        yield from _closed(closing, where)
    if latest_outcome(deal) is DealStatus.WON:
        yield from _won(deal, deal.closings[-1], where)


def _open_stock(spans: tuple[Span, ...], places: Places) -> Iterator[Posting]:
    """In on the day a span began, out on the day it ended; a neighbour that differs in neither way cancels out."""
    left: tuple[date, Slice, int] | None = None
    for span in spans:
        entered = (span.from_on, places(span), span.base_minor)
        if left is not None and left != entered:
            yield Posting(OPEN_PIPELINE, left[0], left[1], -1, -left[2])
        if left != entered:
            yield Posting(OPEN_PIPELINE, entered[0], entered[1], 1, entered[2])
        left = None if span.to_on is None else (span.to_on, entered[1], entered[2])
    if left is not None:
        yield Posting(OPEN_PIPELINE, left[0], left[1], -1, -left[2])


def _expected(deal: DealState, places: Places) -> Iterator[Posting]:
    now = deal.spans[-1]
    if now.to_on is not None:
        return
    here = places(now).labelled(str(now.probability))
    if now.expected_close_on is None:
        yield Posting(UNDATED, now.from_on, here, 1, now.base_minor)
    else:
        yield Posting(EXPECTED, now.expected_close_on, here, 1, now.base_minor)


def _closed(closing: Closing, where: Slice) -> Iterator[Posting]:
    """The close, and its reverse if it was taken back."""
    booked = tuple(_booked(closing, where))
    yield from booked
    if closing.reopened_on is not None:
        for measure, _, slice_, count, amount in booked:
            yield Posting(measure, closing.reopened_on, slice_, -count, -amount)


def _booked(closing: Closing, where: Slice) -> Iterator[Posting]:
    here = _of_close(closing, where)
    if closing.outcome is DealStatus.LOST:
        lost = here.labelled(reason_label(closing.reason))
        yield Posting(DEALS_LOST, closing.on, lost, 1, closing.base_minor)
        return
    yield Posting(DEALS_WON, closing.on, here, 1, closing.base_minor)
    for product, net in _net_by_product(closing).items():
        yield Posting(REVENUE_WON, closing.on, here.with_(product=text(product)), 1, net)
    for product, (listed, discount) in _discount_by_product(closing).items():
        sold = here.with_(product=text(product))
        yield Posting(LIST_WON, closing.on, sold, 1, listed)
        yield Posting(DISCOUNT_WON, closing.on, sold, 1, discount)


def _of_close(closing: Closing, where: Slice) -> Slice:
    return at(closing.owner, where, closing.stage, closing.product)


def _net_by_product(closing: Closing) -> dict[UUID | None, int]:
    """What the lines leave of the deal's value, if anything, is the primary product's: the parts are the whole."""
    net: dict[UUID | None, int] = defaultdict(int)
    for line in closing.lines:
        net[line.product] += line.net_base_minor
    rest = closing.base_minor - sum(net.values())
    if rest or not net:
        net[closing.product] += rest
    return net


def _discount_by_product(closing: Closing) -> dict[UUID, tuple[int, int]]:
    found: dict[UUID, tuple[int, int]] = {}
    for line in closing.lines:
        listed, discount = found.get(line.product, (0, 0))
        found[line.product] = (
            listed + line.list_base_minor,
            discount + line.list_base_minor - line.net_base_minor,
        )
    return found


def _won(deal: DealState, closing: Closing, where: Slice) -> Iterator[Posting]:
    here = _of_close(closing, where)
    size = closing.base_minor
    yield Posting(WON_SIZE, closing.on, here.labelled(bucket(size)), 1, size)
    if deal.start_known:
        seconds = max(0, whole_seconds(deal.opened_at, closing.at))
        yield Posting(SALES_CYCLE, closing.on, here.labelled(bucket(seconds)), 1, seconds)
    else:
        yield Posting(CYCLE_UNKNOWN, closing.on, here)
    if deal.lead_created_on is not None:
        yield from _led_to_a_win(deal, deal.lead_created_on, closing, here)


def _led_to_a_win(deal: DealState, created_on: date, closing: Closing, here: Slice) -> Iterator[Posting]:
    seconds = max(0, (closing.on - created_on).days) * SECONDS_A_DAY
    yield Posting(LEAD_CYCLE, closing.on, here.labelled(bucket(seconds)), 1, seconds)
    if deal.lead_id is not None:
        yield Posting(LEAD_WINS, created_on, held_by(deal.lead_owner, Slice(source=deal.source)))
