"""What comes in: the base of request bodies, and field types that take nothing for something else.

Unknown fields are refused. ``false`` is no number, ``"5"`` no integer, an amount is text with at most the decimals of
its currency. Names take any script, but no control characters.
"""

import re
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Self, Union

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    StrictBool,
    StrictInt,
    StrictStr,
)
from pydantic import model_validator as _model_validator
from pydantic_core import PydanticCustomError, core_schema

from chassis.currencies import decimals, is_currency
from chassis.currencies import decimals as minor_unit_digits
from events.event import Timestamp
from events.money import MINOR_UNITS_MAX, Currency, Money

__all__ = [
    "CurrencyCode",
    "Day",
    "ExternalId",
    "Input",
    "LongText",
    "MoneyInput",
    "MoneyView",
    "Name",
    "OccurredAt",
    "StrictBool",
    "StrictInt",
    "StrictStr",
    "Text",
    "WholeNumber",
    "at_field",
    "minor_unit_digits",
]

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_CONTROL_BUT_LINES = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_PLAIN = r"\u0000-\u001f\u007f-\u009f\u2028\u2029"
_ONE_LINE_PATTERN = rf"^[^{_PLAIN}]*[^{_PLAIN}\s][^{_PLAIN}]*$"
"""What ``_one_line`` takes, for readers of the schema."""
_LINES_PATTERN = r"^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]*$"
_INSTANT = re.compile(r"^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)$")
_DATE = re.compile(r"^\d{4}-\d\d-\d\d$")

BIGGEST = 2**53 - 1
"""Beyond it, readers that keep numbers as floats would see another one."""


class Input(BaseModel):
    """Base of every request body."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


def at_field(name: str, text: str) -> PydanticCustomError:
    """What a validator of a whole body raises when one field is at fault; the problem points to it."""
    return PydanticCustomError("value_error", "{text}", {"text": text, "field": name})


def _one_line(text: str) -> str:
    if _CONTROL.search(text):
        raise ValueError("control characters are not allowed")
    stripped = text.strip()
    if not stripped:
        raise ValueError("it must not be blank")
    return stripped


def _lines(text: str) -> str:
    if _CONTROL_BUT_LINES.search(text):
        raise ValueError("control characters are not allowed")
    return text


@dataclass(frozen=True)
class Text:
    """One line of text in any script, at most so long: ``name: Annotated[str, Text(200)]``."""

    longest: int

    def __get_pydantic_core_schema__(self, _source: Any, _handler: Any) -> core_schema.CoreSchema:
        text = core_schema.str_schema(strict=True, min_length=1, max_length=self.longest)
        return core_schema.no_info_after_validator_function(_one_line, text)

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {**handler(schema), "pattern": _ONE_LINE_PATTERN}

    def __or__(self, other: Any) -> Any:
        return Union[Annotated[str, self], other]  # noqa: UP007 - the operand is no type before it is annotated


Name = Annotated[str, Text(200)]
ExternalId = Annotated[str, Text(200)]
"""The id that the caller's own system knows a record by."""
LongText = Annotated[
    StrictStr, Field(max_length=10_000, json_schema_extra={"pattern": _LINES_PATTERN}), AfterValidator(_lines)
]
"""Free text with lines."""
WholeNumber = Annotated[StrictInt, Field(ge=0, le=BIGGEST)]


def _as_written(shape: re.Pattern[str], wanted: str) -> BeforeValidator:
    """Times and days come as text; pydantic would also take numbers for them."""

    def check(value: object) -> object:
        if isinstance(value, str) and not shape.match(value):
            raise ValueError(f"it must be {wanted}")
        if isinstance(value, bool | int | float):
            raise ValueError(f"it must be {wanted}")  # noqa: TRY004 - pydantic wants ValueError
        return value

    return BeforeValidator(check, json_schema_input_type=str)


OccurredAt = Annotated[
    Timestamp, _as_written(_INSTANT, "a time with its offset, as 2026-03-01T09:30:00Z"), Field(json_schema_extra={})
]
"""When it happened, RFC 3339; ``work.moment`` checks the bounds."""

Day = Annotated[date, _as_written(_DATE, "a day, as 2026-03-01"), Field(ge=date(1990, 1, 1), le=date(2100, 12, 31))]
"""A calendar day."""


def _of_iso_4217(code: str) -> str:
    if not is_currency(code):
        raise ValueError(f"{code} is not a currency of ISO 4217")
    return code


CurrencyCode = Annotated[StrictStr, Field(pattern=r"^[A-Z]{3}$"), AfterValidator(_of_iso_4217)]
"""A currency that exists."""


class MoneyInput(Input):
    """An amount as people write it: ``{"amount": "1054.00", "currency": "USD"}``."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"amount": "1054.00", "currency": "USD"}]})

    amount: Annotated[StrictStr, Field(pattern=r"^-?[0-9]{1,15}(\.[0-9]{1,4})?$")]
    currency: CurrencyCode

    @_model_validator(mode="after")
    def _fits_currency(self) -> Self:
        written = len(self.amount.partition(".")[2])
        if written > decimals(self.currency):
            raise ValueError(f"{self.currency} has {decimals(self.currency)} decimals, not {written}")
        if abs(self._minor) > MINOR_UNITS_MAX:
            raise ValueError(
                f"at most {amount_text(MINOR_UNITS_MAX, self.currency)} {self.currency} can be counted exactly"
            )
        return self

    @property
    def _minor(self) -> int:
        whole, _, part = self.amount.partition(".")
        return int(whole + part.ljust(decimals(self.currency), "0"))

    def to_money(self) -> Money:
        return Money(minor=self._minor, currency=self.currency)


class MoneyView(BaseModel):
    """An amount going out, as ``MoneyInput`` takes it."""

    amount: str = Field(examples=["1054.00"])
    currency: Currency

    @classmethod
    def of(cls, money: Money) -> "MoneyView":
        return cls(amount=amount_text(money.minor, money.currency), currency=money.currency)


def amount_text(minor: int, currency: str) -> str:
    """Minor units as a decimal number in the currency's places."""
    places = decimals(currency)
    digits = str(abs(minor)).rjust(places + 1, "0")
    sign = "-" if minor < 0 else ""
    return f"{sign}{digits[:-places]}.{digits[-places:]}" if places else f"{sign}{digits}"
