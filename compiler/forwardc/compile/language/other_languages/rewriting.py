"""Writes an expression of another language as one of ours, where it has a counterpart.

| written | here |
|---|---|
| `a if x == 'v' else b`, `x == 'v' ? a : b`, `{'v': a}[x]` | `map(x, {v: a}, b)` |
| `x or 'v'`, `x ?? 'v'`, `default(x, 'v')` | `x`, declared with `default: 'v'` |
| `x | lower`, `x.toLowerCase()`, `downcase(x)` | `lower(x)` |
| `amount / 100` | `decimal(amount, currency)` |
| `env.API_KEY`, `os.environ['API_KEY']` | `secrets.api_key` |
| `a && !b` in a rule | `a and not b` |
"""

import re
from typing import Final, assert_never

from forwardc.compile.language.other_languages import calls, choices, functions
from forwardc.compile.language.other_languages.names import (
    LITERALS,
    OF_REQUEST,
    is_of_request,
    meaning_of,
    plain,
)
from forwardc.compile.language.other_languages.tree import (
    Foreign,
    ForeignBinary,
    ForeignCall,
    ForeignChoice,
    ForeignIndex,
    ForeignList,
    ForeignLiteral,
    ForeignMap,
    ForeignName,
    ForeignRange,
    ForeignText,
    ForeignUnary,
    NoCounterpartError,
)
from forwardc.compile.language.other_languages.writing import (
    NO_ARITHMETIC,
    NO_LOGIC,
    NO_NAME,
    Writing,
)
from forwardc.compile.language.symbols import ROOTS
from forwardc.core.atoms import ATOMS
from forwardc.core.dataclass import replace

_HUNDREDS: Final = frozenset(("10", "100", "1000", "100.0", "1000.0"))
_KEY: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_LOOSER: Final = {"or": 0, "and": 1, "not": 2}


def write(of: Foreign, writing: Writing) -> str:
    """The expression in our words.

    Raises:
        NoCounterpartError: There is none; its hint says what helps instead.
    """
    match of:
        case ForeignName():
            return _name(of, writing)
        case ForeignLiteral():
            return writing.literal(of)
        case ForeignText(parts=parts):
            return _joined(parts, writing)
        case ForeignCall():
            return calls.call(of, writing)
        case ForeignIndex():
            return _index(of, writing)
        case ForeignRange():
            return calls.part(of, writing)
        case ForeignUnary():
            return _unary(of, writing)
        case ForeignBinary():
            return _binary(of, writing)
        case ForeignChoice():
            return choices.choice(of, writing)
        case ForeignList(items=items):
            return f"[{', '.join(map(writing.text, items))}]"
        case ForeignMap():
            raise NoCounterpartError("a map stands in YAML, under `let:`")
        case _:
            assert_never(of)


# Names


def _name(of: ForeignName, writing: Writing) -> str:
    names = writing.names
    if of.name in LITERALS:
        return LITERALS[of.name]
    symbol = names.find(of.name) or names.find(f"let.{of.name}")
    if symbol is not None or of.name in ATOMS:
        may_be_absent = symbol is not None and symbol.optional and not writing.in_rule
        is_marked = (of.optional or may_be_absent) and not writing.in_text
        return f"{of.name}?" if is_marked else of.name
    before, _, last = of.name.rpartition(".")
    # `params.name.upcase` of Ruby, `params.name.length`: a method without its brackets.
    if before and plain(last) in functions.SAME.keys() | functions.LENGTHS and names.find(before):
        return writing.text(ForeignCall(last, (), ForeignName(before)))
    if is_of_request(of.name, names):
        raise NoCounterpartError(OF_REQUEST)
    meaning = meaning_of(of.name, names)
    if meaning is None:
        if of.name.partition(".")[0] not in ROOTS:
            raise NoCounterpartError(NO_NAME)
        return of.name
    writing.note(meaning.besides.lstrip(",; "))
    return meaning.written


