"""FC0506: card values and secrets go to the environment's host and to no other."""

import re
from collections.abc import Iterator

from forwardc.passes.checks.rule import Case, Problem
from forwardc.plan.terms import Lit, Ref, Text

_HOST = re.compile(r"(?:[a-z0-9-]+\.)+[a-z0-9-]+(?::[0-9]{1,5})?")
_PATH = re.compile(r"(?:/[A-Za-z0-9._~!$&'()*+,;=:@%-]*)*")


def check(case: Case) -> Iterator[Problem]:
    """A path that would change the host, and a host that is not a plain name."""
    url = case.step.request.url
    parts = url.parts if isinstance(url, Text) else (url,)
    span = case.step.request.url.span or case.step.request.span
    if any(isinstance(part, Ref) and part.root == "settings" for part in parts):
        return
    first = str(parts[0].value) if isinstance(parts[0], Lit) else ""
    host, slash, path = first.partition("://")[2].partition("/")
    if not _HOST.fullmatch(host):
        yield Problem("FC0506", "the host is not a plain name", span, "lower-case labels and dots")
    elif not _PATH.fullmatch(slash + path) or "//" in path:
        yield Problem(
            "FC0506",
            "the path could lead to another host or hold a query",
            span,
            "start it with one `/`, and put a query under `query:`",
        )
    elif len(parts) > 1 and not slash:
        yield Problem("FC0506", "a value of a run stands in the host", span, "use a setting")
