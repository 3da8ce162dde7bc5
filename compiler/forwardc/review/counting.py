"""What an approval must not be given for: amounts of which nobody said how they are counted."""

from collections.abc import Sequence

from forwardc.diagnostics.sink import Sink
from forwardc.language.money.tables import table_of_host
from forwardc.plan.model import Plan


def refuse_uncounted(plan: Plan, operations: Sequence[str], sink: Sink) -> None:
    """FC0712 where a known vendor would get amounts in ISO 4217 because its file is silent."""
    if plan.money is not None and not plan.money.assumed:
        return
    tables = (table_of_host(host) for host in plan.hosts.destination)
    table = next((one for one in tables if one is not None), None)
    if table is None:
        return
    for name in operations:
        if any(plan.params[param].type == "amount" for param in plan.operations[name].params):
            sink.error(
                "FC0712",
                f"{plan.destination}.{name}: {table.title} has its own way to count money, and the"
                " destination's file does not say `money:`",
                hint=f"add the line `money: {{table: {table.name}}}` to"
                f" destinations/{plan.destination}.yaml, build, and look at the review page",
            )
