"""What a reviewer is told of amounts: how the destination counts, and a worked example of each.

A made-up sum is converted as a run would do it, for each currency that leaves as something else
than its caller gives.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from forwardc.compile.language.destination import Destination, ParamType
from forwardc.compile.language.money.tables import DeclaredMoney
from forwardc.core.dataclass import dataclass
from forwardc.core.decimal_text import decimal_text
from forwardc.core.terms.money import AmountRefusedError, Counts, Digits, wire
from forwardc.plan.digests import codes_of
from forwardc.plan.model import Plan

_USUAL: Final = ("EUR", "USD", "GBP", "JPY")
# Minor units of the made-up sum: a round one in currencies of none to three digits.
_EXAMPLE: Final = 1000


@dataclass(frozen=True, slots=True)
class AmountExample:
    """A sum in major units, as its caller gives it, as it leaves, and what must hold of it."""

    currency: str
    sum: str
    caller_amount: str
    leaves: str
    rule: str


@dataclass(frozen=True, slots=True)
class AmountCounting:
    """How a destination counts, for people. `confirmed` is false where its file does not say."""

    confirmed: bool
    how: str
    source: str
    doubt: str
    examples: tuple[AmountExample, ...]
    refused: tuple[str, ...]
    unmarked: tuple[str, ...]


def counting(destination: Destination, plan: Plan) -> AmountCounting | None:
    """What stands on the page; None where the plan is given no amount."""
    specs = [
        plan.params[name] for operation in plan.operations.values() for name in operation.params
    ]
    if not any(spec.type == "amount" for spec in specs):
        return None
    money, counted = destination.money, plan.money
    rows = {} if counted is None else counted.digits
    return AmountCounting(
        confirmed=not money.assumed and money.unconfirmed is None,
        how=_how(money),
        source=_source(money),
        doubt=money.unconfirmed or "",
        examples=() if counted is None else tuple(worked_examples(counted, rows)),
        refused=tuple(sorted(_named_currencies(plan) - set(rows))) if counted is not None else (),
        unmarked=_unmarked(destination, plan) if money.differs_from_iso else (),
    )


def worked_examples(counts: Counts, rows: Mapping[str, Digits]) -> Iterator[AmountExample]:
    """One example for each currency that leaves as something else than its caller gives.

    Of those that differ in the unit or form alone, the best known one stands for all.
    """
    usual = next((code for code in (*_USUAL, *rows) if code in rows), None)
    for code, (own, digits, multiple) in rows.items():
        differs = own != digits or multiple != 1
        plain = code == usual and (counts.unit == "major" or counts.form == "text")
        if differs or plain:
            yield from _example(counts, code, (own, digits, multiple))


def counted(plan: Plan, operation: str) -> list[str]:
    """The examples of an operation as lines, for somebody who approves it."""
    if plan.money is None:
        return []
    codes = codes_of(plan, operation)
    rows = {code: row for code, row in plan.money.digits.items() if code in codes}
    return [
        f"{example.caller_amount} minor units of {example.currency} leave as {example.leaves}"
        for example in worked_examples(plan.money, rows)
    ]


def _example(counts: Counts, code: str, row: Digits) -> Iterator[AmountExample]:
    own, digits, multiple = row
    amount = _EXAMPLE if own <= digits else _EXAMPLE * int(10 ** (own - digits))
    try:
        leaves = wire(counts, amount, code, part=True)
    except AmountRefusedError:
        return
    rules = [f"a multiple of {int(10 ** (own - digits))}"] if own > digits else []
    rules += [f"the number that leaves is a multiple of {multiple}"] if multiple != 1 else []
    written = f'"{leaves}"' if isinstance(leaves, str) else str(leaves)
    yield AmountExample(code, decimal_text(amount, own), str(amount), written, "; ".join(rules))


def _how(money: DeclaredMoney) -> str:
    if money.assumed:
        return "as ISO 4217 does, because its file does not say otherwise"
    unit = "major units" if money.unit == "major" else "minor units"
    limits = [f"at most {money.max_digits} digits"] if money.max_digits else []
    limits += [f"at least {money.least}"] if money.least else []
    of_table = f"by the table {money.table}" if money.table else "by a table of its own"
    return ", ".join([f"{of_table}, in {unit}, as {money.form}", *limits])


def _source(money: DeclaredMoney) -> str:
    dated = f", table of {money.as_of}" if money.as_of and not money.assumed else ""
    return f"{money.source}{dated}" if money.source else ""


def _named_currencies(plan: Plan) -> set[str]:
    """The currencies that the params name, and that a run could therefore be given."""
    return {
        str(code)
        for spec in plan.params.values()
        if spec.type == "currency"
        for code in spec.values or ()
    }


def _unmarked(destination: Destination, plan: Plan) -> tuple[str, ...]:
    """The `json` params whose numbers leave as they come, although nobody said that none counts."""
    return tuple(
        name
        for name, param in destination.params.items()
        if name in plan.params and param.type is ParamType.JSON and param.open_amounts
    )
