"""`forwardc build`: compiles the project into its build folder, or says that it is stale."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, nullcontext
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

import click

from forwardc.cli.compiled_plans import collector_patient
from forwardc.cli.findings import format_option, note_suppressed, show
from forwardc.cli.options import day_of, today_option
from forwardc.cli.output import json_option, note, progress, say_document, suppressed_member
from forwardc.cli.project_folder import find_project, project_option
from forwardc.cli.stored import StoreSession, findings_of, no_store_option
from forwardc.cli.unchanged import built
from forwardc.core.dataclass import dataclass

if TYPE_CHECKING:
    from forwardc.compile.compiled import Compiled
    from forwardc.compile.language.load import LoadedProject
    from forwardc.compile.review.comparison import BuildChanges
    from forwardc.core.diagnostics.sink import Sink

Made = TypeVar("Made")
_LONG = 50
"""Destinations: to compile so many takes a second, and who waits longer is shown how long."""
EXIT_DIFFERENT = 3
"""Exit code: `build --check` and `diff` alike, so that a pipeline tells it from a mistake (1)."""


@click.command(short_help="Compile destinations into build/.")
@click.option("--check", is_flag=True, help="Write nothing; exit with 3 where build/ is stale.")
@no_store_option
@today_option
@json_option
@format_option
@project_option
@collector_patient()
def command(
    check: bool,
    as_json: bool,
    format_: str,
    project: Path | None,
    today: datetime | None,
    no_store: bool,
) -> int:
    """Compile every destination for every vault.

    Only files that changed are written. With a mistake anywhere, nothing is.
    """
    from forwardc.compile.language.load import open_project
    from forwardc.compile.pipeline import build_project
    from forwardc.compile.review.comparison import BuildChanges
    from forwardc.core.diagnostics.sink import Sink

    root = find_project(project)
    run = StoreSession(root, day_of(today), no_store=no_store or check)
    verdict = run.verdict()
    files = run.unchanged_files(verdict) if verdict else None
    if verdict is not None and files is not None:
        shown = _BuildReport(findings_of(verdict), format_, root, as_json, day_of(today))
        shown(BuildChanges(files, (), ()))
        note(built(files))
        return 0
    sink = Sink()
    report = _BuildReport(sink, format_, root, as_json, day_of(today))
    loaded = open_project(root, sink)
    if loaded.project is None:
        build_project(loaded, sink, nobody, day_of(today))
        report(None)
        return 1
    work = _check if check else partial(_build, run=run)
    code = with_failures(loaded, sink, lambda: work(loaded, report))
    if code is None:
        report(None)
    return 1 if code is None else code


def with_failures(loaded: "LoadedProject", sink: "Sink", work: Callable[[], Made]) -> Made | None:
    """What some work on a build folder gives; None, with the reason in the sink, where it fails.

    Raises `click.ClickException` for what the system refuses.
    """
    from forwardc.compile.review.staged_build import BuildUnderWayError
    from forwardc.core.diagnostics.text_file import unreadable
    from forwardc.core.files.kinds import FileRefusedError

    where = f"{'/'.join(loaded.build.parts)}/"
    try:
        return work()
    except FileRefusedError as problem:
        unreadable(problem, where, "FC0701", sink)
    except BuildUnderWayError as problem:
        hint = "wait for it, and run this one again"
        sink.error("FC0713", f"{where}: {problem.strerror}", hint=hint)
    except OSError as problem:
        # A call on an open file names none.
        named = problem.filename or where
        advice = "`forwardc build --check` says what is stale, and `forwardc build` repairs it"
        raise click.ClickException(f"{named}: {problem.strerror}; {advice}") from None
    return None


@dataclass(frozen=True, slots=True)
class _BuildReport:
    """How findings are shown, and for programs the files beside them."""

    sink: "Sink"
    format_: str
    root: Path
    as_json: bool
    today: date

    def __call__(self, changes: "BuildChanges | None") -> None:
        """Show all; None where nothing was compared or written."""
        if not self.as_json:
            show(self.sink, self.format_, self.root)
            note_suppressed(self.sink)
        elif changes is None:
            say_document(None, self.sink, self.root)
        else:
            files = {"written": list(changes.written), "removed": list(changes.removed)}
            suppressed = suppressed_member(self.sink, self.root)
            say_document({"files": changes.files, **files, **suppressed}, self.sink, self.root)


def _build(loaded: "LoadedProject", report: _BuildReport, run: StoreSession) -> int:
    count = len(loaded.paths)
    bar = progress(range(count), "Compiling") if count >= _LONG else nullcontext(range(count))
    with bar as numbers:
        _, changes = build_into(loaded, report.sink, report.today, run, numbers=numbers)
    report(changes)
    if changes is None:
        return 1
    note(built(changes.files, len(changes.written), len(changes.removed)))
    return 0


def build_into(
    loaded: "LoadedProject",
    sink: "Sink",
    today: date,
    run: StoreSession,
    heed: "Heed | None" = None,
    numbers: Iterable[int] | None = None,
) -> "tuple[Compiled, BuildChanges | None]":
    """Compile a project into its build folder; with errors nothing is written, and None given.

    `heed` is given every file that is made, and called once more before the new ones are renamed
    into place. `numbers` are those of the destinations, for whoever counts what is done.

    Raises `OSError`.
    """
    from forwardc.compile.pipeline import build_project
    from forwardc.compile.review.staged_build import StagedBuild
    from forwardc.core.files.digest import file_digest

    def waiting() -> None:
        note(f"another build of {'/'.join(loaded.build.parts)}/ is under way: waiting for it")

    def take(path: str, data: bytes) -> None:
        # Of a destination's own files, most of a build, the digests are in what stays of it.
        if "/" not in path:
            shared[path] = file_digest(data)
        taken.add(path)
        staged.take(path, data)
        if heed is not None:
            heed.take(path, data)

    taken, shared = set[str](), dict[str, str]()
    with StagedBuild(loaded.build, waiting) as staged:
        remember = run.remember_built(loaded, staged.begin)
        compiled = build_project(loaded, sink, take, today, remember, numbers)
        if sink.has_errors:
            return compiled, None
        digests = {**shared, **dict(_of_destinations(compiled))}
        for path in digests.keys() - taken:
            # Of a destination that was recalled: it is there, and nobody else may write now.
            staged.stays(path)
        if heed is not None:
            heed.before_renames()
        outputs = {path: digests[path] for path in compiled.output_paths()}
        changes = staged.finish(outputs)
        run.keep_build(compiled, sink, outputs)
    return compiled, changes


def _of_destinations(compiled: "Compiled") -> Iterator[tuple[str, str]]:
    """Path and digest of every file of the destinations."""
    for each in compiled.destinations:
        if each.built is not None:
            yield from each.built.outputs.items()


class Heed(Protocol):
    """Who looks at a build as it is made."""

    def take(self, path: str, data: bytes) -> None:
        """Look at a file; of two for a path, the later counts."""

    def before_renames(self) -> None:
        """Look at the old files once more, when all new ones are made."""


def nobody(path: str, data: bytes) -> None:
    """Without a project there is no folder to write to."""


def _check(loaded: "LoadedProject", report: _BuildReport) -> int:
    from forwardc.compile.pipeline import build_project
    from forwardc.compile.review.comparison import MANIFEST, BuildComparison, first_difference

    with closing(BuildComparison(loaded.build)) as comparison:
        build_project(loaded, report.sink, comparison.take, report.today)
    if report.sink.has_errors:
        report(None)
        return 1
    stale = comparison.changes()
    paths = (*stale.written, *stale.removed)
    for path in paths:
        report.sink.error("FC0701", f"{path} is stale", hint="run `forwardc build` and commit it")
    report(stale)
    if not paths:
        return 0
    first = next((path for path in paths if path != MANIFEST), MANIFEST)
    difference = first_difference(loaded.build, first, comparison.bytes_of(first))
    note(f"first difference: {difference}")
    return EXIT_DIFFERENT
