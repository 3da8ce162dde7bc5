"""FC0506: card values and secrets go to the environment's host and to no other."""

import re
from collections.abc import Iterator

from forwardc.passes.checks.rule import Case, Problem
from forwardc.plan.terms import Lit, Ref, Term, Text

# Private use: stand for a value of a run, and for a setting that has no value yet.
_RUN, _SETTING = "\ue000", "\ue001"

_LABELS = rf"(?:[a-z0-9{_SETTING}-]+\.)+[a-z0-9{_SETTING}-]+|{_SETTING}"
_HOST = re.compile(rf"(?:{_LABELS})(?::[0-9]{{1,5}})?")
# Segments of RFC 3986, section 3.3.
_PATH = re.compile(rf"(?:/[A-Za-z0-9._~!$&'()*+,;=:@%{_RUN}{_SETTING}-]*)*")


def check(case: Case) -> Iterator[Problem]:
    """A host that is no plain name, and a path that would change it."""
    base, url = case.program.base_url, case.step.request.url
    problem = _in_base(_text(base))
    if problem:
        yield Problem("FC0506", problem, base.span, "https://, lower-case labels, perhaps a path")
        return
    problem = _in_path(_text(url).removeprefix(_text(base)))
    if problem:
        hint = "start it with one `/`, and put a query under `query:`"
        yield Problem("FC0506", problem, url.span or case.step.request.span, hint)


def _in_base(text: str) -> str | None:
    scheme, _, rest = text.partition("://")
    if text == _SETTING or scheme != "https":
        return None
    host, slash, path = rest.partition("/")
    if not _HOST.fullmatch(host):
        return "the host is not a plain name"
    if slash and (not _PATH.fullmatch(slash + path) or path.endswith("/") or not path):
        return "the base URL ends with a slash, or holds more than a host and a path"
    return None


def _in_path(text: str) -> str | None:
    path = text.removeprefix(_SETTING)
    if path == text and not text.startswith("/"):
        return "the path does not start with a slash, so that it could change the host"
    if not _PATH.fullmatch(path) or "//" in text:
        return "the path could lead to another host or hold a query"
    return None


def _text(term: Term) -> str:
    parts = term.parts if isinstance(term, Text) else (term,)
    return "".join(_piece(part) for part in parts)


def _piece(part: Term) -> str:
    match part:
        case Lit(value=value):
            return str(value)
        case Ref() if part.root == "settings":
            return _SETTING
        case _:
            return _RUN
