"""Reads what an output of `type: amount` is counted in, and which param it answers.

Knows one output and the names before it. Reports FC0337.
"""

from forwardc.compile.language import access
from forwardc.compile.language.money.params import unknown
from forwardc.compile.language.nodes import Entry, Node
from forwardc.compile.language.read_values import ValueReader
from forwardc.core.terms.terms import Lit, Ref, Term

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
    report = values.report.at(place.pointer)
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
        report = values.report.at(place.pointer)
        hint = "write params.<name> of a param of `type: amount`"
        report.error("FC0337", "what was asked for is an amount among the params", place.span, hint)
        return None
    own, said = symbol.currency, access.text(node, "currency") or ""
    if own is not None and said and said != _said(own):
        report = values.report.at(place.pointer)
        message = "what was asked for is counted in another currency than the answer"
        report.error("FC0337", message, place.span, f"write currency: {_said(own)}")
        return None
    return Ref(name, span=place.span)


def _said(currency: Term) -> str:
    return currency.name if isinstance(currency, Ref) else str(getattr(currency, "value", ""))


def _hint(values: ValueReader) -> str:
    currencies = [f"{_PARAM}{name}" for name in sorted(values.names.currencies)]
    return f"write {' or '.join([*currencies, 'a code such as EUR'])}"
