"""`forwardc check`: reports every mistake at once, and writes what `--fix` asks for."""

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from forwardc.cli.compiled_plans import collector_patient
from forwardc.cli.findings import format_option, note_suppressed, show
from forwardc.cli.named_sources import STDIN, NamedSources, named_sources, sources_argument
from forwardc.cli.options import day_of, today_option
from forwardc.cli.output import json_option, note, say_document, suppressed_member
from forwardc.cli.project_folder import find_project, project_option, seen_from_here
from forwardc.cli.stored import StoreSession, findings_of, no_store_option
from forwardc.cli.unchanged import checked

if TYPE_CHECKING:
    from forwardc.compile.language.nodes import Node
    from forwardc.core.diagnostics.sink import Sink
    from forwardc.core.files.checkout import CheckoutPath

_MARK = "\ufeff"
_CODE = "FC0326"


def write_outcomes(root: "CheckoutPath", sink: "Sink") -> bool:
    """Write `outcome: by_status` where it is missing. Whether any file changed."""
    paths = {
        finding.span.path for finding in sink.sorted() if finding.code == _CODE and finding.span
    }
    written = [_write(root, path) for path in sorted(paths)]
    return any(written)


def _write(root: "CheckoutPath", path: str) -> bool:
    from forwardc.compile.language.load import file_bytes, parse_file
    from forwardc.core.diagnostics.sink import Sink
    from forwardc.core.files.checkout import spanned_path

    unheard = Sink()
    data = file_bytes(root, path, unheard)
    read = data and parse_file(root, path, data, unheard, in_project=False)
    if not data or not read or read.destination is None:
        return False
    shown, before = seen_from_here(root.path, path), data.decode("utf-8")
    mark = _MARK if before.startswith(_MARK) else ""
    text = read.destination.root.source.text
    if before != mark + text:
        return False
    after, times = _with_outcomes(path, text, read.destination.root)
    if after is None:
        note(f"{shown} is left as it is: write its outcomes by hand")
    if not after or not times:
        return False
    try:
        spanned_path(root, path).replace((mark + after).encode())
    except OSError as problem:
        note(f"{shown} cannot be written: {problem.strerror}")
        return False
    note(f"{shown}: `outcome: by_status` written {_times(times)}")
    return True


def _with_outcomes(path: str, text: str, root: "Node") -> tuple[str | None, int]:
    """The text with every outcome that is missing; None where one cannot be written safely.

    One at a time: what a merge key or an alias brings to another step is then seen there.
    """
    from forwardc.compile.language.fix import applied, outcomes

    times = 0
    while missing := outcomes(root):
        text = applied(text, missing[:1])
        after = _read(path, text, root)
        if after is None:
            return None, 0
        root, times = after, times + 1
    return text, times


def _read(path: str, text: str, before: "Node") -> "Node | None":
    """The tree, if it says what it said, and outcomes, without a mistake of form."""
    from forwardc.compile.language import yaml_reader
    from forwardc.compile.language.fix import adds_outcomes_only
    from forwardc.compile.language.schema import validate
    from forwardc.core.diagnostics.sink import Sink

    sink = Sink()
    node = yaml_reader.read(path, text.encode(), sink)
    if node is None or not validate("destination", node, sink) or sink.has_errors:
        return None
    return node if adds_outcomes_only(before, node) else None


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"


@click.command(short_help="Report every mistake in destinations.")
@sources_argument
@today_option
@click.option("--fix", is_flag=True, help="Write `outcome: by_status` where no outcome is said.")
@no_store_option
@json_option
@format_option
@project_option
@collector_patient()
def command(
    paths: tuple[Path, ...],
    as_json: bool,
    format_: str,
    project: Path | None,
    today: datetime | None,
    fix: bool,
    no_store: bool,
) -> int:
    """Check the project, or single destination files at PATHS; - is standard input.

    What is named alone is checked without the project's settings and targets.
    """
    from forwardc.core.diagnostics.sink import Sink
    from forwardc.core.files.checkout import below

    root, unread = Path() if paths else find_project(project), Sink()
    if fix and STDIN in paths:
        raise click.UsageError("--fix writes files, and there is none to write to behind -.")
    sources = named_sources(paths, unread)

    def look() -> "tuple[Sink, list[str]]":
        # What is mended is looked at as it is, twice.
        bypasses = no_store or fix
        if paths:
            return _checked_files(root, sources, unread)
        return _checked(root, day_of(today), no_store=bypasses)

    sink, names = look()
    if fix and write_outcomes(below(root), sink):
        sink, names = look()
    if as_json:
        suppressed = suppressed_member(sink, root, sources.texts)
        say_document({"destinations": names, **suppressed}, sink, root, sources.texts)
        return 1 if sink.has_errors else 0
    show(sink, format_, root, sources.texts)
    note_suppressed(sink)
    if sink.has_errors:
        return 1
    click.echo(checked(len(names)), err=True)
    return 0


def _checked(root: Path, today: date, *, no_store: bool) -> "tuple[Sink, list[str]]":
    """What was found in the project, and the names of its destinations."""
    run = StoreSession(root, today, no_store=no_store)
    verdict = run.verdict()
    if verdict is not None:
        return findings_of(verdict), verdict.destinations
    from forwardc.compile.pipeline import check_project
    from forwardc.core.diagnostics.sink import Sink

    sink = Sink()
    compiled = check_project(root, sink, today, run.remember())
    run.keep_verdict(compiled, sink)
    return sink, [summary.name for summary in compiled.summaries]


def _checked_files(root: Path, sources: NamedSources, unread: "Sink") -> "tuple[Sink, list[str]]":
    from forwardc.compile.pipeline import check_files
    from forwardc.core.diagnostics.sink import Sink

    sink = Sink()
    for finding in unread.sorted():
        sink.add(finding)
    compiled = check_files(root, sources.paths, sink, sources.piped)
    return sink, [summary.name for summary in compiled.summaries]
