"""`forwardc explain`: the page of a code, the YAML that made a built place, or the other way."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from forwardc.cli import candidates
from forwardc.cli.output import json_option, note, say, say_document
from forwardc.cli.project_folder import project_option, seen_from_here

if TYPE_CHECKING:
    from forwardc.compile.compiled import Compiled
    from forwardc.core.diagnostics.codes import Code

_BUILT = re.compile(r"(?P<path>[^#]+\.(?:json|html|md))(?:#(?P<pointer>(?:/.*)?))?")
_LINE = re.compile(r"(?P<path>.+\.yaml):(?P<line>[0-9]{1,7})(?::[0-9]+)?")


@click.command(short_help="Explain a code, a built place, or a line of YAML.")
@click.argument(
    "subject",
    required=False,
    metavar="[CODE | build/FILE#/POINTER | FILE.yaml:LINE]",
    shell_complete=candidates.explained,
)
@json_option
@project_option
def command(subject: str | None, as_json: bool, project: Path | None) -> int:
    """Print what a diagnostic CODE means, with a bad and a good example.

    CODE is a number such as FC0302 or its name; without it, all codes are listed. A file of build/
    with a JSON Pointer is answered by the line of YAML that made the place, and a line of YAML by
    every place that it made.
    """
    if subject is None:
        return _list(as_json=as_json)
    line = _LINE.fullmatch(subject)
    if line:
        return _line(line["path"], int(line["line"]), project, as_json=as_json)
    built = _BUILT.fullmatch(subject)
    if built:
        return _built(built["path"], built["pointer"] or "", project, as_json=as_json)
    return _code(subject, as_json=as_json)


def _list(*, as_json: bool) -> int:
    from forwardc.core.diagnostics.codes import CODES

    if as_json:
        return _say_places({"codes": [_data(entry) for entry in CODES.values()]})
    for entry in CODES.values():
        click.echo(f"{entry.number}  {entry.slug:<28}  {entry.title}")
    return 0


def _code(code: str, *, as_json: bool) -> int:
    from forwardc.core.diagnostics.codes import lookup, page, similar

    entry = lookup(code)
    if entry is None:
        near = similar(code)
        hint = f" Did you mean {', '.join(near)}?" if near else ""
        raise click.UsageError(f"There is no code {code!r}.{hint}")
    text = page(entry.number).rstrip("\n")
    if as_json:
        return _say_places({"codes": [{**_data(entry), "page": text}]})
    click.echo(text)
    return 0


def _data(entry: "Code") -> dict[str, Any]:
    return {
        "code": entry.number,
        "name": entry.slug,
        "area": entry.area,
        "title": entry.title,
    }


def _say_places(result: dict[str, Any], root: Path | None = None) -> int:
    from forwardc.core.diagnostics.sink import Sink

    say_document(result, Sink(), root)
    return 0


def _built(path: str, pointer: str, project: Path | None, *, as_json: bool) -> int:
    from forwardc.compile.review.build_files import origin
    from forwardc.core.diagnostics.excerpt_lines import ExcerptLines

    compiled, root, folder = _compiled(project, as_json=as_json)
    documents = compiled.documents()
    inside = _below(path, root / folder, f"{folder}/")
    try:
        span = origin(documents, inside, pointer)
    except KeyError:
        problem = f"no place {pointer}" if inside in documents else "no such file"
        raise click.UsageError(f"There is {problem} in {folder}/{inside}.") from None
    if as_json:
        start = span and {"line": span.start.line, "column": span.start.column}
        made_by = span and {"path": seen_from_here(root, span.path), "start": start}
        return _say_places({"made_by": made_by}, root)
    if span is None:
        shown = f"{seen_from_here(root, folder)}/{inside}#{pointer}"
        say(f"{shown} comes from forwardc itself, not from your YAML")
        return 0
    say(f"{seen_from_here(root, span.path)}:{span.start.line}:{span.start.column}")
    say(f"  {(ExcerptLines(root).line(span.path, span.start.line) or '').strip()}")
    return 0


def _line(path: str, line: int, project: Path | None, *, as_json: bool) -> int:
    from forwardc.compile.review.build_files import made_by

    compiled, root, folder = _compiled(project, as_json=as_json)
    source = _below(path, root, "")
    if source not in compiled.loaded.files:
        raise click.UsageError(f"{source} is not part of the project.")
    places = list(made_by(compiled.documents(), source, line))
    shown = seen_from_here(root, folder)
    if as_json:
        makes = [{"path": f"{shown}/{built}", "pointer": pointer} for built, pointer in places]
        return _say_places({"makes": makes}, root)
    for built, pointer in places:
        say(f"{shown}/{built}#{pointer}")
    if not places:
        note(f"line {line} of {source} makes nothing in {shown}/")
    return 0


def _compiled(project: Path | None, *, as_json: bool) -> "tuple[Compiled, Path, str]":
    from forwardc.cli.findings import show
    from forwardc.cli.project_folder import find_project
    from forwardc.compile.pipeline import compile_project
    from forwardc.core.diagnostics.sink import Sink

    root = find_project(project)
    sink = Sink()
    compiled = compile_project(root, sink)
    if sink.has_errors or compiled.loaded.project is None:
        say_document(None, sink, root) if as_json else show(sink, "text", root)
        raise click.exceptions.Exit(1)
    return compiled, root, compiled.loaded.project.build


def _below(path: str, folder: Path, named: str) -> str:
    """A path as the compiler names it: relative to `folder`, wherever the command was called.

    What is not there from here may be as the project names it: `build/...` in any folder.
    """
    typed = Path(path).resolve()
    if typed.is_relative_to(folder.resolve()) and (typed.exists() or not path.startswith(named)):
        return typed.relative_to(folder.resolve()).as_posix()
    return path.removeprefix(named)
