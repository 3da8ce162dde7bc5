"""What a plain YAML scalar means: values, the traps of YAML 1.1, and where `${...}` ends.

The core schema of YAML 1.2 decides; what YAML 1.1 reads otherwise is a trap with a hint. Of an
expression only its end is looked for, so that a scalar which YAML cuts in two is told.
"""

import re
from decimal import Decimal

from forwardc.compile.language.input_file import InputFile
from forwardc.compile.language.nodes import Trail, Value
from forwardc.core.dataclass import dataclass

# No field of a payment needs more; beyond it Python's conversions slow down or overflow.
MAX_NUMBER_LENGTH = 64
"""Characters of a number."""

MAX_EXPONENT = 99
"""Of a power of ten: two digits, so that a number written out has at most 163."""

_CONSTANTS: dict[str, Value] = {
    **dict.fromkeys(("null", "Null", "NULL", "~"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_SWITCHES = frozenset(
    spelling
    for word in ("y", "n", "yes", "no", "on", "off")
    for spelling in (word, word.capitalize(), word.upper())
)
_LETTERS = frozenset(word for word in _SWITCHES if len(word) == 1)
_INTEGER = re.compile(r"[-+]?[0-9]+")
_OTHER_BASE = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_DECIMAL = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE]([-+]?[0-9]+))?")
_LEADING_ZERO = re.compile(r"[-+]?0[0-9_]+(\.[0-9]*)?([eE][-+]?[0-9]+)?")
_SEXAGESIMAL = re.compile(r"[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_NUMBER_START = frozenset("0123456789+-.")


@dataclass(frozen=True, slots=True)
class Trap:
    """A scalar that YAML 1.1 and 1.2 read differently, or that has no meaning here."""

    code: str
    message: str
    hint: str


_EMPTY = Trap("FC0114", "empty value", 'write null for nothing, or "" for empty text')
_SWITCH = Trap(
    "FC0110",
    "a word that YAML 1.1 reads as true or false",
    "write true or false, or put quotes around it for text",
)
_ZERO = Trap(
    "FC0111",
    "a number with a leading zero, which YAML 1.1 reads as octal",
    "put quotes around it for text, leave the zero out for a number, or write 0o for octal",
)
_SIXTY = Trap(
    "FC0112",
    "digits with colons, which YAML 1.1 reads as a number of base 60",
    "put quotes around it",
)
_INFINITE = Trap(
    "FC0113", "infinity and not-a-number have no form in a request", "write a finite number"
)
_HUGE = Trap(
    "FC0113",
    f"a number longer than {MAX_NUMBER_LENGTH} characters or with an exponent over {MAX_EXPONENT}",
    "put quotes around it for text",
)


def resolve(text: str) -> Value | Trap:
    """The value of a plain scalar, or the trap it is. Dates and all else stay text."""
    if not text:
        return _EMPTY
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if text in _SWITCHES:
        return _SWITCH
    if text[0] in _NUMBER_START:
        return _number(text)
    return text


def resolve_key(text: str) -> Value | Trap:
    """The same of a key. One letter is text there: `y` and `n` are names of fields.

    No parser of YAML 1.1 in use takes a single letter for true or false, and of a key everybody
    knows that it is text. `yes`, `no`, `on` and `off` are read as booleans by many.
    """
    return text if text in _LETTERS else resolve(text)


def is_level(text: str, trail: Trail) -> bool:
    """Whether a word is the level of a rule, of which `off` is one: there it is no trap.

    That is at `/rules/FC0326` and `/rules/FC0326/level`; the schema says which words may be.
    """
    if text not in _SWITCHES:
        return False
    match trail.tokens:
        case ("rules", _) | ("rules", _, "level"):
            return True
        case _:
            return False


def _number(text: str) -> Value | Trap:
    if _NOT_FINITE.fullmatch(text):
        return _INFINITE
    if _LEADING_ZERO.fullmatch(text):
        return _ZERO
    if _SEXAGESIMAL.fullmatch(text):
        return _SIXTY
    if match := _DECIMAL.fullmatch(text):
        return _decimal(text, match[4])
    if _OTHER_BASE.fullmatch(text):
        return _HUGE if len(text) > MAX_NUMBER_LENGTH else int(text, 0)
    return text


def _decimal(text: str, exponent: str | None) -> Value | Trap:
    if len(text) > MAX_NUMBER_LENGTH or (exponent and abs(int(exponent)) > MAX_EXPONENT):
        return _HUGE
    return int(text) if _INTEGER.fullmatch(text) else Decimal(text)


# Expressions: where `${` ends, and where YAML breaks one apart

CODE = "FC0115"

# Possessive where a run could be cut in many ways, so that a text without an end costs one pass.
# Never on a group: Python before 3.11.5 matches those wrongly (python/cpython#106052).
_QUOTED = r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\""""
_ENTRIES = rf"""\{{(?:[^'"{{}}]++|{_QUOTED})*\}}"""
# The braces of a `map` belong to the expression; one that is never closed ends at the first `}`.
_HOLE = re.compile(
    rf"""\$\{{(?:[^'"{{}}]++|{_QUOTED}|{_ENTRIES})*\}}|\$\{{(?:[^'"}}]++|{_QUOTED})*\}}""",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class BrokenInterpolation:
    """An expression that YAML does not read as one scalar: offsets, message and hint."""

    start: int
    end: int
    message: str
    hint: str


def interpolation_end(text: str, start: int) -> int:
    """The offset behind the `}` that closes the `${` at `start`, or -1. Strings may hold `}`."""
    hole = _HOLE.match(text, start)
    return hole.end() if hole else -1


def unterminated(text: str) -> int | None:
    """The offset of the first `${` that is never closed; `$${` is a literal and opens nothing."""
    position = text.find("${")
    while position >= 0:
        if position and text[position - 1] == "$":
            position = text.find("${", position + 2)
            continue
        end = interpolation_end(text, position)
        if end < 0:
            return position
        position = text.find("${", end)
    return None


def explain_unterminated(source: InputFile, end: int, plain: bool) -> tuple[str, str]:
    """Message and hint for a scalar that ends at `end` inside an expression."""
    after = source.text[end : source.line_around(end)[1]].lstrip(" \t")
    if plain and after.startswith("#"):
        return (
            "the expression is cut off where YAML sees a comment: a space and #",
            "put quotes around the whole value",
        )
    return "${ without its closing }", "close the expression, or write $${ for a literal ${"


def broken_at(source: InputFile, offset: int) -> BrokenInterpolation | None:
    """The expression around the place where the YAML parser gave up, if there is one."""
    text = source.text
    line_start, line_end = source.line_around(min(offset, len(text)))
    start = text.rfind("${", line_start, min(offset + 2, line_end))
    if start < 0:
        return None
    length = interpolation_end(text[start:line_end], 0)
    end = start + length if length > 0 else line_end
    if not start < offset < end:
        return None
    if offset == start + 1:
        return BrokenInterpolation(
            start,
            end,
            "an expression inside { } or [ ] needs quotes",
            'write {month: "${x}"}, or one key on each line',
        )
    if text[line_start:start].endswith('"'):
        return BrokenInterpolation(
            start,
            end,
            "the quote inside the expression ends the YAML value",
            "use single quotes inside a value in double quotes",
        )
    # Late: most files have none.
    from forwardc.compile.language.other_languages.advice import advice

    own = "put quotes around the whole value"
    hint = advice(text[start + 2 : end - 1], None, own) if length > 0 else own
    return BrokenInterpolation(start, end, "YAML breaks this expression apart", hint or own)
