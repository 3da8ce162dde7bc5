"""Counts an amount as a destination does: integers and text only, exact or refused.

Digits come with the plan, so that no update of a table changes what is sent. A message names the
currency and the rule, no value.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final, Protocol, TypeAlias, assert_never

from forwardc.core.decimal_text import decimal_text
from forwardc.core.json_pointer import pointer_parts
from forwardc.core.terms.functions import ComputationError
from forwardc.core.terms.terms import Amount, Measure
from forwardc.core.terms.values import Value

MONEY: Final = "plan.money"
"""The name under which a scope holds how the destination counts."""

Digits: TypeAlias = tuple[int, int, int]
"""Digits in ISO 4217, digits at the destination, and what its number must be a multiple of."""

_LONGEST: Final = 30
"""Digits of a number in an answer: no sum of money has more, and `1E999999` would take all memory.
"""
_INT64: Final = 2**63 - 1
"""The largest whole number that every reader of JSON keeps (RFC 8259, section 6, and 64 bits)."""

Wire: TypeAlias = int | str | Decimal


class AmountRefusedError(ComputationError):
    """The destination cannot be told this amount exactly, or does not take the currency."""


class Counts(Protocol):
    """How a destination counts money. `least` is the smallest number that it takes."""

    @property
    def digits(self) -> Mapping[str, Digits]:
        """By currency code, in capital letters."""

    @property
    def unit(self) -> str:
        """`minor` or `major`."""

    @property
    def form(self) -> str:
        """`integer`, `text` or `number`."""

    @property
    def max_digits(self) -> int | None:
        """Most digits of the number, without its point."""

    @property
    def least(self) -> str | None:
        """Smallest number, as decimal text."""


def digits_of(counts: Counts, currency: str) -> Digits:
    """The row of a currency. Raises `AmountRefusedError` where the destination has none."""
    digits = counts.digits.get(currency.upper())
    if digits is None:
        code = currency.upper() if len(currency) == 3 and currency.isalpha() else "this currency"
        raise AmountRefusedError(f"{code} is not among the currencies that the destination counts")
    return digits


def exponent(counts: Counts, currency: str) -> int:
    """Digits after the decimal point at the destination. Raises `AmountRefusedError`."""
    return digits_of(counts, currency)[1]


def wire(counts: Counts, amount: int, currency: str, *, part: bool = False) -> Wire:
    """ISO minor units as the destination reads them. Raises `AmountRefusedError`.

    `part` is one amount among others, such as a line of an order, which may be zero or less.
    """
    number, digits = _number(counts, amount, currency)
    if counts.max_digits is not None and len(str(abs(number))) > counts.max_digits:
        most = f"has more than the {counts.max_digits} digits that the destination takes"
        raise AmountRefusedError(f"an amount in {currency.upper()} {most}")
    if abs(number) > _INT64:
        raise AmountRefusedError(
            f"an amount in {currency.upper()} leaves as a number above 64 bits"
        )
    places = digits if counts.unit == "major" else 0
    text = decimal_text(number, places)
    if counts.least is not None and not part and Decimal(text) < Decimal(counts.least):
        smallest = f"is smaller than {counts.least}, the smallest number that the destination takes"
        raise AmountRefusedError(f"an amount in {currency.upper()} {smallest}")
    return _formed(text, counts.form)


def major(counts: Counts, amount: int, currency: str) -> Decimal:
    """ISO minor units as a decimal with the destination's digits. Raises `AmountRefusedError`."""
    number, digits = _number(counts, amount, currency)
    return Decimal(decimal_text(number, digits))


def amount_of_answer(counts: Counts, answer: object, currency: str) -> int:
    """An amount of an answer in ISO minor units.

    Raises `AmountRefusedError` where it is not exact.
    """
    iso, digits, _ = digits_of(counts, currency)
    number = _whole(answer, digits if counts.unit == "major" else 0)
    units, rest = divmod(abs(number) * _ten(iso), _ten(digits))
    if rest:
        raise AmountRefusedError(
            f"an amount in {currency.upper()} is no whole number of minor units"
        )
    return units if number >= 0 else -units


def _ten(power: int) -> int:
    return int(10**power)


