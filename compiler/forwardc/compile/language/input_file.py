"""One input file as text, and the way from an offset in it to a line and a column.

The starts of all lines are counted once; readers of YAML and of expressions give the offsets.
"""

from bisect import bisect_right
from dataclasses import field
from itertools import accumulate

from forwardc.core.dataclass import dataclass
from forwardc.core.diagnostics.span import Position, Span


@dataclass(frozen=True, slots=True, eq=False)
class InputFile:
    """A file's name and text. Offsets count code points from 0, and lines end at a line feed."""

    path: str
    text: str = field(repr=False)
    _line_starts: list[int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        lengths = (len(line) + 1 for line in self.text.split("\n"))
        object.__setattr__(self, "_line_starts", [0, *accumulate(lengths)])

    def position(self, offset: int) -> Position:
        """The line and column, both from 1, of an offset between 0 and the text's length."""
        line = bisect_right(self._line_starts, offset, hi=len(self._line_starts) - 1)
        return Position(line, offset - self._line_starts[line - 1] + 1)

    def span(self, start: int, end: int) -> Span:
        """The span of `text[start:end]`."""
        starts = self._line_starts
        line = bisect_right(starts, start, hi=len(starts) - 1)
        column = 1 - starts[line - 1]
        # Most ends stand on the line of their start.
        last = Position(line, end + column) if end < starts[line] else self.position(end)
        return Span(self.path, Position(line, start + column), last)

    def line_around(self, offset: int) -> tuple[int, int]:
        """Start and end offsets of the line that holds an offset, its line feed excluded."""
        start = self.text.rfind("\n", 0, offset) + 1
        end = self.text.find("\n", offset)
        return start, len(self.text) if end < 0 else end
