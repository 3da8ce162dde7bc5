"""Reads `arrangements:` of a destination, and their grants in a project, into what vaults compare.

Steps are looked up and forms of the expiry parsed; whether a place and its form fit is judged when
programs are assessed.
"""

from collections.abc import Iterator, Mapping

from forwardc.compile.ir.arrangements import Arrangement, Fill, Grant, Signature, parts_of
from forwardc.compile.language import access
from forwardc.compile.language.destination import DeclaredOperation, DeclaredStep
from forwardc.compile.language.nodes import Entry, Node, YamlScalar
from forwardc.compile.language.report import Report
from forwardc.core.diagnostics.suggest import did_you_mean

_GRAMMAR = "M, MM, YY or YYYY, or a month and a year with -, /, . or nothing between: MMYY, MM/YYYY"


def read_arrangements(
    node: Node | None, operations: Mapping[str, DeclaredOperation], report: Report
) -> tuple[Arrangement, ...]:
    """The arrangements in order. Reports FC0356 for a step, FC0357 for a form of the expiry."""
    return tuple(_arrangement(entry, operations, report) for entry in access.entries(node))


def read_grants(vaults: Node | None) -> tuple[Grant, ...]:
    """What the vaults of one environment or account agreed to."""
    return tuple(
        _grant(vault.key, entry)
        for vault in access.entries(vaults)
        for entry in access.entries(access.get(vault.value, "arrangements"))
    )


def _arrangement(
    entry: Entry, operations: Mapping[str, DeclaredOperation], report: Report
) -> Arrangement:
    node = entry.value
    tokens = access.get(node, "network_token")
    return Arrangement(
        name=entry.key,
        vault=access.text(node, "vault") or "",
        steps=tuple(_steps(access.get(node, "steps"), operations, report)),
        fills=tuple(_fill(item, report) for item in access.items(access.get(node, "fills"))),
        method=access.text(node, "method"),
        signature=_signature(access.get(node, "signature")),
        wallets=tuple(_texts(access.get(tokens, "kinds"))),
        asks=access.text(node, "asks") or "",
        span=entry.key_span,
        pointer=node.pointer,
    )


def _texts(node: Node | None) -> Iterator[str]:
    for item in access.items(node):
        if isinstance(item, YamlScalar) and isinstance(item.value, str):
            yield item.value


def _steps(
    node: Node | None, operations: Mapping[str, DeclaredOperation], report: Report
) -> Iterator[tuple[str, str]]:
    """The steps that are there and go through a vault."""
    steps = {
        f"{operation.name}.{step.name}": step
        for operation in operations.values()
        for step in operation.steps
    }
    for item in access.items(node):
        name = item.value if isinstance(item, YamlScalar) else None
        if not isinstance(name, str):
            continue
        problem = _step_problem(name, steps)
        if problem is None:
            operation, _, step = name.partition(".")
            yield operation, step
        else:
            message, hint = problem
            report.at(item).error("FC0356", message, item.span, hint)


def _step_problem(name: str, steps: Mapping[str, DeclaredStep]) -> tuple[str, str | None] | None:
    step = steps.get(name)
    if step is None:
        near = did_you_mean(name, steps)
        return f"there is no step `{name}`", f"did you mean {near}?" if near else None
    if step.deliver == "direct":
        return f"the step `{name}` goes through no vault", "name steps that a vault sends"
    return None


def _fill(node: Node, report: Report) -> Fill:
    form, place = access.text(node, "format") or "", access.get(node, "format")
    if place is not None and form and parts_of(form) is None:
        report.at(place).error("FC0357", "this is no form of an expiry date", place.span, _GRAMMAR)
    return Fill(access.text(node, "at") or "", form, node.span, node.pointer)


def _signature(node: Node | None) -> Signature | None:
    if node is None:
        return None
    return Signature(
        at=access.text(node, "at") or "",
        replacement=access.text(node, "replacement") or "",
        covers=access.text(node, "covers") or "",
        span=node.span,
        pointer=node.pointer,
    )


def _grant(vault: str, entry: Entry) -> Grant:
    node = entry.value
    return Grant(
        vault=vault,
        name=entry.key,
        ticket=access.text(node, "ticket") or "",
        date=access.text(node, "date") or "",
        by=access.text(node, "by") or "",
        expires=access.text(node, "expires"),
        url=access.text(node, "url"),
        says=access.text(node, "says"),
        span=entry.key_span,
        pointer=node.pointer,
    )
