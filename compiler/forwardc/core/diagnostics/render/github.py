"""Diagnostics as GitHub workflow commands, which show them on the lines of a pull request.

Form and escapes: docs.github.com, "Workflow commands for GitHub Actions", and
the toolkit's `@actions/core` command.ts.
"""

from collections.abc import Sequence

from forwardc.core.dataclass import replace
from forwardc.core.diagnostics.codes import CODES
from forwardc.core.diagnostics.diagnostic import Diagnostic, Severity
from forwardc.core.diagnostics.levels import Suppression
from forwardc.core.diagnostics.span import Span

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}


def render(diagnostics: Sequence[Diagnostic], suppressed: Sequence[Suppression] = ()) -> str:
    """Show cleaned diagnostics, one command on each line; what a comment allows is a notice."""
    allowed = [_allowed(each) for each in suppressed if each.by == "comment"]
    commands = [*map(_command, diagnostics), *map(_command, allowed)]
    return "".join(f"{command}\n" for command in commands)


def _allowed(suppression: Suppression) -> Diagnostic:
    """A notice, since GitHub has no word for what was allowed."""
    finding, said = suppression.diagnostic, f"allowed by a comment: {suppression.reason}"
    return replace(finding, severity=Severity.NOTE, hint=said)


def _command(diagnostic: Diagnostic) -> str:
    code = CODES.get(diagnostic.code)
    title = f"{diagnostic.code} {code.slug}" if code else diagnostic.code
    properties = {**_place(diagnostic.span), "title": title}
    listed = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    message = f"{diagnostic.message}\n{diagnostic.hint}" if diagnostic.hint else diagnostic.message
    return f"::{_COMMANDS[diagnostic.severity]} {listed}::{_data(message)}"


def _place(span: Span | None) -> dict[str, str]:
    if span is None:
        return {}
    lines = {"file": span.path.replace("\\", "/"), "line": str(span.start.line)}
    if span.end.line != span.start.line:
        # The checks API takes columns only for an annotation on a single line.
        return {**lines, "endLine": str(span.end.line)}
    start, end = str(span.start.column), str(span.end.column)
    return {**lines, "col": start, "endLine": lines["line"], "endColumn": end}


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