def _number(counts: Counts, amount: Any, currency: str) -> tuple[int, int]:
    """The amount in the destination's smallest units, and how many of them its digits make."""
    if isinstance(amount, bool) or not isinstance(amount, int):
        raise AmountRefusedError("an amount is a whole number of minor units of ISO 4217")
    iso, digits, multiple = digits_of(counts, currency)
    code = currency.upper()
    number, rest = divmod(abs(amount) * _ten(digits), _ten(iso))
    if rest:
        raise AmountRefusedError(
            f"an amount in {code} has {iso} decimals, of which the destination takes {digits}:"
            f" it must be a multiple of {_ten(iso - digits)}"
        )
    if number % multiple:
        raise AmountRefusedError(f"an amount in {code} {_multiple(iso, digits, multiple)}")
    return (number if amount >= 0 else -number), digits


def _multiple(iso: int, digits: int, multiple: int) -> str:
    """The rule in the caller's units where they can say it."""
    own, rest = divmod(multiple * _ten(iso), _ten(digits))
    if rest:
        return f"must be a multiple of {multiple} as the destination counts"
    return f"must be a multiple of {own}, which the destination counts in steps of {multiple}"


def _formed(text: str, form: str) -> Wire:
    if form == "text":
        return text
    return Decimal(text) if "." in text else int(text)


def _digits_of(answer: object) -> str | None:
    """A number or text of an answer in digits, None for anything else."""
    if isinstance(answer, str):
        return answer.strip()
    if isinstance(answer, bool):
        return None
    if isinstance(answer, int):
        return str(answer)
    if not isinstance(answer, Decimal):
        return None
    return (
        format(answer, "f") if answer.is_finite() and abs(answer.adjusted()) <= _LONGEST else None
    )


def _whole(answer: object, places: int) -> int:
    """What an answer writes, in units of so many places. Raises `AmountRefusedError`."""
    text = _digits_of(answer)
    if text is None:
        raise AmountRefusedError("an amount of the answer is no number")
    whole, _, fraction = text.removeprefix("-").partition(".")
    fraction = fraction.rstrip("0")
    if not (whole.isascii() and whole.isdigit() and len(whole) <= _LONGEST):
        raise AmountRefusedError("an amount of the answer is no number in digits")
    if len(fraction) > places or not (fraction + "0").isdigit() or not fraction.isascii():
        raise AmountRefusedError(
            "an amount of the answer has more digits than the destination counts"
        )
    number = int(whole + fraction.ljust(places, "0"))
    return -number if text.startswith("-") else number


# What a destination is told of the amounts in a term, once the values are known.


def measure_amount(term: Amount, parts: list[Value], counts: Counts | None) -> Value:
    """The value of an amount whose `children` have these values.

    Raises `AmountRefusedError`, also where nothing says how the destination counts.
    """
    currency = parts[-1]
    if counts is None or not isinstance(currency, str):
        raise AmountRefusedError(
            "nothing says how the destination counts an amount without a currency"
        )
    match term.measure:
        case Measure.WIRE:
            if term.at:
                data: Value = _inside(parts[0], list(map(pointer_parts, term.at)), counts, currency)
                return data
            return wire(counts, _integer(parts[0]), currency)
        case Measure.DECIMAL:
            return major(counts, _integer(parts[0]), currency)
        case Measure.EXPONENT:
            return exponent(counts, currency)
        case _:
            assert_never(term.measure)


def _integer(value: Value) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise AmountRefusedError("an amount is a whole number of minor units of ISO 4217")
    return value


def _inside(value: Any, places: list[tuple[str, ...]], counts: Counts, currency: str) -> Any:
    """The same data with the amounts at these places converted. What is not there is passed."""
    if any(not place for place in places):
        return None if value is None else wire(counts, _integer(value), currency, part=True)
    if isinstance(value, dict):
        return {
            key: _inside(item, below, counts, currency) if below else item
            for key, item in value.items()
            for below in (_below(places, key) or _below(places, "*"),)
        }
    if isinstance(value, list):
        below = _below(places, "*")
        return [_inside(item, below, counts, currency) if below else item for item in value]
    return value


def _below(places: list[tuple[str, ...]], key: str) -> list[tuple[str, ...]]:
    return [place[1:] for place in places if place[0] == key]
