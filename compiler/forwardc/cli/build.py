"""`forwardc build`: compiles the project into its build folder, or says that it is stale."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from forwardc.cli.compiled_plans import collector_paused, resume_collector
from forwardc.cli.findings import format_option, show
from forwardc.cli.options import day_of, today_option
from forwardc.cli.output import json_option, note, say_document
from forwardc.cli.project_folder import find_project, project_option
from forwardc.cli.stored import StoreSession, findings_of, no_store_option
from forwardc.cli.unchanged import built

if TYPE_CHECKING:
    from forwardc.compile.pipeline import Compiled
    from forwardc.compile.review.write import BuildChanges, Outputs
    from forwardc.core.diagnostics.sink import Sink
    from forwardc.core.files.checkout import CheckoutPath

EXIT_DIFFERENT = 3
"""Exit code: `build --check` and `diff` alike, so that a pipeline tells it from a mistake (1)."""


@click.command(short_help="Compile destinations into build/.")
@click.option("--check", is_flag=True, help="Write nothing; exit with 3 where build/ is stale.")
@no_store_option
@today_option
@json_option
@format_option
@project_option
@collector_paused()
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
    from forwardc.compile.pipeline import compile_project
    from forwardc.compile.review.write import BuildChanges, write
    from forwardc.core.diagnostics.sink import Sink
    from forwardc.core.diagnostics.text_file import unreadable
    from forwardc.core.files.kinds import FileRefusedError

    root = find_project(project)
    run = StoreSession(root, day_of(today), no_store=no_store or check)
    verdict = run.verdict()
    files = run.unchanged_files(verdict) if verdict else None
    if verdict is not None and files is not None:
        _BuildReport(findings_of(verdict), format_, root, as_json)(BuildChanges(files, (), ()))
        note(built(files))
        return 0
    sink = Sink()
    report = _BuildReport(sink, format_, root, as_json)
    compiled = compile_project(root, sink, day_of(today))
    if sink.has_errors or compiled.loaded.project is None:
        report(None)
        return 1
    resume_collector()
    folder = compiled.loaded.build
    try:
        if check:
            return _check(folder, compiled, report)
        digests: dict[str, str] = {}
        changes = write(folder, _noted(compiled.outputs(), digests))
    except FileRefusedError as problem:
        unreadable(problem, f"{'/'.join(folder.parts)}/", "FC0701", sink)
        report(None)
        return 1
    except OSError as problem:
        # A call on an open file names none.
        where = problem.filename or f"{'/'.join(folder.parts)}/"
        advice = "`forwardc build --check` says what is stale, and `forwardc build` repairs it"
        raise click.ClickException(f"{where}: {problem.strerror}; {advice}") from None
    run.keep_build(compiled, sink, digests)
    report(changes)
    note(built(changes.files, len(changes.written), len(changes.removed)))
    return 0


def _noted(outputs: "Outputs", digests: dict[str, str]) -> "Outputs":
    """The same, with the digest of each noted."""
    from forwardc.core.files.digest import file_digest

    for path, data in outputs:
        digests[path] = file_digest(data)
        yield path, data


@dataclass(frozen=True, slots=True)
class _BuildReport:
    """How findings are shown, and for programs the files beside them."""

    sink: "Sink"
    format_: str
    root: Path
    as_json: bool

    def __call__(self, changes: "BuildChanges | None") -> None:
        """Show all; None where nothing was compared or written."""
        if not self.as_json:
            show(self.sink, self.format_, self.root)
        elif changes is None:
            say_document(None, self.sink, self.root)
        else:
            files = {"written": list(changes.written), "removed": list(changes.removed)}
            say_document({"files": changes.files, **files}, self.sink, self.root)


def _check(folder: "CheckoutPath", compiled: "Compiled", report: _BuildReport) -> int:
    from forwardc.compile.review.write import MANIFEST, compare, first_difference

    stale = compare(folder, compiled.outputs())
    paths = (*stale.written, *stale.removed)
    for path in paths:
        report.sink.error("FC0701", f"{path} is stale", hint="run `forwardc build` and commit it")
    report(stale)
    if not paths:
        return 0
    first = next((path for path in paths if path != MANIFEST), MANIFEST)
    made = next((data for path, data in compiled.outputs() if path == first), None)
    note(f"first difference: {first_difference(folder, first, made)}")
    return EXIT_DIFFERENT
