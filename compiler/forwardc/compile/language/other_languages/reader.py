"""Reads an expression of another language as far as it can be guessed, loosest operator first.

It only serves hints: what it cannot read gets none of them, and nothing is compiled from it.
`x == 'a' ? 'b' : 'c'`, traced: a comparison, then the two sides of a `ForeignChoice`.
"""

import re
from collections.abc import Callable
from typing import Final

from forwardc.compile.language.other_languages.tree import (
    CONDITIONALS,
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
    ForeignSyntaxError,
    ForeignText,
    ForeignUnary,
)

LONGEST: Final = 400
"""Characters of an expression that is looked at: a longer one is no slip of a newcomer."""
_DEEPEST: Final = 12
"""Brackets and signs inside one another: each takes some ten frames of Python's stack of 1,000."""

_TOKEN: Final = re.compile(
    r"\s*+(?:(?P<pieces>[fF]'[^'\\]*+'|[fF]\"[^\"\\]*+\"|`[^`\\]*+`)"
    r"|(?P<text>[rRbBuU]?'(?:[^'\\]|\\.)*'|[rRbBuU]?\"(?:[^\"\\]|\\.)*\")"
    r"|(?P<number>[0-9]++(?:\.[0-9]+)?)"
    r"|(?P<name>[$@]?[A-Za-z_][A-Za-z0-9_]*+)"
    r"|(?P<sign>===|!==|\*\*|//|&&|\|\||\?\?|\?\.|\?:|==|!=|<>|<=|>=|->|\.\.|[-+*/%~!?:.,|&=<>()\[\]{}]))",
    re.DOTALL,
)
_HOLE: Final = re.compile(r"\$?\{([^{}]*)\}")
_OR: Final = frozenset(("or", "||", "??", "?:", "OR"))
_AND: Final = frozenset(("and", "&&", "AND"))
_NOT: Final = frozenset(("not", "!", "NOT"))
_SUM: Final = {"+": "+", "-": "-", "~": "+", "..": "+", "&": "+"}
_PRODUCT: Final = {"*": "*", "/": "/", "//": "/", "%": "%", "**": "*"}
_COMPARISON: Final = {
    "===": "==",
    "!==": "!=",
    "<>": "!=",
    "=": "==",
    **{sign: sign for sign in ("==", "!=", "<", "<=", ">", ">=", "in")},
}
_DOTS: Final = frozenset((".", "?.", "->"))
# Behind a `?` that marks a name there is no value.
_BEHIND_MARK: Final = frozenset(("", ")", "]", "}", ",", "|", "==", *_SUM, *_PRODUCT))


def read(text: str) -> Foreign:
    """The form of an expression.

    Raises:
        ForeignSyntaxError: It has none that is known, or it is long or deep.
    """
    if len(text) > LONGEST:
        raise ForeignSyntaxError("a long expression")
    reader = _Reader(_cut(text))
    tree = reader.choice()
    if reader.now != "":
        raise ForeignSyntaxError("more than one expression")
    return tree


def _cut(text: str) -> list[tuple[str, str]]:
    """Kind and text of each token, and an empty one at the end."""
    tokens, position, end = list[tuple[str, str]](), 0, len(text.rstrip())
    while position < end:
        match = _TOKEN.match(text, position)
        if match is None:
            raise ForeignSyntaxError("an unknown character")
        kind = match.lastgroup or ""
        tokens.append((kind, match[kind]))
        position = match.end()
    return [*tokens, ("end", "")]


