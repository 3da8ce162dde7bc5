"""`forwardc fmt`: lays files out, and changes no value, no order and no comment of them.

All files are read and laid out before the first one is written: with one that is no YAML, none is.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from forwardc.cli.findings import format_option, show
from forwardc.cli.named_sources import STDIN, NamedSources, named_sources, sources_argument
from forwardc.cli.output import json_option, note, say, say_document
from forwardc.cli.project_folder import find_project, project_option, seen_from_here

if TYPE_CHECKING:
    from forwardc.compile.language.layout.formatting import FormattedFile
    from forwardc.core.diagnostics.sink import Sink

EXIT_DIFFERENT: Final = 3
"""Exit code, as that of `build --check` and `diff`."""
_NO_END: Final = "\\ No newline at end of file"


@click.command(short_help="Lay files out, and change nothing that they say.")
@sources_argument
@click.option("--check", is_flag=True, help="Write nothing; exit with 3 where a file would change.")
@click.option("--diff", is_flag=True, help="The same, and show how.")
@json_option
@format_option
@project_option
def command(
    paths: tuple[Path, ...],
    check: bool,
    diff: bool,
    as_json: bool,
    format_: str,
    project: Path | None,
) -> int:
    """Lay out the files of the project, or those at PATHS; - is from standard input to output.

    Comments, quotes, anchors and the order of keys stay. With one file that is no YAML, nothing is
    written.
    """
    from forwardc.core.diagnostics.sink import Sink

    sink = Sink()
    is_piped, writes = STDIN in paths, not (check or diff)
    _refuse_mixtures(paths, as_json=as_json, diff=diff, prints=is_piped and writes)
    root = Path() if paths else find_project(project)
    sources = named_sources(paths, sink) if paths else _of_project(root, sink)
    files = [] if sink.has_errors else list(_formatted(root, sources, sink))
    changed = [file for file in files if file.differs]
    failed = sink.has_errors
    if not failed and check and not diff:
        _report(changed, sink)
    if not failed and writes and not is_piped:
        _write(root, changed)
    if as_json:
        written = [seen_from_here(root, file.path) for file in changed]
        result = None if failed else {"files": len(files), "written": written}
        say_document(result, sink, root, sources.texts)
    else:
        # The text itself has standard output.
        show(sink, format_, root, sources.texts, err=is_piped and writes)
    if failed:
        return 1
    if is_piped and writes:
        sys.stdout.buffer.write(files[0].after)
        return 0
    if diff:
        _show_differences(root, changed)
    note(_counted(len(files), len(changed), writes=writes))
    return EXIT_DIFFERENT if changed and not writes else 0


def _refuse_mixtures(paths: tuple[Path, ...], *, as_json: bool, diff: bool, prints: bool) -> None:
    if STDIN in paths and len(paths) > 1:
        raise click.UsageError("- stands alone: its text goes to standard output.")
    if as_json and prints:
        raise click.UsageError("the result of - is its text: --json goes with --check.")
    if as_json and diff:
        raise click.UsageError("--diff is for reading: --json goes with --check.")


def _of_project(root: Path, sink: "Sink") -> NamedSources:
    """`forwardc.yaml` and the destinations; nothing, with the reason in the sink, without one."""
    from forwardc.compile.language.load import PROJECT_FILE, open_project
    from forwardc.core.diagnostics.sink import Sink

    findings = Sink()
    loaded = open_project(root, findings)
    if loaded.project is None or not loaded.listed:
        for finding in findings.sorted():
            sink.add(finding)
    return NamedSources((PROJECT_FILE, *loaded.paths), {})


def _formatted(root: Path, sources: NamedSources, sink: "Sink") -> "Iterator[FormattedFile]":
    from forwardc.compile.language.layout.formatting import formatted
    from forwardc.compile.language.load import file_bytes
    from forwardc.core.files.checkout import below

    at = below(root)
    for path in dict.fromkeys(sources.paths):
        data = sources.piped[path] if path in sources.piped else file_bytes(at, path, sink)
        file = None if data is None else formatted(path, data, sink)
        if file is not None:
            yield file


def _report(changed: "list[FormattedFile]", sink: "Sink") -> None:
    for file in changed:
        message = "laid out otherwise than `forwardc fmt` does"
        sink.error("FC0124", message, file.first_difference, hint="run `forwardc fmt`")


def _write(root: Path, changed: "list[FormattedFile]") -> None:
    """Put each file in its place. Raises `click.ClickException` for what the system refuses."""
    from forwardc.core.files.checkout import below, spanned_path
    from forwardc.core.files.kinds import DESTINATION

    at = below(root)
    for file in changed:
        shown, place = seen_from_here(root, file.path), spanned_path(at, file.path)
        try:
            if place.read(DESTINATION) != file.before:
                raise click.ClickException(f"{shown} has changed meanwhile; run this again")
            place.replace(file.after)
        except OSError as problem:
            raise click.ClickException(f"{shown} cannot be written: {problem.strerror}") from None
        note(f"{shown} is laid out anew")


def _show_differences(root: Path, changed: "list[FormattedFile]") -> None:
    from difflib import unified_diff

    for file in changed:
        shown = seen_from_here(root, file.path)
        before, after = _lines(file.before), _lines(file.after)
        for line in unified_diff(before, after, shown, shown, lineterm=""):
            say(line)


def _lines(data: bytes) -> list[str]:
    """The lines of a file for a person to read, masked as excerpts are."""
    from forwardc.core.recognizer.secret_shapes import mask_excerpt

    *lines, rest = mask_excerpt(data.decode()).split("\n")
    shown = [line.replace("\r", "^M") for line in lines]
    return [*shown, rest, _NO_END] if rest else shown


def _counted(files: int, changed: int, *, writes: bool) -> str:
    return f"{files} file{'s' if files != 1 else ''}, {changed} {'' if writes else 'to be '}written"
