"""Writes results to standard output and remarks to standard error. Formats no diagnostics."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click


def say(text: str = "") -> None:
    """Write a line of the result."""
    click.echo(text)


def note(text: str) -> None:
    """Write a line that is not part of the result, so that a pipe does not carry it."""
    click.echo(text, err=True)


def say_json(value: Any) -> None:
    """Write a value as indented JSON, keys in their given order, non-ASCII text as it is."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Lay out rows in columns two spaces apart, as plain text without a final newline.

    Every row has as many cells as the header.
    """
    lines = [header, *rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def heading(text: str) -> None:
    """Write a section title, bold on a terminal."""
    click.secho(text, bold=True)


def shown_path(path: Path) -> str:
    """Return a path as people read it: relative to the working directory where it lies below."""
    try:
        return path.resolve().relative_to(Path.cwd()).as_posix()
    except ValueError:
        return str(path)
