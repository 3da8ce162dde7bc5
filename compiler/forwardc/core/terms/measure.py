"""What a destination is told of the amounts in a term, once the values are known."""

from typing import Any, assert_never

from forwardc.core.terms.money import AmountRefused, Counts, exponent, major, wire
from forwardc.core.terms.terms import Amount, Measure
from forwardc.core.terms.values import Value


def measured(term: Amount, parts: list[Value], counts: Counts | None) -> Value:
    """The value of an amount whose `children` have these values.

    Raises `AmountRefused`, also where nothing says how the destination counts.
    """
    currency = parts[-1]
    if counts is None or not isinstance(currency, str):
        raise AmountRefused("nothing says how the destination counts an amount without a currency")
    match term.measure:
        case Measure.WIRE:
            if term.at:
                data: Value = _inside(parts[0], list(map(_steps, term.at)), counts, currency)
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
        raise AmountRefused("an amount is a whole number of minor units of ISO 4217")
    return value


def _steps(place: str) -> tuple[str, ...]:
    """The reference tokens of a JSON Pointer (RFC 6901)."""
    tokens = place.split("/")[1:]
    return tuple(token.replace("~1", "/").replace("~0", "~") for token in tokens)


def _inside(value: Any, places: list[tuple[str, ...]], counts: Counts, currency: str) -> Any:
    """The same data with the amounts at these places converted. What is not there is passed."""
    if any(not place for place in places):
        return None if value is None else wire(counts, _integer(value), currency, part=True)
    match value:
        case dict():
            return {
                key: _inside(item, below, counts, currency) if below else item
                for key, item in value.items()
                for below in (_below(places, key) or _below(places, "*"),)
            }
        case list():
            below = _below(places, "*")
            return [_inside(item, below, counts, currency) if below else item for item in value]
        case _:
            return value


def _below(places: list[tuple[str, ...]], key: str) -> list[tuple[str, ...]]:
    return [place[1:] for place in places if place[0] == key]
