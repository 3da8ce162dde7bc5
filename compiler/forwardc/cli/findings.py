"""Shows findings in the form that was asked for, as every command does that compiles.

They stand in the place of a result, or beside it on standard error.
"""

import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import click

from forwardc.cli.output import note, uses_colors
from forwardc.core.diagnostics.excerpt_lines import ExcerptLines
from forwardc.core.diagnostics.render.render import DiagnosticFormat, render
from forwardc.core.diagnostics.sink import Sink

format_option = click.option(
    "--format",
    "format_",
    type=click.Choice(list(map(str, DiagnosticFormat))),
    default=str(DiagnosticFormat.TEXT),
    envvar="FORWARDC_FORMAT",
    show_default=True,
    help="How findings are shown.",
)


def project_lines(root: Path | None, texts: Mapping[str, str] | None = None) -> ExcerptLines:
    """The files of a project, with places as they are seen from the working directory.

    `texts` are those of what came by standard input, by its name.
    """
    try:
        return ExcerptLines(root, texts, here=Path.cwd())
    except FileNotFoundError:
        return ExcerptLines(root, texts)


def show(
    sink: Sink,
    format_: str,
    root: Path | None,
    texts: Mapping[str, str] | None = None,
    *,
    err: bool = False,
) -> None:
    """Write every diagnostic to standard output, and the count of `concise` to standard error.

    `root` is the project's folder; None where no file may be shown. `texts` are those of what came
    by standard input. With `err` all of it goes to
    standard error, beside a result.
    """
    findings = sink.sorted()
    color = uses_colors(sys.stderr if err else sys.stdout)
    lines = project_lines(root, texts)
    shown = render(findings, DiagnosticFormat(format_), lines, color, sink.suppressed())
    click.echo(shown, nl=False, err=err)
    if findings and format_ == DiagnosticFormat.CONCISE:
        from forwardc.core.diagnostics.render.text import summary

        click.echo(summary(findings), err=True)


def note_suppressed(sink: Sink) -> None:
    """Say on standard error how many findings nobody was bothered with, if there are any."""
    counts = Counter(suppression.by for suppression in sink.suppressed())
    parts = [f"{counts[by]} by a {by}" for by in ("comment", "rule") if counts[by]]
    if parts:
        note(f"suppressed: {' and '.join(parts)}; `--json` has each with its reason")
