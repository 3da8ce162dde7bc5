"""`forwardc coverage`: which operation works through which vault, and why not."""

from pathlib import Path

import click

from forwardc.cli.findings import format_option, show
from forwardc.cli.named_sources import named_sources, sources_argument
from forwardc.cli.output import json_option, say_document
from forwardc.cli.project_folder import find_project, project_option, seen_from_here


@click.command(short_help="Show which operation works through which vault, and why not.")
@sources_argument
@click.option("--why", is_flag=True, help="Give the reasons, each at its place in the YAML.")
@json_option
@format_option
@project_option
def command(
    paths: tuple[Path, ...], why: bool, as_json: bool, format_: str, project: Path | None
) -> int:
    """Print the table of operation by vault for the project, or for destination files at PATHS.

    With - the destination comes by standard input.
    """
    from forwardc.cli.output import say, say_lines, table
    from forwardc.compile.ir.summary import assessments_of
    from forwardc.compile.language.load import load_files
    from forwardc.compile.pipeline import compile_loaded, compile_project
    from forwardc.compile.review import coverage
    from forwardc.compile.review.account_keys import missing_account_keys
    from forwardc.compile.review.coverage import reasons, table_of
    from forwardc.core.diagnostics.sink import Sink

    sink = Sink()
    root = Path() if paths else find_project(project)
    sources = named_sources(paths, sink)
    if paths:
        loaded = load_files(root, sources.paths, sink, sources.piped)
        compiled = compile_loaded(loaded, sink)
    else:
        compiled = compile_project(root, sink)
    if sink.has_errors:
        if as_json:
            say_document(None, sink, root, sources.texts)
        else:
            show(sink, format_, root, sources.texts)
        return 1
    rows = coverage.rows(compiled.assessments)
    asked = missing_account_keys(compiled.loaded.project, assessments_of(compiled.summaries))
    if as_json:
        not_built = [reason.to_json() for reason in compiled.not_built]
        say_document(coverage.to_json(rows, not_built, asked), sink, root, sources.texts)
        return 0
    say_lines(table(*table_of(rows)))
    for missing in asked:
        say(
            f"asked for: {missing.vault} in {missing.where.place}: no {missing.key}: {missing.line}"
        )
    if why:
        for line in reasons(rows, lambda path: seen_from_here(root, path)):
            say(line)
    return 0
