"""`forwardc check`: reports every mistake, and writes nothing."""

from datetime import datetime
from pathlib import Path

import click

from forwardc.cli.collector import collector_paused
from forwardc.cli.findings import find_project, format_option, project_option, show
from forwardc.cli.today import day_of, today_option


@click.command(short_help="Report every mistake in destinations.")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@today_option
@format_option
@project_option
@collector_paused()
def command(
    paths: tuple[Path, ...], format_: str, project: Path | None, today: datetime | None
) -> int:
    """Check the project, or single destination files at PATHS.

    A file that is named alone is checked without the project's settings and targets.
    """
    from forwardc.compile import compile_loaded, compile_project
    from forwardc.diagnostics.sink import Sink
    from forwardc.language.load import load_files

    sink = Sink()
    if paths:
        root = Path()
        compiled = compile_loaded(load_files(root, [path.as_posix() for path in paths], sink), sink)
    else:
        root = find_project(project)
        compiled = compile_project(root, sink, day_of(today))
    show(sink, format_, root)
    if sink.has_errors:
        return 1
    count = len(compiled.loaded.destinations)
    click.echo(f"{count} destination{'s' if count != 1 else ''} checked, no mistakes", err=True)
    return 0
