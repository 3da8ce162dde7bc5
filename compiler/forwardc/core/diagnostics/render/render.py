"""Shows diagnostics in the form that was asked for.

Each form is a module, which is imported when it is asked for.
"""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import assert_never

from forwardc.core.dataclass import replace
from forwardc.core.diagnostics.diagnostic import Diagnostic
from forwardc.core.diagnostics.excerpt_lines import ExcerptLines
from forwardc.core.diagnostics.levels import Suppression


class DiagnosticFormat(StrEnum):
    """What `--format` takes."""

    TEXT = "text"
    CONCISE = "concise"
    JSON = "json"
    SARIF = "sarif"
    GITHUB = "github"


def render(
    diagnostics: Sequence[Diagnostic],
    format: DiagnosticFormat,  # noqa: A002 - the name of the option that users type
    sources: ExcerptLines,
    color: bool = False,
    suppressed: Sequence[Suppression] = (),
) -> str:
    """Show diagnostics, sorted, with no credential or card number in any part.

    The text ends with a line break, or is empty. `color` adds ANSI colours to text and concise.
    What was suppressed is shown by the forms that have a way to say so: SARIF and GitHub's.
    """
    shown = [*_cleaned(diagnostics, sources)] if diagnostics else []
    match format:
        case DiagnosticFormat.TEXT:
            from forwardc.core.diagnostics.render import text

            return text.render(shown, sources, color)
        case DiagnosticFormat.CONCISE:
            from forwardc.core.diagnostics.render import concise

            return concise.render(shown, color)
        case DiagnosticFormat.JSON:
            from forwardc.core.diagnostics.render import json

            return json.render(shown)
        case DiagnosticFormat.SARIF:
            from forwardc.core.diagnostics.render import sarif

            return sarif.render(shown, sources.root, clean_suppressions(suppressed, sources))
        case DiagnosticFormat.GITHUB:
            from forwardc.core.diagnostics.render import github

            return github.render(shown, clean_suppressions(suppressed, sources))
        case _:
            assert_never(format)


def _cleaned(diagnostics: Sequence[Diagnostic], sources: ExcerptLines) -> Iterator[Diagnostic]:
    # It looks for cards and credentials: most commands report nothing, and start without that.
    from forwardc.core.diagnostics.render.clean import clean

    for diagnostic in sorted(diagnostics, key=lambda diagnostic: diagnostic.sort_key):
        yield clean(sources.relocated(diagnostic))


def clean_suppressions(
    suppressed: Sequence[Suppression], sources: ExcerptLines
) -> list[Suppression]:
    """The same as they may be shown, in order, each with the place that suppressed it."""
    if not suppressed:
        return []
    from forwardc.core.diagnostics.render.clean import clean, one_line

    in_order = sorted(suppressed, key=lambda suppression: suppression.sort_key)
    return [
        replace(
            suppression,
            diagnostic=clean(sources.relocated(suppression.with_place)),
            reason=one_line(suppression.reason),
        )
        for suppression in in_order
    ]
