r"""Cuts the inside of a `${...}` into tokens.

At each place one regular expression is tried, with a group for each kind of token. Texts stand in
'...' or "..."; a backslash escapes a quote or itself, and makes \n and \t.
"""

import re
from decimal import Decimal
from enum import StrEnum

from forwardc.core.dataclass import dataclass
from forwardc.core.diagnostics.errors import ForwardcError
from forwardc.core.diagnostics.text_file import ODD_SPACE, character_name

# A longer number is no amount, identifier or time of any destination.
MAX_DIGITS = 64


class TokenKind(StrEnum):
    """What a token is."""

    NAME = "name"
    """A name with its dots, such as `params.amount`; also `and`, `true` and the like."""
    TEXT = "text"
    NUMBER = "number"
    SIGN = "sign"
    END = "end"


@dataclass(frozen=True, slots=True)
class Token:
    """A token: its source text, the value of a literal, and its offsets in the scalar's value."""

    kind: TokenKind
    text: str
    start: int
    end: int
    value: str | int | Decimal = ""


class ExpressionSyntaxError(ForwardcError):
    """Why an expression cannot be read: offsets in the scalar's value, message and hint."""

    def __init__(
        self, message: str, start: int, end: int, hint: str | None = None, code: str = "FC0301"
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.start = start
        self.end = end
        self.hint = hint


_KINDS = {kind.value: kind for kind in TokenKind}
_SPACE = re.compile(r"[ \t\r\n]*")
_TOKEN = re.compile(
    r"(?P<name>[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*)"
    r"|(?P<number>-?[0-9]+(?:\.[0-9]+)?)"
    r"|(?P<text>'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")"
    r"|(?P<sign>==|!=|<=|>=|[<>()\[\]{}:,+?=])",
    re.DOTALL,
)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPES = {"\\": "\\", "'": "'", '"': '"', "n": "\n", "t": "\t"}

SIGN_HINTS = {
    "-": "nothing is calculated; names have letters, digits and _ only",
    "{": "write a map in YAML, under `let:`",
    ".": "a name follows the dot directly",
}


def tokens(text: str, start: int, end: int) -> list[Token]:
    """The tokens of `text[start:end]` and an END token.

    Raises:
        ExpressionSyntaxError: At the first character that begins no token.
    """
    cut: list[Token] = []
    position = _skip(text, start, end)
    while position < end:
        token = _token(text, position, end)
        cut.append(token)
        position = _skip(text, token.end, end)
    return [*cut, Token(TokenKind.END, "", end, end)]


def _skip(text: str, position: int, end: int) -> int:
    space = _SPACE.match(text, position, end)
    return space.end() if space else position


def _token(text: str, start: int, end: int) -> Token:
    if match := _TOKEN.match(text, start, end):
        kind = _KINDS[match.lastgroup or ""]
        if kind is TokenKind.NUMBER:
            return Token(kind, match[0], start, match.end(), _number(match))
        if kind is TokenKind.TEXT:
            return Token(kind, match[0], start, match.end(), _unescape(match))
        return Token(kind, match[0], start, match.end())
    char = text[start]
    if char in "'\"":
        raise ExpressionSyntaxError("a text without its closing quote", start, end)
    if ODD_SPACE.match(char):
        raise ExpressionSyntaxError(
            f"{character_name(char)} between words", start, start + 1, "write a plain space"
        )
    raise ExpressionSyntaxError(
        "a character that has no meaning here", start, start + 1, SIGN_HINTS.get(char)
    )


def _number(match: re.Match[str]) -> int | Decimal:
    digits = match[0].lstrip("-")
    if len(digits) > MAX_DIGITS:
        message = f"a number with more than {MAX_DIGITS} digits"
        raise ExpressionSyntaxError(message, *match.span(), "put quotes around it for text")
    if digits[0] == "0" and digits[1:2].isdigit():
        message = "a number with a leading zero"
        raise ExpressionSyntaxError(message, *match.span(), "put quotes around it for text")
    return Decimal(match[0]) if "." in digits else int(match[0])


def _unescape(match: re.Match[str]) -> str:
    quoted = match[0][1:-1]
    for escape in _ESCAPE.finditer(quoted):
        if escape[1] not in _ESCAPES:
            start = match.start() + 1 + escape.start()
            hint = "escapes are \\\\ \\' \\\" \\n and \\t"
            raise ExpressionSyntaxError("an unknown escape", start, start + 2, hint)
    return _ESCAPE.sub(lambda escape: _ESCAPES[escape[1]], quoted)
