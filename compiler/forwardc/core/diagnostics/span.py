"""Where something stands in a source file.

A span is a path and two positions; whoever reads a file makes it.
"""

from forwardc.core.dataclass import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in a text file. Line and column count from 1, columns in code points."""

    line: int
    column: int


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A range in one file: `start` included, `end` excluded."""

    path: str
    start: Position
    end: Position
