"""`forwardc build`: compiles the project into its build folder, or says that it is stale."""

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from forwardc.cli.compiled_plans import collector_patient
from forwardc.cli.findings import format_option, show
from forwardc.cli.options import day_of, today_option
from forwardc.cli.output import json_option, note, say_document
from forwardc.cli.project_folder import find_project, project_option
from forwardc.cli.stored import StoreSession, findings_of, no_store_option
from forwardc.cli.unchanged import built

if TYPE_CHECKING:
    from forwardc.compile.language.load import LoadedProject
    from forwardc.compile.review.comparison import BuildChanges
    from forwardc.core.diagnostics.sink import Sink

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
    from forwardc.compile.review.staged_build import BuildUnderWayError
    from forwardc.core.diagnostics.sink import Sink
    from forwardc.core.diagnostics.text_file import unreadable
    from forwardc.core.files.kinds import FileRefusedError

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
        build_project(loaded, sink, _nobody, day_of(today))
        report(None)
        return 1
    where = f"{'/'.join(loaded.build.parts)}/"
    try:
        return _check(loaded, report) if check else _build(loaded, report, run)
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
    report(None)
    return 1


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
        elif changes is None:
            say_document(None, self.sink, self.root)
        else:
            files = {"written": list(changes.written), "removed": list(changes.removed)}
            say_document({"files": changes.files, **files}, self.sink, self.root)


def _build(loaded: "LoadedProject", report: _BuildReport, run: StoreSession) -> int:
    from forwardc.compile.pipeline import build_project
    from forwardc.compile.review.staged_build import StagedBuild
    from forwardc.core.files.digest import file_digest

    def waiting() -> None:
        note(f"another build of {'/'.join(loaded.build.parts)}/ is under way: waiting for it")

    def take(path: str, data: bytes) -> None:
        digests[path] = file_digest(data)
        staged.take(path, data)

    digests: dict[str, str] = {}
    with StagedBuild(loaded.build, waiting) as staged:
        compiled = build_project(loaded, report.sink, take, report.today)
        if report.sink.has_errors:
            report(None)
            return 1
        outputs = {path: digests[path] for path in compiled.output_paths()}
        changes = staged.finish(outputs)
        run.keep_build(compiled, report.sink, outputs)
    report(changes)
    note(built(changes.files, len(changes.written), len(changes.removed)))
    return 0


def _nobody(path: str, data: bytes) -> None:
    """Without a project there is no folder to write to."""


def _check(loaded: "LoadedProject", report: _BuildReport) -> int:
    from forwardc.compile.pipeline import build_project
    from forwardc.compile.review.comparison import MANIFEST, BuildComparison, first_difference

    comparison = BuildComparison(loaded.build)
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
