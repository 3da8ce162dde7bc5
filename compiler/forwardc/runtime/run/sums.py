"""Reads the amounts of an answer back into what the caller counts in, and compares them.

Knows how the destination counts; nothing of outcome rules.
"""

from collections.abc import Mapping
from typing import Any, Final

from forwardc.core.terms.money import MONEY, AmountRefusedError, amount_of_answer
from forwardc.core.terms.values import Secret
from forwardc.plan.answers import PlanOutput

PARTIAL: Final = "partial"
"""The reason of an approval for less than was asked."""


def amount_of(output: PlanOutput, answer: object, known: Mapping[str, Any]) -> int:
    """Minor units of ISO 4217.

    Raises `AmountRefusedError` where they are not exact, or not known.
    """
    counts, currency = known.get(MONEY), output.currency or ""
    if "." in currency:
        currency = _plain(known.get(currency))
    if counts is None or not isinstance(currency, str):
        raise AmountRefusedError("the currency of the answer is not known")
    return amount_of_answer(counts, answer, currency)


def more_than_asked(
    declared: Mapping[str, PlanOutput], values: Mapping[str, Any], known: Mapping[str, Any]
) -> str | None:
    """Why an answer cannot be believed: it confirms more than was asked for."""
    more = [name for name, rest in _rests(declared, values, known) if rest > 0]
    return f"{', '.join(more)}: more than was asked for" if more else None


def less_than_asked(
    declared: Mapping[str, PlanOutput], values: Mapping[str, Any], known: Mapping[str, Any]
) -> bool:
    """Whether an answer confirms a part only."""
    return any(rest < 0 for _, rest in _rests(declared, values, known))


def _rests(
    declared: Mapping[str, PlanOutput], values: Mapping[str, Any], known: Mapping[str, Any]
) -> list[tuple[str, int]]:
    """Each amount that answers another, less that one; those of which one is not there left out."""
    pairs = [
        (name, _plain(values.get(name)), _plain(known.get(output.asked)))
        for name, output in declared.items()
        if output.asked is not None
    ]
    return [
        (name, answered - asked)
        for name, answered, asked in pairs
        if isinstance(answered, int) and isinstance(asked, int)
    ]


def _plain(value: object) -> Any:
    return value.reveal() if isinstance(value, Secret) else value
