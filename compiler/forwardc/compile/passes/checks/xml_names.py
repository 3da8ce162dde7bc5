"""FC0205: the keys of an XML body are XML names. That it has one root is the schema's rule."""

import re
from collections.abc import Iterator

from forwardc.compile.passes.checks.rule import Case, Problem
from forwardc.core.terms.terms import Encoding, Map, Term, walk

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9._-]*")


def check(case: Case) -> Iterator[Problem]:
    """Keys that cannot name an element or attribute."""
    body = case.step.request.body
    if body is None or body.encoding is not Encoding.XML:
        return
    for node in walk(body.tree):
        yield from _keys(node)


def _keys(node: Term) -> Iterator[Problem]:
    for key, value in node.entries if isinstance(node, Map) else ():
        if key != "." and not _NAME.fullmatch(key.removeprefix(".")):
            yield Problem("FC0205", "this key is no XML name", value.span or node.span)