def _index(of: ForeignIndex, writing: Writing) -> str:
    if isinstance(of.of, ForeignMap):
        return choices.lookup(of.of, of.key, None, writing)
    if isinstance(of.key, ForeignLiteral) and not of.key.is_number:
        is_name = isinstance(of.of, ForeignName) and not _is_value(of.of, writing)
        if is_name and isinstance(of.of, ForeignName) and _KEY.fullmatch(of.key.text):
            return writing.text(ForeignName(f"{of.of.name}.{of.key.text}"))
    key = of.key.text if isinstance(of.key, ForeignLiteral) else ""
    if not key:
        raise NoCounterpartError("an index is a number, or a name in quotes: params.order['id']")
    inner = writing.text(of.of).removesuffix("?")
    is_number = isinstance(of.key, ForeignLiteral) and of.key.is_number
    return f"{inner}[{key}]" if is_number else f"{inner}[{writing.literal(ForeignLiteral(key))}]"


def _is_value(of: ForeignName, writing: Writing) -> bool:
    """Whether a name has something inside, rather than names below it."""
    if of.name in writing.names.lets:
        return True
    return "." in of.name and (writing.names.find(of.name) is not None or of.name in ATOMS)


# Operators


def _unary(of: ForeignUnary, writing: Writing) -> str:
    if of.sign == "-":
        if isinstance(of.of, ForeignLiteral) and of.of.is_number:
            return f"-{of.of.text}"
        raise NoCounterpartError(NO_ARITHMETIC)
    if not writing.in_rule:
        raise NoCounterpartError(NO_LOGIC)
    return f"not {_operand(of.of, 2, writing)}"


def _binary(of: ForeignBinary, writing: Writing) -> str:
    match of.sign:
        case "+":
            return _joined((of.left, of.right), writing)
        case "-" | "*" | "/" | "%":
            return _counted(of, writing)
        case "or" if not writing.in_rule:
            return choices.fallback(of.left, of.right, writing)
        case _ if not writing.in_rule:
            raise NoCounterpartError(NO_LOGIC)
        case "and" | "or":
            level = _LOOSER[of.sign]
            left, right = _operand(of.left, level, writing), _operand(of.right, level, writing)
            return f"{left} {of.sign} {right}"
        case "==" | "!=" if writing.text(of.right) == "null":
            asked = f"present({writing.text(of.left)})"
            return asked if of.sign == "!=" else f"not {asked}"
        case _:
            return f"{_operand(of.left, 3, writing)} {of.sign} {_operand(of.right, 3, writing)}"


def _operand(of: Foreign, level: int, writing: Writing) -> str:
    """An operand, in brackets where it binds looser than what it stands in."""
    text = writing.text(of)
    sign = of.sign if isinstance(of, ForeignBinary | ForeignUnary) else ""
    is_comparison = isinstance(of, ForeignBinary) and sign not in (*_LOOSER, "+", "-", "*", "/")
    own = 2.5 if is_comparison else _LOOSER.get(sign, 4)
    return f"({text})" if own < level else text


def _joined(parts: tuple[Foreign, ...], writing: Writing) -> str:
    inner = replace(writing, in_text=True)
    return " + ".join(inner.text(part) for part in parts) or "''"


def _counted(of: ForeignBinary, writing: Writing) -> str:
    """`amount / 100`, and what is calculated otherwise."""
    if of.sign == "%" and isinstance(of.left, ForeignLiteral) and not of.left.is_number:
        raise NoCounterpartError("the text itself is the value, with ${...} for each value in it")
    right = of.right
    # A filter of Liquid is for all that stands before it: `amount / 100 | round`.
    while isinstance(right, ForeignCall) and right.of is not None:
        right = right.of
    other = right.text if isinstance(right, ForeignLiteral) and right.is_number else ""
    if other not in _HUNDREDS:
        raise NoCounterpartError(NO_ARITHMETIC)
    if of.sign == "/":
        # `Date.now() / 1000` of JavaScript.
        is_time = isinstance(of.left, ForeignCall) and writing.text(of.left) == "unix_ms(run.now)"
        return "unix(run.now)" if is_time else writing.decimal(of.left)
    if of.sign == "*" and isinstance(of.left, ForeignName):
        writing.note("an amount is in minor units already")
        return writing.text(of.left)
    raise NoCounterpartError(NO_ARITHMETIC)
