"""Shows diagnostics as every command does, and finds the project around the working directory."""

import os
import sys
from pathlib import Path

import click

from forwardc.cli.output import uses_colors
from forwardc.cli.project_folder import PROJECT_FILE
from forwardc.core.diagnostics.excerpt_lines import Sources
from forwardc.core.diagnostics.render.render import DiagnosticFormat, render
from forwardc.core.diagnostics.render.text import summary
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
project_option = click.option(
    "--project",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help=f"The folder of {PROJECT_FILE}. Default: the nearest one above the working directory.",
)


def find_project(folder: Path | None) -> Path:
    """The project's folder, resolved once. Raises a usage error where there is none.

    A link called `forwardc.yaml` counts as one here: the reader refuses it, and says why.
    """
    from forwardc.core.files.above import nearest

    try:
        start = (folder or Path()).resolve()
    except FileNotFoundError:
        raise click.UsageError("The working directory is not there any more.") from None
    if folder:
        if os.path.lexists(start / PROJECT_FILE):
            return start
        raise click.UsageError(f"--project: there is no {PROJECT_FILE} in that folder.")
    search = nearest(start, (PROJECT_FILE,))
    if search.folder is not None:
        return search.folder
    ended = f" The search ended below {search.ended}: {search.why}." if search.ended else ""
    raise click.UsageError(
        f"There is no {PROJECT_FILE} here or above.{ended} Name its folder with --project."
    )


def project_lines(root: Path | None) -> Sources:
    """The files of a project, with places as they are seen from the working directory."""
    try:
        return Sources(root, here=Path.cwd())
    except FileNotFoundError:
        return Sources(root)


def show(sink: Sink, format_: str, root: Path | None, *, err: bool = False) -> None:
    """Write every diagnostic to standard output, and the count of `concise` to standard error.

    `root` is the project's folder; None where no file may be shown. With `err` all of it goes to
    standard error, beside a result.
    """
    findings = sink.sorted()
    color = uses_colors(sys.stderr if err else sys.stdout)
    click.echo(
        render(findings, DiagnosticFormat(format_), project_lines(root), color), nl=False, err=err
    )
    if findings and format_ == DiagnosticFormat.CONCISE:
        click.echo(summary(findings), err=True)
