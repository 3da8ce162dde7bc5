"""`forwardc check`: reports every mistake; writes nothing but what `--fix` asks for."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from forwardc.cli.collector import collector_paused
from forwardc.cli.findings import find_project, format_option, project_option, show
from forwardc.cli.json_output import json_option, say_document
from forwardc.cli.today import day_of, today_option

if TYPE_CHECKING:
    from forwardc.compile.pipeline import Compiled
    from forwardc.core.diagnostics.sink import Sink


@click.command(short_help="Report every mistake in destinations.")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@today_option
@click.option("--fix", is_flag=True, help="Write `outcome: by_status` where no outcome is said.")
@json_option
@format_option
@project_option
@collector_paused()
def command(
    paths: tuple[Path, ...],
    as_json: bool,
    format_: str,
    project: Path | None,
    today: datetime | None,
    fix: bool,
) -> int:
    """Check the project, or single destination files at PATHS.

    A file that is named alone is checked without the project's settings and targets.
    """
    from forwardc.cli.check_fix import write_outcomes

    root = Path() if paths else find_project(project)
    compiled, sink = _compiled(root, paths, today)
    if fix and write_outcomes(compiled.loaded, sink):
        compiled, sink = _compiled(root, paths, today)
    if as_json:
        names = [one.name for one in compiled.loaded.destinations]
        say_document({"destinations": names}, sink, root)
        return 1 if sink.has_errors else 0
    show(sink, format_, root)
    if sink.has_errors:
        return 1
    count = len(compiled.loaded.destinations)
    click.echo(f"{count} destination{'s' if count != 1 else ''} checked, no mistakes", err=True)
    return 0


def _compiled(
    root: Path, paths: tuple[Path, ...], today: datetime | None
) -> "tuple[Compiled, Sink]":
    from forwardc.compile.language.load import load_files
    from forwardc.compile.pipeline import compile_loaded, compile_project
    from forwardc.core.diagnostics.sink import Sink

    sink = Sink()
    if not paths:
        return compile_project(root, sink, day_of(today)), sink
    loaded = load_files(root, [path.as_posix() for path in paths], sink)
    return compile_loaded(loaded, sink), sink
