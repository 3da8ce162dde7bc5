"""Writes results to standard output and remarks to standard error.

Whatever a destination, a vault or a caller has written: one line stays one line. Colours are as the
environment says: NO_COLOR (https://no-color.org) wins over FORCE_COLOR (https://force-color.org)
and CLICOLOR_FORCE (https://bixense.com/clicolors); each counts with any value but an empty one, and
the last two not with 0. A document of `--json` has its version, the result and what was found;
`schemas/output/` tells what it holds.
"""

import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TextIO, TypeVar

import click

from forwardc.core.diagnostics.render.printable import escaped, on_one_line, printable

if TYPE_CHECKING:
    from forwardc.core.diagnostics.sink import Sink


def say(text: str = "") -> None:
    """Write a line of the result: one, whatever the text holds."""
    click.echo(on_one_line(text))


def say_lines(text: str) -> None:
    """Write lines of the result that were laid out here, such as a table's."""
    for line in text.split("\n"):
        say(line)


def say_styled(text: str) -> None:
    """Write a line that holds styles of ours; what is foreign in it went through `on_one_line`."""
    click.echo(text)


def note(text: str) -> None:
    """Write what is not part of the result, so that a pipe does not carry it."""
    click.echo(printable(text), err=True)


def say_json(value: Any) -> None:
    """Write a value as indented JSON, keys in their order.

    Text is as it is, but for what drives a terminal or hides: that is escaped, and stays the value.
    """
    click.echo(escaped(json.dumps(value, indent=2, ensure_ascii=False)))


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Lay out rows in columns two spaces apart, as plain text without a final newline.

    Every row has as many cells as the header.
    """
    lines = [[on_one_line(cell) for cell in line] for line in (header, *rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def heading(text: str) -> None:
    """Write a section title, bold on a terminal."""
    click.secho(on_one_line(text), bold=True)


def shown_path(path: Path) -> str:
    """Return a path as people read it: from the working directory where that is shorter."""
    try:
        real = path.resolve()
        near = Path(os.path.relpath(real)).as_posix()
    except (OSError, ValueError):
        return str(path)
    return near if len(near) < len(str(real)) else str(path)


def color_setting(environment: Mapping[str, str] = os.environ) -> bool | None:
    """What the environment says; None where it says nothing and the stream decides."""
    if environment.get("NO_COLOR"):
        return False
    forced = (environment.get(name) for name in ("FORCE_COLOR", "CLICOLOR_FORCE"))
    if any(value and value != "0" for value in forced):
        return True
    if environment.get("CLICOLOR") == "0" or environment.get("TERM") == "dumb":
        return False
    return None


def uses_colors(stream: TextIO) -> bool:
    """Whether what is written there has colours."""
    setting = color_setting()
    return stream.isatty() if setting is None else setting


Item = TypeVar("Item")


@contextmanager
def progress(
    items: Iterable[Item], label: str, *, length: int | None = None
) -> Iterator[Iterable[Item]]:
    """Give the items back, and draw a bar on standard error while they are taken.

    `length` is the number of items, for those that do not know it themselves.
    """
    if not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield items
        return
    with click.progressbar(items, length=length, label=label, file=sys.stderr) as bar:
        yield bar


VERSION: Final = 1
"""Of the documents. Members are only added while it stays."""

json_option = click.option("--json", "as_json", is_flag=True, help="Show the result as JSON.")


def say_document(
    result: Mapping[str, Any] | None,
    sink: "Sink",
    root: "Path | None" = None,
    texts: Mapping[str, str] | None = None,
) -> None:
    """Write a result, and every finding beside it; None where there is no result.

    `root` is the project's folder, where findings have places in its files; `texts` are those of
    what came by standard input.
    """
    from forwardc.cli.findings import project_lines
    from forwardc.core.diagnostics.render.render import DiagnosticFormat, render

    problems = json.loads(render(sink.sorted(), DiagnosticFormat.JSON, project_lines(root, texts)))
    say_json({"forwardc": VERSION, **(result or {}), "problems": problems})


def suppressed_member(
    sink: "Sink", root: "Path | None", texts: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """The member `suppressed` of a document of `check` or `build`; none where nothing was."""
    suppressed = sink.suppressed()
    if not suppressed:
        return {}
    from forwardc.cli.findings import project_lines
    from forwardc.core.diagnostics.render.json import suppressed_objects
    from forwardc.core.diagnostics.render.render import clean_suppressions

    lines = project_lines(root, texts)
    return {"suppressed": suppressed_objects(clean_suppressions(suppressed, lines))}


def problems(sink: "Sink", as_json: bool) -> int:
    """Show why there is no result; the exit code 1."""
    if as_json:
        say_document(None, sink)
    else:
        warnings(sink)
    return 1


def warnings(sink: "Sink") -> None:
    """Show on standard error what is in the sink."""
    findings = sink.sorted()
    if not findings:
        return
    # Late: `--help` and the reading of options need nothing that renders.
    from forwardc.core.diagnostics.excerpt_lines import ExcerptLines
    from forwardc.core.diagnostics.render.render import DiagnosticFormat, render

    note(render(findings, DiagnosticFormat.TEXT, ExcerptLines()).rstrip("\n"))
