"""Writes results to standard output and remarks to standard error. Formats no diagnostics.

Whatever a destination, a vault or a caller has written: one line stays one line.
"""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from forwardc.core.diagnostics.render.clean import escaped, on_one_line, printable


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
    """Write a value as indented JSON, keys in their given order.

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
