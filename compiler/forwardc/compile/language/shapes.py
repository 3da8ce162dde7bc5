"""Reads how a secret begins in a test and in a live account, and whether that tells them apart.

Whether two patterns can match the same text is asked of the engine, with texts that the patterns
themselves begin with: what it finds is certain, and a run asks once more.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from forwardc.compile.language import access
from forwardc.compile.language.destination import DeclaredSecret
from forwardc.compile.language.nodes import Node
from forwardc.compile.language.param_schema import pattern_problem
from forwardc.compile.language.report import Report
from forwardc.core.terms.patterns import begins

# What may follow a beginning: one text of each kind of character, longer than keys are.
_REST: Final = ("", "0" * 200, "a" * 200, "A" * 200, "a0" * 100, "A0" * 100)
_GROUP: Final = re.compile(r"\((?:\?:)?([A-Za-z0-9_|-]+)\)")
_PLAIN: Final = re.compile(r"[A-Za-z0-9_-]|\\([^A-Za-z0-9])")
_REPEATED: Final = ("?", "*", "{")


def read_shape(secret: Node, report: Report) -> Mapping[str, str]:
    """The shape of a secret by class; empty, with FC0205, FC0340 or FC0520, where unusable."""
    shape: dict[str, str] = {}
    node = access.get(secret, "shape")
    for class_ in ("sandbox", "production"):
        pattern, place = access.text(node, class_), access.get(node, class_)
        if pattern is None or place is None:
            continue
        problem = pattern_problem(pattern) or _too_wide(pattern)
        if problem:
            code, message, hint = problem
            report.at(place.pointer).error(code, message, place.span, hint)
            return {}
        shape[class_] = pattern
    if len(shape) == 2 and node is not None and _may_be_the_same(*shape.values()):
        report.at(node.pointer).error(
            "FC0520",
            "the same value can begin as both shapes say",
            node.span,
            "write how a test credential begins, and how a live one does: ^sk_test_, ^sk_live_",
        )
        return {}
    return shape


def check_separation(
    environments: Node | None, secrets: Mapping[str, DeclaredSecret], report: Report
) -> None:
    """FC0521 where a file says that credentials tell test from live, and one has no shape."""
    bare = sorted(name for name, spec in secrets.items() if not spec.shape)
    for entry in access.entries(environments):
        place = access.get(entry.value, "separated_by")
        if place is None or access.text(entry.value, "separated_by") != "credential":
            continue
        here = report.at(place.pointer)
        if not secrets:
            message = "no credential can tell test from live: the file declares no secret"
            here.error("FC0521", message, place.span, "write `separated_by: none`")
        for name in bare:
            message = f"the secret `{name}` has no shape that tells test from live"
            hint = "add `shape: {sandbox: ..., production: ...}`, or write `separated_by: none`"
            here.error("FC0521", message, place.span, hint)


def _too_wide(pattern: str) -> tuple[str, str, str] | None:
    """FC0520 for a pattern that every value begins with."""
    if not begins(pattern, "") and not all(begins(pattern, text * 99) for text in "0aA-"):
        return None
    hint = "write what only credentials of this class begin with: ^sk_test_"
    return "FC0520", "every value begins as this shape says", hint


def _may_be_the_same(pattern: str, other: str) -> bool:
    """Whether a text is known that begins as both say."""
    texts = (start + rest for start in (*_starts(pattern), *_starts(other)) for rest in _REST)
    return any(begins(pattern, text) and begins(other, text) for text in texts)


def _starts(pattern: str) -> Iterator[str]:
    """Texts that a pattern begins with: its letters, up to the first sign of another kind."""
    starts, rest = [""], pattern.removeprefix("^")
    while rest:
        group, plain = _GROUP.match(rest), _PLAIN.match(rest)
        if group is not None:
            choices, rest = group[1].split("|"), rest[group.end() :]
        elif plain is not None:
            choices, rest = [plain[1] or plain[0]], rest[plain.end() :]
        else:
            break
        if rest.startswith(_REPEATED):
            break
        starts = [start + choice for start in starts for choice in choices][:64]
    yield from starts
