"""What deals refuses, by name. The docstring of each is what the caller is told."""

from chassis.refusals import Kind, Refusal


class DealIsClosed(Refusal):
    """The deal is closed; reopen it first."""

    slug = "deal-is-closed"


class DealIsOpen(Refusal):
    """The deal is open, so there is nothing to reopen."""

    slug = "deal-is-open"


class ReopenedTooOften(Refusal):
    """The deal was reopened so often that it should be a new one: every close is kept and told with each event."""

    slug = "reopened-too-often"


class ExitCriteriaMissing(Refusal):
    """The deal lacks what its stage demands before it may go on."""

    slug = "exit-criteria-missing"


class OutOfSequence(Refusal):
    """This would have happened before the last change of the record."""

    slug = "out-of-sequence"
    kind = Kind.INVALID


class UnknownStage(Refusal):
    """The pipeline has no such stage."""

    slug = "unknown-stage"
    kind = Kind.INVALID


class AmountFollowsLines(Refusal):
    """The deal has lines, whose sum is its amount: change the lines."""

    slug = "amount-follows-lines"


class AmountOutOfRange(Refusal):
    """An amount must not be negative, nor beyond what can be counted exactly."""

    slug = "amount-out-of-range"
    kind = Kind.INVALID


class MixedCurrencies(Refusal):
    """All prices of a deal are in one currency."""

    slug = "mixed-currencies"
    kind = Kind.INVALID


class ListPriceMissing(Refusal):
    """The product has no list price in this currency: give one."""

    slug = "list-price-missing"
    kind = Kind.INVALID


class NotOffered(Refusal):
    """This pipeline or product is no longer in use."""

    slug = "not-offered"


class BadStages(Refusal):
    """The stages of the pipeline are not acceptable."""

    slug = "bad-stages"
    kind = Kind.INVALID


class StageInUse(Refusal):
    """Open deals stand in a stage that would disappear: move them first."""

    slug = "stage-in-use"


class DefaultNeeded(Refusal):
    """A tenant always has one default pipeline in use: make another one the default instead."""

    slug = "default-needed"


class DuplicatePrice(Refusal):
    """A product has one list price in each currency."""

    slug = "duplicate-price"
    kind = Kind.INVALID
