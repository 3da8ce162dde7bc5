"""Reads what a step does with its answer: what decides, prefixes of XML, and amounts in outputs.

`outcome: by_status` becomes rules like any other, and the kind that an answer must parse as is
the one that the rules read, unless the author says it.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from forwardc.compile.ir.xml_names import RESERVED, is_address
from forwardc.compile.language import access
from forwardc.compile.language.destination import DeclaredRule, DeclaredStep
from forwardc.compile.language.money.amount_params import unknown
from forwardc.compile.language.nodes import Entry, Node, YamlMap
from forwardc.compile.language.read_values import ValueReader
from forwardc.compile.language.report import Report
from forwardc.core.dataclass import dataclass
from forwardc.core.diagnostics.span import Span
from forwardc.core.diagnostics.suggest import did_you_mean
from forwardc.core.outcome import Outcome
from forwardc.core.terms.terms import HAS_CALL, Call, Lit, Ref, Term, root_bit, walk

_BODIES: Final = ("json", "xml", "form", "text")


def kinds_read(rules: Iterable[DeclaredRule]) -> tuple[str, ...]:
    """The forms of a body that rules read, in a fixed order."""
    names = {
        node.name.removeprefix("response.")
        for rule in rules
        if rule.when is not None
        for node in walk(rule.when, root_bit("response"))
        if isinstance(node, Ref) and node.root == "response"
    }
    return tuple(kind for kind in _BODIES if kind in names)


def answer_kind(step: DeclaredStep) -> str:
    """The kind of answer that a step believes. Outputs and reasons follow the rules."""
    return step.answer or next(iter(kinds_read(step.outcome)), "json")


# `outcome: by_status`
#
# Rules like any other from here on, so that a plan, a record and a reviewer see what decides.

BY_STATUS: Final = "by_status"


def by_status(node: Node) -> tuple[DeclaredRule, ...]:
    """2xx approves and 4xx rejects. Anything else is unknown, as where no rule holds."""
    return (
        DeclaredRule(_between(200, 299), Outcome.APPROVED, node.span, node.pointer),
        DeclaredRule(_between(400, 499), Outcome.REJECTED, node.span, node.pointer),
    )


def _between(least: int, most: int) -> Term:
    status = Ref("response.status")
    return Call("and", (Call("ge", (status, Lit(least))), Call("le", (status, Lit(most)))))


# Prefixes of XML

_PREFIX: Final = re.compile(r"[A-Za-z_][A-Za-z0-9._-]*")


@dataclass(frozen=True, slots=True)
class _Use:
    """A prefix in a rule or in a pointer."""

    prefix: str
    span: Span
    pointer: str


def read_namespaces(
    response: Node | None, rules: Iterable[DeclaredRule], report: Report
) -> dict[str, str]:
    """Namespaces by prefix. Reports FC0211, FC0327 and FC0328."""
    node = access.get(response, "namespaces")
    uris = {entry.key: access.text(node, entry.key) or "" for entry in access.entries(node)}
    if not uris:
        return uris
    for entry in access.entries(node):
        _check_reserved(entry, uris[entry.key], report)
    used = sorted([*_in_rules(rules), *_in_pointers(response)], key=lambda use: use.span.start)
    for entry in access.entries(node):
        unused = entry.key not in {use.prefix for use in used} | RESERVED.keys()
        # What has not the form of one is reported by the schema.
        if unused and _PREFIX.fullmatch(entry.key) and is_address(uris[entry.key]):
            message = f"nothing reads the prefix `{entry.key}`"
            hint = "use it in a rule or an `at`, or delete it"
            report.at(entry.value).warning("FC0327", message, entry.key_span, hint)
    # A slip in one prefix stands in many places: the first says it for all.
    first = {use.prefix: use for use in reversed(used)}
    for use in used:
        if use is first[use.prefix] and use.prefix not in uris.keys() | RESERVED.keys():
            _report_undeclared(use, uris, report)
    return uris


def _check_reserved(entry: Entry, uri: str, report: Report) -> None:
    at = report.at(entry.value)
    if entry.key in RESERVED:
        message = f"the prefix `{entry.key}` has its meaning in every XML document"
        at.error("FC0211", message, entry.key_span, "delete it: it needs no declaration")
    elif uri in RESERVED.values():
        message = "this namespace belongs to XML itself, and no other prefix can mean it"
        at.error("FC0211", message, entry.value.span, "write the prefix `xml` where it is read")


def _report_undeclared(use: _Use, declared: Iterable[str], report: Report) -> None:
    near = did_you_mean(use.prefix, declared)
    suggestion = f"did you mean {near}? " if near else ""
    message = f"the prefix `{use.prefix}` is not declared: only what stands behind it is compared"
    hint = f"{suggestion}declare it under `namespaces:`, or leave it out"
    report.at(use).warning("FC0328", message, use.span, hint)


def _in_rules(rules: Iterable[DeclaredRule]) -> Iterator[_Use]:
    for rule in rules:
        for node in walk(rule.when, HAS_CALL) if rule.when is not None else ():
            if isinstance(node, Call) and node.function == "get" and _reads_xml(node):
                key = node.args[1]
                if isinstance(key, Lit) and isinstance(key.value, str):
                    yield from _use(key.value, key.span or rule.span, f"{rule.pointer}/when")


def _reads_xml(term: Term) -> bool:
    while isinstance(term, Call) and term.function == "get":
        term = term.args[0]
    return term == Ref("response.xml")


def _in_pointers(response: Node | None) -> Iterator[_Use]:
    outputs = [entry.value for entry in access.entries(access.get(response, "outputs"))]
    why = access.get(response, "reason")
    reasons = [why] if isinstance(why, YamlMap) else list(access.items(why))
    for holder in (*outputs, *reasons):
        place = access.get(holder, "at")
        for part in (access.text(holder, "at") or "").split("/"):
            if place is not None:
                yield from _use(part, place.span, place.pointer)


def _use(key: str, span: Span, pointer: str) -> Iterator[_Use]:
    """The prefix of a name; a pointer into JSON may hold a colon, too, and then has one as well."""
    prefix, colon, _ = key.removeprefix(".").partition(":")
    if colon and prefix:
        yield _Use(prefix, span, pointer)


# Amounts among the outputs

_PARAM = "params."


def read_amount_output(entry: Entry, values: ValueReader) -> tuple[Term | None, Ref | None]:
    """The currency and the param asked for; both None for any other output."""
    node = entry.value
    if access.text(node, "type") != "amount":
        return None, None
    return _currency(entry, values), _asked(node, values)


def _currency(entry: Entry, values: ValueReader) -> Term | None:
    node = entry.value
    name, place = access.text(node, "currency"), access.get(node, "currency")
    names, money = values.names, values.names.money
    if name is None or place is None:
        return None
    report = values.report.at(place)
    if name.startswith(_PARAM):
        short = name.removeprefix(_PARAM)
        values.used.add(name)
        if short in names.currencies:
            return Ref(name, span=place.span)
        report.error("FC0337", f"`{name}` is no currency param", place.span, _hint(values))
        return None
    if name not in money.digits:
        problem, hint = unknown(name, money)
        report.error("FC0331", problem, place.span, hint)
        return None
    return Lit(name, span=place.span)


def _asked(node: Node, values: ValueReader) -> Ref | None:
    name, place = access.text(node, "asked"), access.get(node, "asked")
    if name is None or place is None:
        return None
    values.used.add(name)
    symbol = values.names.find(name) if name.startswith(_PARAM) else None
    if symbol is None or not symbol.amount:
        report = values.report.at(place)
        hint = "write params.<name> of a param of `type: amount`"
        report.error("FC0337", "what was asked for is an amount among the params", place.span, hint)
        return None
    own, said = symbol.currency, access.text(node, "currency") or ""
    if own is not None and said and said != _said(own):
        report = values.report.at(place)
        message = "what was asked for is counted in another currency than the answer"
        report.error("FC0337", message, place.span, f"write currency: {_said(own)}")
        return None
    return Ref(name, span=place.span)


def _said(currency: Term) -> str:
    return currency.name if isinstance(currency, Ref) else str(getattr(currency, "value", ""))


def _hint(values: ValueReader) -> str:
    currencies = [f"{_PARAM}{name}" for name in sorted(values.names.currencies)]
    return f"write {' or '.join([*currencies, 'a code such as EUR'])}"
