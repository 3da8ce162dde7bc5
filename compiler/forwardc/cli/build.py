"""`forwardc build`: compiles the project into its build folder, or says that it is stale."""

from datetime import datetime
from pathlib import Path

import click

from forwardc.cli.collector import collector_paused
from forwardc.cli.findings import find_project, format_option, project_option, show
from forwardc.cli.today import day_of, today_option

EXIT_DIFFERENT = 3


@click.command(short_help="Compile destinations into build/.")
@click.option("--check", is_flag=True, help="Write nothing; exit with 3 where build/ is stale.")
@today_option
@format_option
@project_option
@collector_paused()
def command(check: bool, format_: str, project: Path | None, today: datetime | None) -> int:
    """Compile every destination for every vault.

    Only files that changed are written. With a mistake anywhere, nothing is.
    """
    from forwardc.compile import compile_project
    from forwardc.diagnostics.sink import Sink
    from forwardc.review.write import compare, write

    root = find_project(project)
    sink = Sink()
    compiled = compile_project(root, sink, day_of(today))
    if sink.has_errors or compiled.loaded.project is None:
        show(sink, format_, root)
        return 1
    folder = root / compiled.loaded.project.build
    outputs = compiled.outputs()
    if check:
        changes = compare(folder, outputs)
        for path in (*changes.written, *changes.removed):
            sink.error("FC0701", f"{path} is stale", hint="run `forwardc build` and commit it")
        show(sink, format_, root)
        return EXIT_DIFFERENT if changes.any else 0
    changes = write(folder, outputs)
    show(sink, format_, root)
    click.echo(
        f"{len(outputs)} files compiled, {len(changes.written)} written, "
        f"{len(changes.removed)} removed",
        err=True,
    )
    return 0
