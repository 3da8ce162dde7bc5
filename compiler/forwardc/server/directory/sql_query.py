"""A merchant's query with its one parameter `:reference`, cut where the parameter stands.

Knows no database: text in quotes, comments and `::type` casts are read as SQLite and PostgreSQL
both read them. Comments in comments, which they read differently, are refused; `$tag$` quotes are
PostgreSQL's, and SQLite refuses them when it is first asked.
"""

import re
from dataclasses import dataclass
from typing import Final

_PIECE: Final = re.compile(
    r"""
      (?P<text>  [eE]'(?:[^'\\]|''|\\.)*' | '(?:[^']|'')*' | "(?:[^"]|"")*" | `[^`]*`
               | \$(?P<tag>(?:[A-Za-z_]\w*)?)\$.*?\$(?P=tag)\$ )
    | (?P<comment> --[^\n]* | /\*.*?\*/ )
    | (?P<cast> :: | := )
    | (?P<parameter> :[A-Za-z_]\w* )
    | (?P<numbered> \$[0-9]+ )
    | (?P<end> ; )
    | (?P<open> ['"`] | /\* )
    | (?P<word> \w+ )
    """,
    re.VERBOSE | re.DOTALL,
)
_BEGINS: Final = frozenset({"select", "with", "values"})


@dataclass(frozen=True, slots=True)
class ReferenceQuery:
    """A query before and after its parameter."""

    before: str
    after: str

    def with_parameter(self, parameter: str) -> str:
        """The query with another word for its parameter."""
        return f"{self.before}{parameter}{self.after}"


def read_query(text: str) -> ReferenceQuery | list[str]:
    """The query, or all that is wrong with it."""
    pieces = [(found.lastgroup or "", found) for found in _PIECE.finditer(text.rstrip(" \t\r\n;"))]
    kinds = [kind for kind, _ in pieces]
    parameters = [found for kind, found in pieces if kind == "parameter"]
    words = [found[0].lower() for kind, found in pieces if kind == "word"]
    mistakes = [
        *(["a quote or comment is not closed"] if "open" in kinds else []),
        *(["it holds more than one statement"] if "end" in kinds else []),
        *(["it numbers its parameters: write :reference"] if "numbered" in kinds else []),
        *(["a comment stands in a comment"] if any(map(_nested, pieces)) else []),
        *(
            ["it does not begin with SELECT or WITH"]
            if words[:1] and words[0] not in _BEGINS
            else []
        ),
        *(["it is empty"] if not words else []),
    ]
    if any(found[0] != ":reference" for found in parameters):
        mistakes.append("it has another parameter than :reference")
    elif len(parameters) != 1:
        mistakes.append(f"it has :reference {len(parameters)} times, and needs it once")
    if mistakes:
        return mistakes
    (only,) = parameters
    whole = only.string
    return ReferenceQuery(whole[: only.start()], whole[only.end() :])


def _nested(piece: tuple[str, re.Match[str]]) -> bool:
    kind, found = piece
    return kind == "comment" and found[0].startswith("/*") and "/*" in found[0][2:]
