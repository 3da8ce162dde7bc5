"""Values that depend on another one: conditionals, lookups and what stands for something missing.

`x == 'a' ? 'b' : y == 'c' ? ...` has a counterpart where each condition compares the same name
with a literal, and each value is a literal or a setting: a `map`, read from the first one on.
"""

from typing import Final

from forwardc.compile.language.other_languages.functions import ASKS
from forwardc.compile.language.other_languages.names import LITERALS, plain
from forwardc.compile.language.other_languages.tree import (
    Foreign,
    ForeignBinary,
    ForeignCall,
    ForeignChoice,
    ForeignList,
    ForeignLiteral,
    ForeignMap,
    ForeignName,
    ForeignUnary,
    NoCounterpartError,
)
from forwardc.compile.language.other_languages.writing import NO_CHOICE, NO_LOGIC, Writing
from forwardc.core.terms.functions import Type

_MOST: Final = 12
"""Entries of a lookup in a hint: more are no line that anybody reads."""


def choice(of: ForeignChoice, writing: Writing) -> str:
    """A conditional expression."""
    if writing.in_rule:
        raise NoCounterpartError("a rule is true or false: join conditions with `and` and `or`")
    if (asked := _asked(of.condition)) is not None:
        present, absent = (of.then, of.otherwise) if asked[1] else (of.otherwise, of.then)
        return _of_presence(asked[0], present, absent, writing)
    subject: Foreign | None = None
    entries: dict[str, str] = {}
    rest: Foreign = of
    while isinstance(rest, ForeignChoice) and len(entries) < _MOST:
        compared = _compared(rest.condition)
        if compared is None or subject not in (None, compared[0]):
            raise NoCounterpartError(NO_CHOICE)
        subject, keys, negated = compared
        then, rest = (rest.otherwise, rest.then) if negated else (rest.then, rest.otherwise)
        for key in keys:
            entries.setdefault(_key(key, writing), _constant(then, writing))
    if subject is None:
        raise NoCounterpartError(NO_CHOICE)
    return _map_text(subject, entries, _constant(rest, writing), writing)


def lookup(table: ForeignMap, subject: Foreign, other: Foreign | None, writing: Writing) -> str:
    """`{'a': 'b'}[x]`, `{'a': 'b'}.get(x, 'c')`."""
    entries = {
        _key(key, writing): _constant(value, writing)
        for key, value in table.entries[:_MOST]
        if isinstance(key, ForeignLiteral | ForeignName)
    }
    return _map_text(subject, entries, _constant(other, writing) if other else "", writing)


def fallback(of: Foreign, other: Foreign, writing: Writing) -> str:
    """`x or 'v'`: what stands for something missing is said where it is declared."""
    if not isinstance(of, ForeignName | ForeignCall) or _is_condition(other):
        raise NoCounterpartError(NO_LOGIC)
    if _is_absent(other):
        return _marked(of, writing)
    if isinstance(of, ForeignCall):
        # What is wrong with the call itself comes first.
        writing.text(of)
    if not isinstance(other, ForeignLiteral) and not _is_setting(other):
        raise NoCounterpartError(
            "one value only stands at a place: let the caller choose, or use two operations"
        )
    if not isinstance(of, ForeignName) or not of.name.startswith("params."):
        raise NoCounterpartError("only a param has a value for where it is missing: its `default:`")
    if not isinstance(other, ForeignLiteral):
        raise NoCounterpartError(
            "a default is a literal: the caller gives the param, or the setting stands alone"
        )
    name = of.name.removeprefix("params.")
    writing.note(
        f"and declare `{name}` with `default: {writing.literal(other)}`, not `optional: true`"
    )
    return of.name


# Conditions


