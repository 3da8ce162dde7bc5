"""The forms that an expression of another language can have, whatever its signs.

Python, Jinja, JavaScript, PHP, Liquid and spreadsheets spell the same few forms. Signs are those of
forwardc here: `&&` is `and`, `||`, `??` and `?:` are `or`, `===` is `==`, `~` and `..` are `+`.
"""

from dataclasses import field
from typing import Final, TypeAlias

from forwardc.core.dataclass import dataclass
from forwardc.core.diagnostics.errors import ForwardcError


@dataclass(frozen=True, slots=True)
class ForeignName:
    """A name with its dots; `optional` where a `?` follows it."""

    name: str
    optional: bool = False


@dataclass(frozen=True, slots=True)
class ForeignLiteral:
    """A text without its quotes, or a number as it is written."""

    text: str
    is_number: bool = False


@dataclass(frozen=True, slots=True)
class ForeignText:
    """An f-string or a template: texts and values one after the other."""

    parts: "tuple[Foreign, ...]"


@dataclass(frozen=True, slots=True)
class ForeignCall:
    """A function, method or filter; `of` is what it belongs to or is applied to."""

    function: str
    args: "tuple[Foreign, ...]"
    of: "Foreign | None" = None


@dataclass(frozen=True, slots=True)
class ForeignIndex:
    """`x['a']`, `x[0]`."""

    of: "Foreign"
    key: "Foreign"


@dataclass(frozen=True, slots=True)
class ForeignRange:
    """`x[0:4]`, `x[-4:]`."""

    of: "Foreign"
    start: str
    end: str


@dataclass(frozen=True, slots=True)
class ForeignUnary:
    """`not x`, `-x`."""

    sign: str
    of: "Foreign"


@dataclass(frozen=True, slots=True)
class ForeignBinary:
    """Two operands and the sign between them."""

    sign: str
    left: "Foreign"
    right: "Foreign"


@dataclass(frozen=True, slots=True)
class ForeignChoice:
    """`a if x else b`, `x ? a : b`."""

    condition: "Foreign"
    then: "Foreign"
    otherwise: "Foreign"


@dataclass(frozen=True, slots=True)
class ForeignList:
    """`[a, b]`, and `(a, b)` where it is one."""

    items: "tuple[Foreign, ...]"


@dataclass(frozen=True, slots=True)
class ForeignMap:
    """`{'a': b}`."""

    entries: "tuple[tuple[Foreign, Foreign], ...]" = field(default=())


Foreign: TypeAlias = (
    ForeignName
    | ForeignLiteral
    | ForeignText
    | ForeignCall
    | ForeignIndex
    | ForeignRange
    | ForeignUnary
    | ForeignBinary
    | ForeignChoice
    | ForeignList
    | ForeignMap
)


class ForeignSyntaxError(ForwardcError):
    """An expression that is none of another language either."""


class NoCounterpartError(ForwardcError):
    """What has no exact counterpart here, with the hint that helps instead."""

    def __init__(self, hint: str) -> None:
        super().__init__(hint)
        self.hint = hint


CONDITIONALS: Final = frozenset("if iif ifelse cond ternary ifthenelse".split())
"""Functions whose first argument is a condition, in which a single `=` compares."""
