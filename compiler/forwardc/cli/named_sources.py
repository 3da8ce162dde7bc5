"""Destinations that the command line names: files, and `-` for standard input.

What comes by standard input is read whole before anything is checked, is called `<stdin>` in every
finding, and is shown in excerpts as a file's lines are. No project's settings apply to it.

Traced: `forwardc check - shop.yaml` makes the paths `<stdin>` and `shop.yaml`, and of the first one
the bytes; the compiler reads the second one itself.
"""

import sys
from collections.abc import Iterable, Mapping
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from forwardc.core.dataclass import dataclass

if TYPE_CHECKING:
    from forwardc.core.diagnostics.sink import Sink

STDIN: Final = Path("-")
"""What stands for standard input; a file of this name is `./-`."""
STDIN_NAME: Final = "<stdin>"
"""What findings call it."""

sources_argument = click.argument(
    "paths", nargs=-1, type=click.Path(path_type=Path), metavar="[PATHS | -]..."
)


@dataclass(frozen=True, slots=True)
class NamedSources:
    """The paths as findings name them, and the bytes of those that no file holds."""

    paths: tuple[str, ...]
    piped: Mapping[str, bytes] = field(repr=False)

    @property
    def texts(self) -> dict[str, str]:
        """The same bytes as text for excerpts, which mask it."""
        return {
            path: data.decode("utf-8-sig", errors="replace") for path, data in self.piped.items()
        }


def named_sources(paths: Iterable[Path], sink: "Sink") -> NamedSources:
    """What was named, standard input read. Reports FC0101 or FC0103 where it cannot be.

    Raises:
        click.UsageError: `-` is there twice: it gives its bytes once.
    """
    names: list[str] = []
    piped: dict[str, bytes] = {}
    for path in paths:
        if path != STDIN:
            names.append(path.as_posix())
            continue
        if STDIN_NAME in names:
            raise click.UsageError("- stands for standard input, and can be named once only.")
        names.append(STDIN_NAME)
        piped[STDIN_NAME] = _piped(sink)
    if sink.has_errors:
        return NamedSources(tuple(name for name in names if name != STDIN_NAME), {})
    return NamedSources(tuple(names), piped)


def _piped(sink: "Sink") -> bytes:
    """What standard input holds; nothing, with the reason in the sink, where it cannot be read."""
    from forwardc.core.diagnostics.span import Position, Span
    from forwardc.core.files.kinds import PIPED_DESTINATION, TOO_LARGE, FileRefusedError
    from forwardc.core.files.operator_file import read_open

    try:
        if sys.stdin is None:
            raise FileRefusedError("it is closed")
        return read_open(sys.stdin.buffer, PIPED_DESTINATION)
    except OSError as problem:
        is_large = isinstance(problem, FileRefusedError) and problem.code == TOO_LARGE
        span = Span(STDIN_NAME, Position(1, 1), Position(1, 1))
        message = f"standard input cannot be read: {problem.strerror}"
        sink.error(TOO_LARGE if is_large else "FC0101", message, span)
        return b""
