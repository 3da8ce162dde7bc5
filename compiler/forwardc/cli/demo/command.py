"""`forwardc demo`: the whole path, from the YAML of destinations to answers of the sandbox.

Takes the project around the working directory where it holds the destinations that are shown, else
the ones that come with forwardc.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

import click

from forwardc.cli.output import heading, note, say, say_lines, say_styled, table

if TYPE_CHECKING:
    from forwardc.cli.demo.scenes import Played
    from forwardc.compile.compiled import Compiled


@click.command(short_help="Show the whole path, from YAML to the sandbox's answer.")
def command() -> int:
    """Check and build all destinations, then run some of them against a sandbox in this process.

    No account and no network are needed. Card data is masked; all cards are published test cards.
    Exits with 0 when every run ends as it should.
    """
    import asyncio

    from forwardc.cli.demo.scenes import SCENES, play
    from forwardc.cli.output import progress

    started = perf_counter()
    with _project() as root:
        build = _build(root)
        if build is None:
            return 1
        with progress(SCENES, "Running") as scenes:
            played = asyncio.run(play(build, scenes))
    _show(played)
    good = all(run.as_expected for run in played)
    seconds = perf_counter() - started
    say(f"{len(played)} runs in {seconds:.1f} s, {'all' if good else 'not all'} as expected")
    return 0 if good else 1


@contextmanager
def _project() -> Iterator[Path]:
    """The folder of a project that holds every destination of the demo."""
    from tempfile import TemporaryDirectory

    from forwardc.cli.demo.scenes import SCENES
    from forwardc.cli.project_folder import find_project

    needed = {f"destinations/{scene.destination}.yaml" for scene in SCENES}
    try:
        root = find_project(None)
    except click.UsageError:
        root = None
    if root and all((root / path).is_file() for path in needed):
        yield root
        return
    with TemporaryDirectory(prefix="forwardc-demo-") as folder:
        note("no project here: showing the destinations that come with forwardc")
        _unpack(Path(folder))
        yield Path(folder)


def _unpack(folder: Path) -> None:
    from forwardc.core.resources import data_dir

    (folder / "destinations").mkdir()
    project = data_dir("forwardc.yaml")
    (folder / project.name).write_bytes(project.read_bytes())
    for source in data_dir("destinations").iterdir():
        (folder / "destinations" / source.name).write_bytes(source.read_bytes())


def _build(root: Path) -> Path | None:
    """Check, compile and write; the build folder, or None where there are mistakes."""
    from forwardc.cli.findings import show
    from forwardc.compile.pipeline import compile_project
    from forwardc.compile.review.staged_build import write
    from forwardc.core.diagnostics.sink import Sink

    sink = Sink()
    compiled = compile_project(root, sink)
    if sink.has_errors or compiled.loaded.project is None:
        show(sink, "text", root)
        return None
    folder = compiled.loaded.build
    try:
        changes = write(folder, compiled.outputs())
    except OSError as problem:
        raise click.ClickException(f"build/ cannot be written: {problem.strerror}") from None
    heading("Check and build")
    say(f"{len(compiled.summaries)} destinations checked, no mistakes")
    say(f"{changes.files} files compiled, {len(changes.written)} written")
    _coverage(compiled)
    return folder.path


def _coverage(compiled: "Compiled") -> None:
    from forwardc.compile.review import coverage
    from forwardc.compile.review.coverage import table_of

    say()
    heading("Coverage (`forwardc coverage --why` gives the reasons)")
    say_lines(table(*table_of(coverage.rows(compiled.assessments))))


def _show(played: "list[Played]") -> None:
    from forwardc.cli.demo.scenes import lines

    say()
    heading("Runs against the sandbox")
    for number, run in enumerate(played, start=1):
        say()
        for line in lines(run, number, len(played)):
            say_styled(line)
    say()
    rows = [
        [run.scene.target, run.scene.vault, run.outcome, f"{run.duration_ms} ms"] for run in played
    ]
    say_lines(table(["operation", "vault", "outcome", "time"], rows))
    say()


# They say how a message travels, not what it says.
# More than a card number lacks: the scan took the text for a secret, so none of it is shown.
