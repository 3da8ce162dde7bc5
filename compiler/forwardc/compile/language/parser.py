"""The grammar of expressions, by recursive descent over the tokens of one `${...}`.

Loosest first: `or`, `and`, `not`, comparison and `in`, `+`, index and `?`. Calls are held against
the table of functions; whether a name exists, and whether types fit, is judged later. One file,
since it is one grammar, read from the loosest operator to the entries of a `map`.
"""

from collections.abc import Callable
from typing import TypeAlias, assert_never

from forwardc.compile.language.json_members import member_name
from forwardc.compile.language.lexer import SIGN_HINTS, ExpressionSyntaxError, Token, TokenKind
from forwardc.compile.language.report import Report
from forwardc.core.atoms import ATOMS
from forwardc.core.diagnostics.span import Span
from forwardc.core.diagnostics.suggest import did_you_mean
from forwardc.core.terms.functions import FUNCTIONS, Function
from forwardc.core.terms.terms import Atom, Call, If, Lit, Map, Ref, Seq, Term, Text, height

MAX_NESTING = 32
"""Brackets inside one another: each takes some ten frames of Python's stack of 1,000."""

MAX_LEVELS = 64
"""Levels of a term: each operator of a chain of `and` or `or` makes one."""

SpanOf: TypeAlias = Callable[[int, int], Span]
"""The span in the file of a slice of the scalar's value."""

WORDS = frozenset({"and", "or", "not", "in", "true", "false", "null"})
"""Words that are never names."""

CALLABLE = tuple(
    name for name, function in FUNCTIONS.items() if not (function.operator or function.internal)
)

