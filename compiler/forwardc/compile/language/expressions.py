"""Parses the expressions of one YAML scalar into a term.

A scalar that is one whole expression is that term, with its type; any other is literal text, or a
`Text` of its pieces. What stands between `${` and `}` goes to the parser.
"""

from typing import NamedTuple

from forwardc.compile.language.adviser import Adviser
from forwardc.compile.language.lexer import ExpressionSyntaxError, tokens
from forwardc.compile.language.parser import Parser, SpanOf
from forwardc.compile.language.report import Report
from forwardc.compile.language.yaml_scalars import interpolation_end
from forwardc.core.dataclass import replace
from forwardc.core.terms.terms import Lit, Term, Text

MAX_LENGTH = 65_536
"""Characters of a value with expressions; a body of Checkout.com has at most 16,384."""


class Interpolation(NamedTuple):
    """One `${...}`: offsets of the whole in the scalar's value."""

    start: int
    end: int


def parse(text: str, place: SpanOf, report: Report, adviser: Adviser | None = None) -> Term | None:
    """The term of a scalar's text, or None after reporting why there is none.

    Reports FC0115, FC0301, FC0304 and FC0305; it raises for no text.
    """
    adviser = adviser or Adviser()
    pieces = _pieces(text, place, report)
    if pieces is None:
        return None
    if pieces and len(text) > MAX_LENGTH:
        message = f"a value with expressions and more than {MAX_LENGTH:,} characters"
        report.error("FC0301", message, place(*pieces[0]), "put it in parts under `let:`")
        return None
    if pieces and pieces[0] == (0, len(text)):
        return _expression(text, pieces[0], place, report, adviser)
    parts: list[Term | None] = []
    position = 0
    for hole in pieces:
        parts += _literal(text, position, hole.start, place)
        parts.append(_expression(text, hole, place, report, adviser))
        position = hole.end
    parts += _literal(text, position, len(text), place)
    complete = tuple(part for part in parts if part is not None)
    if len(complete) < len(parts):
        return None
    if not pieces:
        return (
            replace(complete[0], span=place(0, len(text)))
            if complete
            else Lit("", span=place(0, 0))
        )
    return Text(complete, span=place(0, len(text)))


def inside_of(text: str) -> str:
    """The inside of the only `${...}` of a text; empty where there are several."""
    start = first_interpolation(text)
    end = interpolation_end(text, start) if start >= 0 else -1
    is_only = end > 0 and first_interpolation(text, end) < 0
    return text[start + 2 : end - 1] if is_only else ""


def is_whole(text: str) -> bool:
    """Whether a scalar is one whole expression, so that it keeps the expression's type."""
    return text.startswith("${") and interpolation_end(text, 0) == len(text)


def plain(text: str) -> str:
    """Literal text with each `$${` made the `${` that it stands for."""
    return text.replace("$${", "${")


def first_interpolation(text: str, start: int = 0) -> int:
    """The offset of the first `${` that is no `$${`, or -1."""
    position = text.find("${", start)
    while position > start and text[position - 1] == "$":
        position = text.find("${", position + 2)
    return position


def _pieces(text: str, place: SpanOf, report: Report) -> list[Interpolation] | None:
    holes: list[Interpolation] = []
    position = 0
    while (start := first_interpolation(text, position)) >= 0:
        end = interpolation_end(text, start)
        if end < 0:
            hint = "close the expression, or write $${ for a literal ${"
            report.error("FC0115", "${ without its closing }", place(start, len(text)), hint)
            return None
        holes.append(Interpolation(start, end))
        position = end
    return holes


def _literal(text: str, start: int, end: int, place: SpanOf) -> list[Term | None]:
    return [Lit(plain(text[start:end]), span=place(start, end))] if start < end else []


def _expression(
    text: str, hole: Interpolation, place: SpanOf, report: Report, adviser: Adviser
) -> Term | None:
    def advise(start: int, end: int, own: str | None) -> str | None:
        return adviser.on_expression(text[start:end], own)

    try:
        inner = tokens(text, hole.start + 2, hole.end - 1)
        if len(inner) == 1:
            raise ExpressionSyntaxError("an empty expression", hole.start, hole.end)
        parser = Parser(inner, place, report, advise)
        term = parser.whole()
    except ExpressionSyntaxError as mistake:
        span = place(mistake.start, mistake.end)
        inside, hint = text[hole.start + 2 : hole.end - 1], mistake.hint
        if mistake.code in ("FC0301", "FC0305"):
            own = hint if mistake.code == "FC0301" else hint or ""
            hint = adviser.on_expression(inside, own)
        report.error(mistake.code, mistake.message, span, hint)
        return None
    return None if parser.failed else term
