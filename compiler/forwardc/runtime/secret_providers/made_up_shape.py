"""A short text that begins as a pattern says: the first of its choices, as often as it must.

For patterns as authors write them for credentials. Whoever calls it tries the text: what is not
understood gives none, or one that does not fit.
"""

import re
from typing import Final

_COUNT: Final = re.compile(r"\{(\d+)(?:,\d*)?\}")
_CLASSES: Final = {"d": "0", "w": "a", "s": " ", "S": "a", "D": "a", "W": "-"}
_LONGEST: Final = 200


def beginning(pattern: str) -> str | None:
    """The text; None for a pattern that has more than literals, choices, sets and counts."""
    reader = _Reader(pattern.removesuffix("$"))
    try:
        text = reader.choices()
    except (IndexError, ValueError):
        return None
    whole = reader.at == len(reader.pattern)
    return text if whole and len(text) <= _LONGEST else None


class _Reader:
    """Reads a pattern from left to right."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.at = 0

    def choices(self) -> str:
        """What stands before the first `|`; the others are passed over."""
        first = self.sequence()
        while self._taken("|"):
            self.sequence()
        return first

    def sequence(self) -> str:
        text = ""
        while self.at < len(self.pattern) and self.pattern[self.at] not in "|)":
            if not (self._taken("^") or self._taken("\\A")):
                one = self.part()
                text += one * self.times()
        return text

    def part(self) -> str:
        if self._taken("("):
            if self._taken("?") and not self._taken(":"):
                raise ValueError("a group of another kind")
            inside = self.choices()
            if not self._taken(")"):
                raise ValueError("a group that does not end")
            return inside
        if self._taken("["):
            return self.set()
        mark = self._next()
        if mark == "\\":
            return self.escaped()
        if mark in "*+?{":
            raise ValueError("a count of nothing")
        return "a" if mark == "." else mark

    def set(self) -> str:
        """The first member of a set that is not negated."""
        if self.pattern[self.at] == "^":
            raise ValueError("a negated set")
        mark = self._next()
        first = self.escaped() if mark == "\\" else mark
        while self._next() != "]":
            continue
        return first

    def escaped(self) -> str:
        mark = self._next()
        if mark.isalnum():
            return _CLASSES[mark] if mark in _CLASSES else self._unknown()
        return mark

    def times(self) -> int:
        """How often the part before must stand there."""
        count = _COUNT.match(self.pattern, self.at)
        if count is not None:
            self.at = count.end()
            least = min(int(count[1]), _LONGEST + 1)
        elif self._taken("+"):
            least = 1
        elif self._taken("*") or self._taken("?"):
            least = 0
        else:
            return 1
        self._taken("?")
        return least

    def _unknown(self) -> str:
        raise ValueError("an escape of another kind")

    def _next(self) -> str:
        mark = self.pattern[self.at]
        self.at += 1
        return mark

    def _taken(self, mark: str) -> bool:
        there = self.pattern.startswith(mark, self.at)
        self.at += len(mark) if there else 0
        return there
