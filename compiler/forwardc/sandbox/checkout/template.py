"""The templates of Forward: text with names and function calls between `{{` and `}}`.

The vendor's engine is not public: this grammar holds the documented forms and nothing else, so
filters, conditions and nesting are refused. There is one function, `jwe_encrypt`, as in its docs
"Forward stored credentials", section on JWE: named arguments, a first one without name means
`data`.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from forwardc.sandbox.checkout.request_checks import CheckoutError, invalid
from forwardc.sandbox.crypto import jwe
from forwardc.sandbox.errors import SandboxError
from forwardc.sandbox.laxness import Lets, strict


class TemplateError(SandboxError):
    """The template is not in the grammar. The text is an error code."""


@dataclass(frozen=True, slots=True)
class TemplateName:
    """A placeholder, variable or secret by name."""

    text: str


@dataclass(frozen=True, slots=True)
class QuotedText:
    """A quoted string, as an argument of a call."""

    text: str


@dataclass(frozen=True, slots=True)
class TemplateCall:
    """A function call; an argument without a name has the name ''."""

    function: str
    arguments: tuple[tuple[str, TemplateName | QuotedText], ...]


Piece = str | TemplateName | TemplateCall

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# Older documents write hyphens in secret names, and `secret.name` with a dot.
_LAX_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*(?:\.[A-Za-z_][A-Za-z0-9_-]*)*")
_LAXNESSES = (("-", "checkout_secret_hyphens"), (".", "checkout_secret_dots"))
_QUOTED = re.compile(r"'([^']*)'|\"([^\"]*)\"")
_SPACE = re.compile(r"\s*")


def parse(text: str, *, lets: Lets = strict, at: str = "a template") -> tuple[Piece, ...]:
    """The pieces of a template, literal text as `str`. Raises `TemplateError`.

    `lets` is asked for names that only some documents show, at the place `at`.
    """
    if "{%" in text:
        raise TemplateError("template_tag_not_supported")
    pieces: list[Piece] = []
    position = 0
    while (start := text.find("{{", position)) >= 0:
        # `{{{x}}` is a literal brace before a template: the innermost pair opens it.
        while text.startswith("{{", start + 1):
            start += 1
        pieces.append(text[position:start])
        scanner = _Scanner(text, start + 2, lets, at)
        pieces.append(scanner.expression())
        position = scanner.position
    pieces.append(text[position:])
    return tuple(piece for piece in pieces if piece != "")


@dataclass(slots=True)
class _Scanner:
    text: str
    position: int
    lets: Lets
    at: str

    def expression(self) -> TemplateName | TemplateCall:
        name = self.name()
        if not self.taken("("):
            self.close()
            return TemplateName(name)
        arguments = self.arguments()
        self.close()
        return TemplateCall(name, arguments)

    def arguments(self) -> tuple[tuple[str, TemplateName | QuotedText], ...]:
        arguments: list[tuple[str, TemplateName | QuotedText]] = []
        while not self.taken(")"):
            if arguments and not self.taken(","):
                self.fail()
            arguments.append(self.argument())
        return tuple(arguments)

    def argument(self) -> tuple[str, TemplateName | QuotedText]:
        value = self.value()
        if isinstance(value, TemplateName) and self.taken("="):
            return value.text, self.value()
        return "", value

    def value(self) -> TemplateName | QuotedText:
        self.skip()
        match = _QUOTED.match(self.text, self.position)
        if match is None:
            return TemplateName(self.name())
        self.position = match.end()
        return QuotedText(match[1] if match[1] is not None else match[2])

    def name(self) -> str:
        self.skip()
        match = _LAX_NAME.match(self.text, self.position)
        if match is None or not self.is_let(match[0]):
            match = _NAME.match(self.text, self.position)
        if match is None:
            self.fail()
        self.position = match.end()
        return match[0]

    def is_let(self, name: str) -> bool:
        return all(mark not in name or self.lets(laxness, self.at) for mark, laxness in _LAXNESSES)

    def taken(self, mark: str) -> bool:
        self.skip()
        if not self.text.startswith(mark, self.position):
            return False
        self.position += len(mark)
        return True

    def close(self) -> None:
        if not self.taken("}}"):
            self.fail()

    def skip(self) -> None:
        match = _SPACE.match(self.text, self.position)
        self.position = match.end() if match else self.position

    def fail(self) -> NoReturn:
        at_end = "}}" not in self.text[self.position :]
        raise TemplateError("template_unterminated" if at_end else "template_invalid")


# --- The function `jwe_encrypt`

# What its guide lists (December 2025): of RFC 7518 that is not all.
ALGS = ("RSA-OAEP", "RSA-OAEP-256", "A256GCMKW")
ENCS = ("A128GCM", "A256GCM", "A128CBC-HS256", "A256CBC-HS512")
_REQUIRED = ("data", "key", "alg", "enc")
_ARGUMENTS = (*_REQUIRED, "headers")


def call(function: str, arguments: tuple[tuple[str, str], ...], lets: Lets) -> str:
    """The text of a call. Raises `CheckoutError` (422); its codes name the argument."""
    if function != "jwe_encrypt":
        raise invalid("template_function_unknown")
    texts = _named(arguments)
    wrong = [
        f"jwe_encrypt_{name}_invalid"
        for name, choices in (("alg", ALGS), ("enc", ENCS))
        if texts[name] not in choices
    ]
    if wrong:
        raise invalid(*wrong)
    key = _json(texts["key"], "key")
    try:
        return jwe.encrypt(
            texts["data"].encode(),
            key,
            alg=texts["alg"],
            enc=texts["enc"],
            headers=_json(texts["headers"], "headers") if texts.get("headers") else None,
            padded_key=_is_padded(key) and lets("checkout_padded_key", "jwe_encrypt(key)"),
        )
    except jwe.JweError as error:
        reason = str(error).replace(" ", "_").replace("-", "_").lower()
        raise invalid("jwe_encrypt_failed", f"jwe_encrypt_{reason}") from None


def _is_padded(key: Mapping[str, Any]) -> bool:
    """Whether the key's octets have padding, which RFC 7518 section 6.4.1 does not."""
    return "=" in str(key.get("k", ""))


def _named(arguments: tuple[tuple[str, str], ...]) -> Mapping[str, str]:
    texts: dict[str, str] = {}
    for place, (name, value) in enumerate(arguments):
        argument = name or ("data" if place == 0 else "")
        if argument not in _ARGUMENTS or argument in texts:
            raise invalid("jwe_encrypt_argument_invalid")
        texts[argument] = value
    missing = [f"jwe_encrypt_{name}_required" for name in _REQUIRED if name not in texts]
    if missing:
        raise invalid(*missing)
    return texts


def _json(text: str, argument: str) -> dict[str, Any]:
    problem: CheckoutError = invalid(f"jwe_encrypt_{argument}_invalid")
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        raise problem from None
    if not isinstance(value, dict):
        raise problem
    return value
