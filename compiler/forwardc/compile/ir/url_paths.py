"""Which paths mean the same to every server on the way. Knows no host and no value of a run."""

import re
from typing import Final

_ESCAPE: Final = re.compile(r"%([0-9A-Fa-f]{2})?")
_DOTS: Final = frozenset({".", ".."})
# Some servers resolve these before they look at a path, others after, and some once more.
_CLIMBS: Final = {
    ".": "a dot",
    ";": "a semicolon",
    "/": "a slash",
    "\\": "a backslash",
    "%": "a percent sign",
}


def path_problem(path: str) -> str | None:
    """What could make a path lead elsewhere; None where nothing can.

    Looks at dots in segments, also in front of `;`, at empty segments, at backslashes, and at
    escapes of what servers do not agree on.
    """
    if "\\" in path:
        return "it holds a backslash, which some servers read as a slash"
    for escape in _ESCAPE.finditer(path):
        if escape[1] is None:
            return "it holds a % without two hexadecimal digits behind it"
        char = chr(int(escape[1], 16))
        if char in _CLIMBS:
            return f"it holds the escape of {_CLIMBS[char]}, which servers read differently"
        if char < " " or char == "\x7f":
            return "it holds the escape of a control character"
    if "//" in path:
        return "it holds an empty segment, which some servers drop"
    if any(segment.partition(";")[0] in _DOTS for segment in path.split("/")):
        return "it holds a segment `.` or `..`, which leads to another path"
    return None
