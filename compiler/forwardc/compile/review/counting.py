"""What an approval must not be given for: amounts of which nobody said how they are counted."""

from collections.abc import Sequence

from forwardc.compile.language.money.tables import CurrencyTable, table_of_host
from forwardc.core.diagnostics.sink import Sink
from forwardc.plan.model import Plan


def uncounted(plan: Plan, operation: str) -> CurrencyTable | None:
    """The table of the vendor that would get amounts in ISO 4217, because its file is silent."""
    if plan.money is not None and not plan.money.assumed:
        return None
    if not any(plan.params[name].type == "amount" for name in plan.operations[operation].params):
        return None
    tables = (table_of_host(host) for host in plan.hosts.destination)
    return next((table for table in tables if table is not None), None)


def refuse_uncounted(plan: Plan, operations: Sequence[str], sink: Sink) -> None:
    """FC0712 where a known vendor's way to count is not declared."""
    for name in operations:
        table = uncounted(plan, name)
        if table is not None:
            sink.error(
                "FC0712",
                f"{plan.destination}.{name}: {table.title} has its own way to count money, and the"
                " destination's file does not say `money:`",
                hint=f"add the line `money: {{table: {table.name}}}` to"
                f" destinations/{plan.destination}.yaml, build, and look at the review page",
            )
