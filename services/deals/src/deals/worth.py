"""What a deal is worth: its amount or its lines, in its own currency and in the tenant's. Pure.

Promises that money adds up: the amount is the sum of the net amounts of the lines, and the same holds in base currency
to the last minor unit, whatever the rate.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from deals.refusals import AmountOutOfRange, ListPriceMissing, NotOffered
from events.catalogue.deals import Line, ProductState
from events.money import Money, PinnedRate, minor_in_base

GREATEST_MINOR = 10**17


@dataclass(frozen=True, slots=True)
class Conversion:
    """How an amount becomes one in base currency: the rate of a day, and the decimal places of both currencies."""

    rate: PinnedRate
    exponent: int
    base_exponent: int

    def in_base(self, minor: int) -> int:
        """Minor units of the base currency."""
        if self.rate.currency == self.rate.base:
            return minor
        return minor_in_base(minor, self.rate, self.exponent, self.base_exponent)


@dataclass(frozen=True, slots=True)
class LineOffer:
    """A product as it is put on a deal. Prices are minor units of one piece; what is absent comes from the product.

    ``net_total`` is the price of the whole line, for a discount that does not divide by the quantity.
    """

    product: ProductState
    quantity: int
    list_price: int | None = None
    net_price: int | None = None
    net_total: int | None = None


@dataclass(frozen=True, slots=True)
class Worth:
    """The value of a deal as its state keeps it."""

    amount: Money
    rate: PinnedRate
    base_minor: int
    lines: tuple[Line, ...] = ()
    product: UUID | None = None


def worth_of_amount(amount: Money, conversion: Conversion) -> Worth:
    """A deal without lines."""
    base_minor = conversion.in_base(_countable(amount.minor, "/amount"))
    return Worth(amount=amount, rate=conversion.rate, base_minor=_countable(base_minor, "/amount"))


def worth_of_lines(offers: Sequence[LineOffer], conversion: Conversion) -> Worth:
    """A deal with lines, whose currency is that of the conversion."""
    lines = tuple(_priced(offers, conversion))
    net = _countable(sum(line.net_minor for line in lines))
    return Worth(
        amount=Money(minor=net, currency=conversion.rate.currency),
        rate=conversion.rate,
        base_minor=_countable(conversion.in_base(net)),
        lines=lines,
        product=max(lines, key=lambda line: line.net_minor).product if lines else None,
    )


def _priced(offers: Sequence[LineOffer], conversion: Conversion) -> Iterator[Line]:
    listed, net = _RunningTotal(conversion), _RunningTotal(conversion)
    for offer in offers:
        if not offer.product.active:
            raise NotOffered(f"The product {offer.product.name} is no longer sold.", pointer="/lines")
        list_minor = _countable(offer.quantity * _list_price(offer, conversion.rate.currency))
        net_minor = _countable(_net_total(offer, list_minor))
        yield Line(
            product=offer.product.id,
            quantity=offer.quantity,
            list_minor=list_minor,
            net_minor=net_minor,
            list_base_minor=listed.add(list_minor),
            net_base_minor=net.add(net_minor),
        )


class _RunningTotal:
    """Converts the parts of a sum so that the converted parts add up to the converted sum."""

    def __init__(self, conversion: Conversion) -> None:
        self._conversion = conversion
        self._minor = 0
        self._base_minor = 0

    def add(self, minor: int) -> int:
        self._minor += minor
        before, self._base_minor = self._base_minor, _countable(self._conversion.in_base(self._minor))
        return self._base_minor - before


def _list_price(offer: LineOffer, currency: str) -> int:
    if offer.list_price is not None:
        return offer.list_price
    for price in offer.product.list_prices:
        if price.currency == currency:
            return price.minor
    raise ListPriceMissing(
        f"The product {offer.product.name} has no list price in {currency}: give one.", pointer="/lines"
    )


def _net_total(offer: LineOffer, list_minor: int) -> int:
    if offer.net_total is not None:
        return offer.net_total
    return list_minor if offer.net_price is None else offer.quantity * offer.net_price


def _countable(minor: int, pointer: str = "/lines") -> int:
    if 0 <= minor <= GREATEST_MINOR:
        return minor
    raise AmountOutOfRange(pointer=pointer)
