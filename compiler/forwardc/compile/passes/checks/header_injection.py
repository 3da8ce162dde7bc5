"""FC0105, FC0508 and FC0513: header names are tokens and differ; no value holds a line break."""

import re
from collections.abc import Iterator

from forwardc.compile.passes.checks.rule import Case, Problem
from forwardc.core.terms.terms import Call, Lit, walk

_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_OURS = frozenset(
    "host content-length transfer-encoding connection te upgrade trailer expect "
    "proxy-authorization keep-alive".split()
)


def check(case: Case) -> Iterator[Problem]:
    """Names that are no token or belong to the connection, and literals with control characters."""
    names: set[str] = set()
    for pair in case.step.request.headers:
        if pair.name.lower() in names:
            message = f"the header {pair.name} stands here twice: names ignore case"
            yield Problem("FC0105", message, pair.span, "keep one of the two")
        names.add(pair.name.lower())
        if "\r" in pair.name or "\n" in pair.name:
            yield Problem("FC0508", "a header name holds a line break", pair.span)
        elif not _TOKEN.fullmatch(pair.name):
            yield Problem("FC0513", "a header name holds a character that none may hold", pair.span)
        elif pair.name.lower() in _OURS:
            yield Problem(
                "FC0513", f"{pair.name} belongs to the connection", pair.span, "leave it out"
            )
        # A signature is made of the body, and holds none of its text.
        is_signature = isinstance(pair.value, Call) and pair.value.function == "request_signature"
        for node in () if is_signature else walk(pair.value):
            if isinstance(node, Lit) and isinstance(node.value, str):
                yield from _literal(pair.name, node)


def _literal(name: str, literal: Lit) -> Iterator[Problem]:
    text = str(literal.value)
    if "\r" in text or "\n" in text:
        yield Problem(
            "FC0508",
            f"the header {name} holds a line break, which would start another header",
            literal.span,
            "write it on one line",
        )
    elif not all(" " <= char <= "~" for char in text):
        yield Problem("FC0508", f"the header {name} holds more than printable ASCII", literal.span)