_LITERALS: dict[str, None | bool] = {"true": True, "false": False, "null": None}
_COMPARISONS = {"==": "eq", "!=": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge"}
_PRESENT = "write present(card.cvc, '1')"
_CLOSING = {"(": ")", "[": "]", "{": "}"}
_OPERANDS = frozenset({"(", "["})
_ONLY_IN_MAP = frozenset({"{", "}", ":"})
_ENTRY = "write map(params.brand, {visa: VI, 'american express': AX}, OT)"


Advise: TypeAlias = Callable[[int, int, str | None], str | None]
"""What to write instead of a slice of the scalar's value, where it is of another language.

Its last argument is the own hint of who asks, before which only an exact replacement goes.
"""


class Parser:
    """Recursive descent over the tokens of one expression. `ExpressionSyntaxError` ends it."""

    def __init__(self, tokens: list[Token], place: SpanOf, report: Report, advise: Advise) -> None:
        self.failed = False
        self._advise = advise
        self._unknown: list[tuple[Token, int]] = []
        self._tokens = tokens
        self._index = 0
        self._depth = 0
        self._place = place
        self._report = report

    def whole(self) -> Term:
        """The expression up to its end.

        Raises:
            ExpressionSyntaxError: At the first token that cannot stand there. A call that the table
                of functions does not have is reported, and sets `failed`.
        """
        # Most expressions are one name, and no operator has to be looked for around it.
        term = self._operand() if self._is_one_name() else self._or()
        if self._index < len(self._tokens) - 1:
            raise self._unexpected()
        if height(term) > MAX_LEVELS:
            message = f"an expression with more than {MAX_LEVELS} levels"
            hint = "use `in [...]`, or name parts of it under `let:`"
            raise ExpressionSyntaxError(message, *self._all, hint)
        for name, end in self._unknown:
            self._no_function(name, end)
        return term

    def _is_one_name(self) -> bool:
        first, *behind, _ = self._tokens
        is_alone = not behind or (len(behind) == 1 and behind[0].text == "?")
        return first.kind is TokenKind.NAME and first.text not in WORDS and is_alone

    # Tokens

    @property
    def _all(self) -> tuple[int, int]:
        """Offsets of the whole expression."""
        return self._tokens[0].start, self._tokens[-1].end

    @property
    def _now(self) -> Token:
        return self._tokens[self._index]

    def _next(self) -> Token:
        token = self._now
        self._index += 1
        return token

    def _takes(self, *texts: str) -> bool:
        token = self._now
        if token.kind in (TokenKind.SIGN, TokenKind.NAME) and token.text in texts:
            self._index += 1
            return True
        return False

    def _sees(self, ahead: int, text: str) -> bool:
        index = self._index + ahead
        return index < len(self._tokens) and (
            self._tokens[index].kind is TokenKind.SIGN and self._tokens[index].text == text
        )

    def _span(self, first: int) -> Span:
        """From the token at index `first` to the one just taken."""
        return self._place(self._tokens[first].start, self._tokens[self._index - 1].end)

    def _unexpected(self) -> ExpressionSyntaxError:
        token = self._now
        if token.kind is TokenKind.END:
            return ExpressionSyntaxError("the expression ends too early", token.end, token.end + 1)
        if token.text == "=":
            return ExpressionSyntaxError(
                "an unexpected `=`", token.start, token.end, "compare with =="
            )
        if token.kind is TokenKind.SIGN and token.text in _ONLY_IN_MAP:
            message = "a character that has no meaning here"
            hint = SIGN_HINTS.get(token.text)
            return ExpressionSyntaxError(message, token.start, token.end, hint)
        if token.text == "not":
            message = "an unexpected `not`"
            return ExpressionSyntaxError(message, token.start, token.end, "write `not x in [...]`")
        if token.text == "?":
            message = "`?` follows a name only"
            return ExpressionSyntaxError(
                message, token.start, token.end, "write it directly behind the name"
            )
        return ExpressionSyntaxError(f"an unexpected {_described(token)}", token.start, token.end)

    def _closes(self, opening: Token) -> None:
        if self._takes(_CLOSING[opening.text]):
            return
        if self._now.kind is TokenKind.END:
            message = f"`{opening.text}` without its closing `{_CLOSING[opening.text]}`"
            raise ExpressionSyntaxError(message, opening.start, opening.end)
        raise self._unexpected()

    def _nested(self, parse_inner: Callable[[], Term]) -> Term:
        if self._depth >= MAX_NESTING:
            message = f"an expression nested deeper than {MAX_NESTING} levels"
            raise ExpressionSyntaxError(
                message, self._now.start, self._now.end, "name parts of it under `let:`"
            )
        self._depth += 1
        term = parse_inner()
        self._depth -= 1
        return term

    # Operators

    def _or(self) -> Term:
        return self._chain("or", self._and)

    def _and(self) -> Term:
        return self._chain("and", self._not)

    def _chain(self, word: str, operand: Callable[[], Term]) -> Term:
        first = self._index
        term = operand()
        while self._takes(word):
            right = operand()
            term = Call(word, (term, right), span=self._span(first))
        return term

    def _not(self) -> Term:
        first = self._index
        if not self._takes("not"):
            return self._comparison()
        return Call("not", (self._nested(self._not),), span=self._span(first))

    def _comparison(self) -> Term:
        first = self._index
        left = self._sum()
        function = self._comparison_sign()
        if function is None:
            return left
        right = self._sum()
        again = self._now
        term = Call(function, (left, right), span=self._span(first))
        if self._comparison_sign() is not None:
            hint = "join two comparisons with `and`"
            raise ExpressionSyntaxError(
                "a comparison of a comparison", again.start, again.end, hint
            )
        return term

    def _comparison_sign(self) -> str | None:
        if self._now.kind is TokenKind.SIGN and self._now.text in _COMPARISONS:
            return _COMPARISONS[self._next().text]
        return "in" if self._takes("in") else None

    def _sum(self) -> Term:
        first = self._index
        parts = [self._postfix()]
        while self._takes("+"):
            parts.append(self._postfix())
        return parts[0] if len(parts) == 1 else Text(tuple(parts), span=self._span(first))

    def _postfix(self) -> Term:
        first = self._index
        term = self._operand()
        while self._sees(0, "["):
            opening = self._next()
            key = self._nested(self._or)
            self._closes(opening)
            term = Call("get", (term, _folded(term, key)), span=self._span(first))
        name = member_name(term)
        if name is not None and self._takes("?"):
            return If(name, term, span=self._span(first))
        return term

    # Operands

    def _operand(self) -> Term:
        first, token = self._index, self._now
        match token.kind:
            case TokenKind.TEXT | TokenKind.NUMBER:
                self._next()
                return Lit(token.value, span=self._span(first))
            case TokenKind.NAME if token.text in _LITERALS:
                self._next()
                return Lit(_LITERALS[token.text], span=self._span(first))
            case TokenKind.NAME if token.text not in WORDS:
                return self._call() if self._sees(1, "(") else self._name()
            case TokenKind.SIGN if token.text in _OPERANDS:
                return self._group() if token.text == "(" else self._list()
            case TokenKind.NAME | TokenKind.SIGN | TokenKind.END:
                raise self._unexpected()
            case _:
                assert_never(token.kind)

    def _group(self) -> Term:
        opening = self._next()
        term = self._nested(self._or)
        self._closes(opening)
        return term

    def _list(self) -> Term:
        first, opening = self._index, self._next()
        items: list[Term] = []
        while not self._sees(0, "]"):
            items.append(self._nested(self._or))
            if not self._takes(","):
                break
        self._closes(opening)
        return Seq(tuple(items), span=self._span(first))

    def _name(self) -> Term:
        first, token = self._index, self._next()
        name = token.text if "." in token.text else f"let.{token.text}"
        if token.text.startswith("let."):
            hint = f"write {token.text.removeprefix('let.')}"
            raise ExpressionSyntaxError(
                "a `let` name stands alone", token.start, token.end, hint, "FC0302"
            )
        span = self._span(first)
        term: Term = Atom(name, span=span) if name in ATOMS else Ref(name, span=span)
        return If(name, term, span=self._span(first)) if self._takes("?") else term

    def _call(self) -> Term:
        first, token = self._index, self._next()
        opening = self._next()
        args: list[Term] = []
        named: dict[str, Term] = {}
        while not self._sees(0, ")"):
            if token.text == "map" and args:
                self._map_argument(args, named)
            else:
                self._argument(args, named, quoted=token.text == "pick")
            if not self._takes(","):
                break
        self._closes(opening)
        if token.text == "present" and len(args) == 2 and not named:
            return self._where_present(args[0], args[1], self._span(first))
        self._check_call(token, args, named, self._span(first))
        return Call(token.text, tuple(args), tuple(named.items()), span=self._span(first))

    def _where_present(self, of: Term, value: Term, span: Span) -> Term:
        """`present(name, value)`: the value where the name is there, else absent."""
        name = of.present if isinstance(of, If) else of.name if isinstance(of, Ref | Atom) else ""
        if not name:
            place = of.span or span
            self._fail("FC0305", "the first argument of `present` is a name", place, _PRESENT)
        return If(name, value, span=span)

    def _argument(self, args: list[Term], named: dict[str, Term], *, quoted: bool) -> None:
        """One argument. `quoted`: its name may be any text, such as `'sha-256'=`."""
        kinds = (TokenKind.NAME, TokenKind.TEXT) if quoted else (TokenKind.NAME,)
        if self._now.kind in kinds and self._sees(1, "="):
            keyword = self._next()
            self._next()
            name = str(keyword.value) if keyword.kind is TokenKind.TEXT else keyword.text
            if name in named:
                message = f"the argument `{name}` is given twice"
                raise ExpressionSyntaxError(message, keyword.start, keyword.end, code="FC0305")
            named[name] = self._nested(self._or)
            return
        if named:
            message = "an argument by place behind one by name"
            raise ExpressionSyntaxError(message, self._now.start, self._now.end, code="FC0305")
        args.append(self._nested(self._or))

    # The entries of a `map`

    def _map_argument(self, args: list[Term], named: dict[str, Term]) -> None:
        """The entries of a `map`, or what it gives for anything else, by place or by `else=`."""
        if len(args) == 1 and self._sees(0, "{"):
            args.append(self._entries())
            return
        first = self._index
        by_name = self._now.text == "else" and self._sees(1, "=")
        if by_name:
            self._index += 2
        if len(args) == 1 or "else" in named:
            raise self._not_map(self._tokens[first])
        named["else"] = self._constant()

    def _entries(self) -> Map:
        first, opening = self._index, self._next()
        entries: dict[str, Term] = {}
        while not self._sees(0, "}"):
            key = self._entry_key()
            if _key_text(key) in entries:
                self._twice(key)
            if not self._takes(":"):
                raise self._not_map(self._now)
            entries[_key_text(key)] = self._constant()
            if not self._takes(","):
                break
        self._closes(opening)
        return Map(tuple(entries.items()), span=self._span(first))

    def _entry_key(self) -> Token:
        token = self._now
        is_number = token.kind is TokenKind.NUMBER and isinstance(token.value, int)
        is_name = token.kind is TokenKind.NAME and "." not in token.text
        if not (is_number or is_name or token.kind is TokenKind.TEXT):
            raise self._not_map(token)
        self._next()
        self._ends_word(token)
        return token

    def _constant(self) -> Term:
        """What an entry gives: a literal, of which a text may stand bare, or a setting."""
        first, token = self._index, self._now
        if token.kind is TokenKind.NAME and not self._sees(1, "("):
            if token.text.startswith("settings."):
                return self._name()
            if "." not in token.text and token.text != "null":
                self._next()
                self._ends_word(token)
                return Lit(_LITERALS.get(token.text, token.text), span=self._span(first))
        elif token.kind in (TokenKind.TEXT, TokenKind.NUMBER):
            self._next()
            self._ends_word(token)
            return Lit(token.value, span=self._span(first))
        raise self._not_map(token)

    def _ends_word(self, first: Token) -> None:
        """A bare text is one word: `american express` would be two."""
        if self._now.kind in (TokenKind.NAME, TokenKind.NUMBER, TokenKind.TEXT):
            message = "words without quotes, or without a comma between entries"
            hint = f"put quotes around a text of several words: {_ENTRY.removeprefix('write ')}"
            raise ExpressionSyntaxError(message, first.start, self._now.end, hint, "FC0363")

    def _not_map(self, token: Token) -> ExpressionSyntaxError:
        message = "an entry of `map` is a literal with its value, a literal or a setting"
        end = max(token.end, token.start + 1)
        return ExpressionSyntaxError(message, token.start, end, _ENTRY, "FC0363")

    def _twice(self, key: Token) -> None:
        place = self._place(key.start, key.end)
        self._fail("FC0363", "this entry of `map` stands twice", place, "keep one of them")

    def _check_call(
        self, name: Token, args: list[Term], named: dict[str, Term], span: Span
    ) -> None:
        function = FUNCTIONS.get(name.text)
        if function is None or name.text not in CALLABLE:
            # One around another is one mistake: what says the same is told of the outer one.
            outside = [call for call in self._unknown if call[0].start < name.start]
            self._unknown = [*outside, (name, self._tokens[self._index - 1].end)]
            return
        if len(args) != len(function.args):
            message = f"`{name.text}` takes {_count(len(function.args))}, not {len(args)}"
            self._fail("FC0305", message, span, f"write {signature(function)}")
        keywords = {keyword: required for keyword, _, required in function.named}
        for keyword, value in named.items():
            if keyword not in keywords and not function.alternatives:
                near = did_you_mean(keyword, keywords)
                hint = f"did you mean {near}=?" if near else f"write {signature(function)}"
                message = f"`{name.text}` has no argument `{keyword}`"
                self._fail("FC0305", message, value.span or span, hint)
        for keyword, required in keywords.items():
            if required and keyword not in named:
                message = f"`{name.text}` needs the argument `{keyword}`"
                self._fail("FC0305", message, span, f"write {signature(function)}")

    def _no_function(self, name: Token, end: int) -> None:
        """Report a call of what is no function, which ends at an offset."""
        near = did_you_mean(name.text, CALLABLE)
        own = f"did you mean {near}?" if near else None
        hint = self._advise(name.start, end, own) or f"functions are {', '.join(CALLABLE)}"
        place = self._place(name.start, name.end)
        self._fail("FC0304", f"there is no function `{name.text}`", place, hint)

    def _fail(self, code: str, message: str, span: Span, hint: str) -> None:
        self.failed = True
        self._report.error(code, message, span, hint)


def _key_text(key: Token) -> str:
    """The text that a key stands for, bare or in quotes."""
    return str(key.value) if key.kind is TokenKind.TEXT else key.text


def signature(function: Function) -> str:
    """How a function is called, for a hint: `slice(text, integer, integer)`."""
    if function.name == "map":
        return _ENTRY.removeprefix("write ")
    by_place = [
        " or ".join(sorted(types)) if len(types) < 3 else "value" for types in function.args
    ]
    by_name = [f"{name}=..." for name, _, required in function.named if required]
    by_name += ["VALUE=..."] if function.alternatives else []
    return f"{function.name}({', '.join([*by_place, *by_name])})"


def _count(number: int) -> str:
    return "1 argument" if number == 1 else f"{number} arguments"


def _described(token: Token) -> str:
    match token.kind:
        case TokenKind.TEXT | TokenKind.NUMBER:
            return str(token.kind)
        case TokenKind.NAME | TokenKind.SIGN | TokenKind.END:
            return f"`{token.text}`" if len(token.text) <= 40 else str(token.kind)
        case _:
            assert_never(token.kind)


def _folded(of: Term, key: Term) -> Term:
    """The key of a header in lower case: header names ignore case (RFC 9110, section 5.1)."""
    if of == Ref("response.headers") and isinstance(key, Lit) and isinstance(key.value, str):
        return Lit(key.value.lower(), span=key.span)
    return key
