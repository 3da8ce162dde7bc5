"""The plan's block of digits: how every currency that a run may give is counted.

Knows a lowered program's terms, and how the destination counts.
"""

from collections.abc import Iterator, Sequence

from forwardc.compile.ir.program import Operation
from forwardc.compile.language.destination import Destination
from forwardc.compile.passes.amounts import admitted
from forwardc.core.terms.terms import Amount, Term, walk


def money_block(
    destination: Destination, operations: Sequence[Operation]
) -> dict[str, object] | None:
    """The block as a plan says it, None where no operation counts an amount."""
    money, currencies = destination.money, list(_currencies(operations))
    if not currencies and money.assumed:
        return None
    codes = admitted(destination, currencies)
    rows = {code: list(money.digits[code]) for code in sorted(codes)}
    limits = {"max_digits": money.max_digits, "min": money.least}
    told = {"table": money.table, "as_of": money.as_of, "assumed": money.assumed or None}
    return {
        "unit": money.unit,
        "form": money.form,
        **{key: value for key, value in {**limits, **told}.items() if value is not None},
        "digits": rows,
    }


def _currencies(operations: Sequence[Operation]) -> Iterator[Term]:
    for operation in operations:
        for step in operation.steps:
            rules = [node for rule in step.outcome if rule.when for node in walk(rule.when)]
            for node in (*step.request.nodes, *rules):
                if isinstance(node, Amount):
                    yield node.currency
            yield from (one.currency for one in step.outputs if one.currency is not None)