class _Reader:
    """Recursive descent over tokens."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = tokens
        self._index = 0
        self._depth = 0

    @property
    def now(self) -> str:
        """The next token; a text is none of the signs, whatever it holds."""
        kind, text = self._tokens[self._index]
        return text if kind in ("sign", "name", "end") else f"a {kind}"

    def _take(self) -> tuple[str, str]:
        token = self._tokens[self._index]
        self._index += 1
        return token

    def _takes(self, *texts: str) -> bool:
        if self.now not in texts:
            return False
        self._index += 1
        return True

    def _expect(self, text: str) -> None:
        if not self._takes(text):
            raise ForeignSyntaxError("something is missing")

    def _inside(self, read_inner: Callable[[], Foreign]) -> Foreign:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise ForeignSyntaxError("a deep expression")
        inner = read_inner()
        self._depth -= 1
        return inner

    # Operators

    def choice(self) -> Foreign:
        """A whole expression: `a if x else b`, `x ? a : b`, `if x then a else b`."""
        if self.now == "if" and self._tokens[self._index + 1][1] != "(":
            return self._spelled_out()
        first = self._or()
        if self._takes("if"):
            condition = self._or()
            self._expect("else")
            return ForeignChoice(condition, first, self._inside(self.choice))
        if self._takes("?"):
            then = self._inside(self.choice)
            self._expect(":")
            return ForeignChoice(first, then, self._inside(self.choice))
        return first

    def _spelled_out(self) -> Foreign:
        self._expect("if")
        condition = self._or()
        self._expect("then")
        then = self._or()
        self._expect("else")
        otherwise = self._inside(self.choice)
        self._takes("end")
        return ForeignChoice(condition, then, otherwise)

    def _or(self) -> Foreign:
        left = self._and()
        while self._takes(*_OR):
            left = ForeignBinary("or", left, self._and())
        return left

    def _and(self) -> Foreign:
        left = self._not()
        while self._takes(*_AND):
            left = ForeignBinary("and", left, self._not())
        return left

    def _not(self) -> Foreign:
        if self._takes(*_NOT):
            return ForeignUnary("not", self._inside(self._not))
        return self._comparison()

    def _comparison(self) -> Foreign:
        left = self._sum()
        joined: Foreign | None = None
        while (comparison := self._compared(left)) is not None:
            # `200 <= x < 300` compares its middle twice.
            joined = comparison if joined is None else ForeignBinary("and", joined, comparison)
            left = comparison.right if isinstance(comparison, ForeignBinary) else comparison
        return left if joined is None else joined

    def _compared(self, left: Foreign) -> Foreign | None:
        if self._takes("is"):
            sign = "!=" if self._takes("not") else "=="
            return ForeignBinary(sign, left, self._sum())
        if self.now == "not" and self._tokens[self._index + 1][1] == "in":
            self._index += 2
            return ForeignUnary("not", ForeignBinary("in", left, self._sum()))
        if self.now in _COMPARISON:
            return ForeignBinary(_COMPARISON[self._take()[1]], left, self._sum())
        return None

    def _sum(self) -> Foreign:
        left = self._product()
        while self.now in _SUM:
            left = ForeignBinary(_SUM[self._take()[1]], left, self._product())
        return left

    def _product(self) -> Foreign:
        left = self._sign()
        while self.now in _PRODUCT:
            left = ForeignBinary(_PRODUCT[self._take()[1]], left, self._sign())
        return left

    def _sign(self) -> Foreign:
        if self._takes("-", "+"):
            return ForeignUnary("-", self._inside(self._sign))
        return self._postfix()

    # What follows an operand

    def _postfix(self) -> Foreign:
        of = self._operand()
        while True:
            if self._takes(*_DOTS):
                of = self._member(of)
            elif self.now == "(" and isinstance(of, ForeignName):
                before, _, function = of.name.rpartition(".")
                of = self._call(function, ForeignName(before) if before else None)
            elif self._takes("["):
                of = self._indexed(of)
            elif self.now == "|":
                of = self._filtered(of)
            elif self._is_marked(of):
                self._index += 1
                of = ForeignName(of.name, optional=True) if isinstance(of, ForeignName) else of
            else:
                return of

    def _is_marked(self, of: Foreign) -> bool:
        if self.now != "?" or not isinstance(of, ForeignName | ForeignIndex):
            return False
        kind, behind = self._tokens[self._index + 1]
        return kind in ("sign", "end") and behind in _BEHIND_MARK

    def _member(self, of: Foreign) -> Foreign:
        kind, text = self._take()
        if kind != "name":
            raise ForeignSyntaxError("a dot without a name")
        if self.now == "(" and not isinstance(of, ForeignName):
            return self._call(text, of)
        if isinstance(of, ForeignName):
            return ForeignName(f"{of.name}.{text}")
        return ForeignIndex(of, ForeignLiteral(text))

    def _call(self, function: str, of: Foreign | None) -> Foreign:
        self._expect("(")
        keyed = function.lower() not in CONDITIONALS
        args = self._items(")", keyed=keyed)
        return ForeignCall(function, args, of)

    def _items(self, closing: str, *, keyed: bool = False) -> tuple[Foreign, ...]:
        items: list[Foreign] = []
        while self.now != closing:
            # An argument by name: the name says nothing that its place does not say.
            if keyed and self._tokens[self._index][0] == "name":
                self._index += 2 * (self._tokens[self._index + 1] == ("sign", "="))
            items.append(self._inside(self.choice))
            if not self._takes(","):
                break
        self._expect(closing)
        return tuple(items)

    def _indexed(self, of: Foreign) -> Foreign:
        start = "" if self.now == ":" else self._inside(self._or)
        if not self._takes(":"):
            self._expect("]")
            if isinstance(start, str):
                raise ForeignSyntaxError("an index without a key")
            return ForeignIndex(of, start)
        end = "" if self.now == "]" else self._inside(self._or)
        self._expect("]")
        return ForeignRange(of, _place(start), _place(end))

    def _filtered(self, of: Foreign) -> Foreign:
        self._expect("|")
        kind, function = self._take()
        if kind != "name":
            raise ForeignSyntaxError("a filter without a name")
        if self._takes("("):
            return ForeignCall(function, self._items(")", keyed=True), of)
        args: list[Foreign] = []
        while self._takes(":" if not args else ","):
            args.append(self._operand())
        return ForeignCall(function, tuple(args), of)

    # Operands

    def _operand(self) -> Foreign:
        kind, text = self._take()
        if kind == "number":
            return ForeignLiteral(text, is_number=True)
        if kind == "text":
            return ForeignLiteral(text.lstrip("rRbBuU")[1:-1])
        if kind == "pieces":
            return _pieces(text.lstrip("fF")[1:-1])
        if kind == "name":
            is_new = text == "new" and self._tokens[self._index][0] == "name"
            return self._operand() if is_new else ForeignName(text.lstrip("$@"))
        if text == "(":
            items = self._items(")")
            return items[0] if len(items) == 1 else ForeignList(items)
        if text == "[":
            return ForeignList(self._items("]"))
        if text == "{":
            return self._map()
        raise ForeignSyntaxError("no operand")

    def _map(self) -> Foreign:
        entries: list[tuple[Foreign, Foreign]] = []
        while self.now != "}":
            key = self._operand()
            self._expect(":")
            entries.append((key, self._inside(self._or)))
            if not self._takes(","):
                break
        self._expect("}")
        return ForeignMap(tuple(entries))


def _pieces(text: str) -> Foreign:
    """The texts and values of an f-string or a template."""
    parts: list[Foreign] = []
    for number, piece in enumerate(_HOLE.split(text)):
        if number % 2:
            # `{x:>8}` of Python: how it is laid out has no counterpart.
            parts.append(read(piece))
        elif piece:
            parts.append(ForeignLiteral(piece))
    return ForeignText(tuple(parts))


def _place(of: "Foreign | str") -> str:
    """The number of a place, or nothing where none is written."""
    if isinstance(of, str):
        return ""
    sign, number = ("-", of.of) if isinstance(of, ForeignUnary) else ("", of)
    if isinstance(number, ForeignLiteral) and number.is_number:
        return f"{sign}{number.text}"
    raise ForeignSyntaxError("a place that is no number")
