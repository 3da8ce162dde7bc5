"""Whether a destination on a known vendor's host says how it counts money.

The hosts of the shipped tables tell the vendor, wherever a file is used under another name.
"""

from forwardc.compile.ir.program import Program
from forwardc.compile.language.destination import Destination
from forwardc.compile.language.money.tables import table_of_host
from forwardc.core.diagnostics.sink import Sink
from forwardc.core.terms.terms import Lit, Term, line_parts


def check_counting(program: Program, destination: Destination, sink: Sink) -> None:
    """FC0334, a warning, where amounts would leave in ISO 4217 to somebody who counts otherwise."""
    if not destination.money.assumed or not _sends_amounts(program):
        return
    table = table_of_host(_host(program.base_url))
    if table is None:
        return
    message = f"{table.title} has its own way to count money, and this file does not say `money:`"
    hint = f"add the line `money: {{table: {table.name}}}`"
    sink.warning("FC0334", message, destination.span, pointer="/name", hint=hint)


def _sends_amounts(program: Program) -> bool:
    amounts = {name for name, spec in program.params.items() if spec.get("type") == "amount"}
    return any(
        ref.name.removeprefix("params.") in amounts
        for operation in program.operations
        for step in operation.steps
        for ref in step.request.refs_below("params")
    )


def _host(base_url: Term) -> str:
    """The host, with a letter for what the environment gives: the domain is the author's."""
    texts = (str(part.value) if isinstance(part, Lit) else "x" for part in line_parts(base_url))
    return "".join(texts).partition("://")[2].partition("/")[0]
