"""Products and their list prices. Pure: commands, decisions, and how a change is applied."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from chassis.aggregates import Aggregate, Command
from chassis.refusals import AlreadyExists
from deals.refusals import AmountOutOfRange, DuplicatePrice
from deals.worth import GREATEST_MINOR
from events.catalogue.deals import ProductChanged, ProductEvent, ProductListed, ProductState
from events.money import Money


@dataclass(frozen=True, kw_only=True)
class ListProduct(Command):
    """Begin to sell a product."""

    creates: ClassVar[bool] = True
    id: UUID
    name: str
    external_id: str | None = None
    family: str | None = None
    list_prices: tuple[Money, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ChangeProduct(Command):
    """Change what is given; ``changes`` names fields of the product."""

    changes: dict[str, object]


ProductCommand = ListProduct | ChangeProduct


def decide(command: ProductCommand, product: ProductState | None) -> Iterator[ProductEvent]:
    """What happens to the product."""
    match command, product:
        case ListProduct(), _:
            return _list(command, product)
        case ChangeProduct(), ProductState():
            return _change(command, product)
    raise TypeError(command)


def apply(_product: ProductState | None, event: ProductEvent) -> ProductState:
    """An event carries the state after it."""
    state: ProductState = event.product
    return state


def _list(command: ListProduct, product: ProductState | None) -> Iterator[ProductEvent]:
    if product is not None:
        raise AlreadyExists
    _check(command.list_prices)
    yield ProductListed(
        product=ProductState(
            id=command.id,
            external_id=command.external_id,
            name=command.name,
            family=command.family,
            list_prices=command.list_prices,
        )
    )


def _change(command: ChangeProduct, product: ProductState) -> Iterator[ProductEvent]:
    after = product.model_copy(update=command.changes)
    _check(after.list_prices)
    if after != product:
        yield ProductChanged(product=after)


def _check(prices: tuple[Money, ...]) -> None:
    currencies = [price.currency for price in prices]
    if len(set(currencies)) != len(currencies):
        raise DuplicatePrice(pointer="/list_prices")
    if any(not 0 <= price.minor <= GREATEST_MINOR for price in prices):
        raise AmountOutOfRange(pointer="/list_prices")


PRODUCT = Aggregate(
    noun="product",
    table="product",
    state=ProductState,
    decide=decide,
    apply=apply,
    columns=lambda product: {"external_id": product.external_id, "name": product.name, "active": product.active},
)
