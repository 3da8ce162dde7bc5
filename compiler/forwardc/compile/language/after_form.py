"""Says which findings stand on their own where a file does not have the form of its schema.

Knows diagnostics only: a mistake of form hides declarations and uses, and what merely follows from
that is no mistake of the author's.
"""

from collections.abc import Iterable, Iterator, Sequence

from forwardc.core.diagnostics.diagnostic import Diagnostic
from forwardc.core.diagnostics.span import Span

_OF_DECLARATIONS = frozenset(
    ("FC0302", "FC0306", "FC0307", "FC0309", "FC0312", "FC0315", "FC0316", "FC0317", "FC0318")
)
_OF_TYPES = frozenset(("FC0301", "FC0303", "FC0315", "FC0316"))
_OF_USES = frozenset(("FC0308", "FC0310", "FC0311", "FC0321", "FC0326"))
_DECLARING = ("params", "settings", "secrets", "operations")
# Whatever else is wrong with a value, it must not stand there.
_ALWAYS = frozenset(("FC0504", "FC0505", "FC0509"))
_LINES = ("forwardc", "name", "title", "docs", "pci", "environments")


def independent(findings: Iterable[Diagnostic], form: Sequence[Diagnostic]) -> Iterator[Diagnostic]:
    """The findings that do not follow from those of form, in the same file."""
    hidden = _hidden(form)
    spans = [finding.span for finding in form if finding.span is not None]
    for finding in findings:
        if finding.code in _ALWAYS or (
            finding.code not in hidden and not _touches(finding.span, spans)
        ):
            yield finding


def _hidden(form: Sequence[Diagnostic]) -> frozenset[str]:
    hidden: frozenset[str] = frozenset()
    for finding in form:
        tokens = finding.pointer.split("/")[1:]
        top = tokens[0] if tokens else ""
        if not top or top in _LINES:
            continue
        if top not in _DECLARING or len(tokens) == 1:
            hidden |= _OF_DECLARATIONS | _OF_TYPES | _OF_USES
        elif top == "operations":
            hidden |= _OF_USES
            if _may_declare(finding.code, tokens):
                hidden |= _OF_DECLARATIONS | _OF_TYPES
        else:
            hidden |= _OF_TYPES
    return hidden


def _may_declare(code: str, tokens: Sequence[str]) -> bool:
    """Whether `let` names or outputs may be lost: a step's keys, and what is in those two."""
    is_step_or_key = tokens[2:3] == ["steps"] and len(tokens) <= 5
    in_names = tokens[4:5] == ["let"] or tokens[4:6] == ["response", "outputs"]
    return in_names or (is_step_or_key and code in ("FC0201", "FC0203"))


def _touches(span: Span | None, others: Sequence[Span]) -> bool:
    return span is not None and any(
        span == other
        or (span.path == other.path and span.start < other.end and other.start < span.end)
        for other in others
    )
