"""Finds what a mistyped word may have meant.

Case and dashes count for nothing, then the fewest edits win, then what difflib calls alike.
"""

from collections.abc import Iterable

_LONGEST_WORD = 64
"""Characters. No name of a file or a language is longer, and the search takes their square."""
_MOST_CANDIDATES = 500
"""Names: a hint must not cost more than what it hints at."""
_MOST_EDITS = 2
"""Letters that a slip of the finger changes; three make another word."""


def did_you_mean(word: str, candidates: Iterable[str]) -> str | None:
    """Return the candidate nearest to `word`, or None when none is near.

    Nearest is: equal but for case, `-` and `_`; else at most two edits away; else alike to difflib.
    Words over 64 characters and candidates after the first 500 are not looked at.
    """
    if not word or len(word) > _LONGEST_WORD:
        return None
    usable = _usable(word, candidates)
    for candidate in usable:
        if _plain(candidate) == _plain(word):
            return candidate
    allowed = min(_MOST_EDITS, (len(word) - 1) // 2)
    near = [(_distance(word, candidate, allowed), candidate) for candidate in usable]
    close = [(edits, candidate) for edits, candidate in near if edits <= allowed]
    if close:
        return min(close)[1]
    # Late: most commands have nothing to suggest.
    from difflib import get_close_matches

    return next(iter(get_close_matches(word, usable, n=1, cutoff=0.75)), None)


def _usable(word: str, candidates: Iterable[str]) -> list[str]:
    usable = sorted({name for name in candidates if name != word and len(name) <= _LONGEST_WORD})
    return usable[:_MOST_CANDIDATES]


def _plain(word: str) -> str:
    return word.casefold().replace("-", "").replace("_", "")


def _distance(left: str, right: str, most: int) -> int:
    """Count the edits between two words, a swap of neighbours being one; `most + 1` if more."""
    if abs(len(left) - len(right)) > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        current = [i]
        for j, b in enumerate(right, 1):
            cost = min(row[j] + 1, current[j - 1] + 1, row[j - 1] + (a != b))
            if i > 1 and j > 1 and a == right[j - 2] and left[i - 2] == b:
                cost = min(cost, before[j - 2] + 1)
            current.append(cost)
        before, row = row, current
    return row[-1]