def _asked(condition: Foreign) -> tuple[ForeignName, bool] | None:
    """The name of which a condition asks whether it is there, and whether it says so."""
    if isinstance(condition, ForeignName):
        return ForeignName(condition.name), True
    if isinstance(condition, ForeignCall) and plain(condition.function) in ASKS:
        return _asked(condition.args[0]) if condition.args else None
    if isinstance(condition, ForeignUnary) and condition.sign == "not":
        asked = _asked(condition.of)
        return (asked[0], not asked[1]) if asked else None
    if not isinstance(condition, ForeignBinary) or condition.sign not in ("==", "!="):
        return None
    if isinstance(condition.left, ForeignName) and _is_absent(condition.right):
        return condition.left, condition.sign == "!="
    return None


def _of_presence(of: Foreign, present: Foreign, absent: Foreign, writing: Writing) -> str:
    symbol = writing.symbol(of)
    if symbol is not None and symbol.type is Type.BOOLEAN:
        entries = {"true": _constant(present, writing), "false": _constant(absent, writing)}
        return _map_text(of, entries, "", writing)
    if present == of:
        return fallback(of, absent, writing)
    if _is_absent(absent):
        return f"present({writing.text(of).removesuffix('?')}, {writing.text(present)})"
    raise NoCounterpartError(NO_CHOICE)


def _compared(condition: Foreign) -> tuple[Foreign, list[Foreign], bool] | None:
    """What a condition compares, with which literals, and whether it says `not`."""
    if isinstance(condition, ForeignUnary) and condition.sign == "not":
        compared = _compared(condition.of)
        return (compared[0], compared[1], not compared[2]) if compared else None
    if not isinstance(condition, ForeignBinary):
        return None
    left, right = condition.left, condition.right
    if condition.sign == "in" and isinstance(right, ForeignList):
        return left, list(right.items), False
    if condition.sign in ("==", "!="):
        if isinstance(left, ForeignLiteral):
            left, right = right, left
        is_literal = isinstance(right, ForeignLiteral)
        return (left, [right], condition.sign == "!=") if is_literal else None
    return _compared_with_any(left, right) if condition.sign == "or" else None


def _compared_with_any(left: Foreign, right: Foreign) -> tuple[Foreign, list[Foreign], bool] | None:
    """`x == 'a' or x == 'b'`: one name with several literals."""
    first, second = _compared(left), _compared(right)
    if first is None or second is None or first[0] != second[0] or first[2] or second[2]:
        return None
    return first[0], first[1] + second[1], False


def _is_condition(of: Foreign) -> bool:
    return isinstance(of, ForeignUnary) or (
        isinstance(of, ForeignBinary) and of.sign not in ("+", "-", "*", "/", "%")
    )


def _is_absent(of: Foreign) -> bool:
    is_null = isinstance(of, ForeignName) and LITERALS.get(of.name) == "null"
    return is_null or of == ForeignLiteral("")


def _is_setting(of: Foreign) -> bool:
    return isinstance(of, ForeignName) and of.name.startswith("settings.")


def _marked(of: Foreign, writing: Writing) -> str:
    text = writing.text(of)
    symbol = writing.symbol(of)
    return text if text.endswith("?") or (symbol and not symbol.optional) else f"{text}?"


# The map


def _key(of: Foreign, writing: Writing) -> str:
    text = writing.literal(of) if isinstance(of, ForeignLiteral) else ""
    if not text or "..." in text:
        raise NoCounterpartError(NO_CHOICE)
    bare = text.strip("'")
    is_word = bare.isascii() and bare.isidentifier() and bare not in LITERALS
    return bare if is_word or bare.isdecimal() else text


def _constant(of: Foreign, writing: Writing) -> str:
    if isinstance(of, ForeignLiteral):
        return writing.literal(of)
    is_word = isinstance(of, ForeignName) and LITERALS.get(of.name) in ("true", "false")
    if _is_setting(of) or is_word:
        return writing.text(of)
    raise NoCounterpartError(NO_CHOICE)


def _map_text(subject: Foreign, entries: dict[str, str], other: str, writing: Writing) -> str:
    listed = ", ".join(f"{key}: {value}" for key, value in entries.items())
    rest = f", {other}" if other else ""
    return f"map({writing.text(subject)}, {{{listed}}}{rest})"
