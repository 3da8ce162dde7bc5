"""FC0207 and FC0205: an XML body has one root, and its keys are XML names."""

import re
from collections.abc import Iterator

from forwardc.passes.checks.rule import Case, Problem
from forwardc.plan.terms import Encoding, Map, Term, walk

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9._-]*")


def check(case: Case) -> Iterator[Problem]:
    """Keys that cannot name an element or attribute."""
    body = case.step.request.body
    if body is None or body.encoding is not Encoding.XML:
        return
    if not isinstance(body.tree, Map) or len(body.tree.entries) != 1:
        yield Problem("FC0207", "an XML body has exactly one root element", body.span)
    for node in walk(body.tree):
        yield from _keys(node)


def _keys(node: Term) -> Iterator[Problem]:
    for key, value in node.entries if isinstance(node, Map) else ():
        if key != "." and not _NAME.fullmatch(key.removeprefix(".")):
            yield Problem("FC0205", "this key is no XML name", value.span or node.span)
