"""FC0506: card values and secrets go to the environment's host and to no other."""

import re
from collections.abc import Iterator
from typing import assert_never

from forwardc.compile.ir.analysis import Stage, stage_of
from forwardc.compile.passes.checks.rule import Case, Problem
from forwardc.core.terms.terms import (
    Amount,
    Atom,
    Call,
    Encoded,
    If,
    Limit,
    Lit,
    Map,
    Raw,
    Ref,
    Seq,
    Source,
    Term,
    Text,
)

# Private use: stand for a value of a run, and for a setting that has no value yet.
RUN, SETTING = "\ue000", "\ue001"

# What kind of host it is, a public name or an address, is looked at by `public_host`.
_LABELS = rf"[a-z0-9{SETTING}-]+(?:\.[a-z0-9{SETTING}-]+)*|\[[0-9a-f:.]+\]"
_HOST = re.compile(rf"(?:{_LABELS})(?::[0-9]{{1,5}})?")
# Segments of RFC 3986, section 3.3.
_PATH = re.compile(rf"(?:/[A-Za-z0-9._~!$&'()*+,;=:@%{RUN}{SETTING}-]*)*")


def check(case: Case) -> Iterator[Problem]:
    """A host that is no plain name, and a path that would change it."""
    problem = problem_of(case)
    if problem is not None:
        yield problem


def problem_of(case: Case) -> Problem | None:
    """What makes a URL another one than base URL and path, if anything does."""
    base, url = case.program.base_url, case.step.request.url
    problem = _in_base(text_of(base))
    if problem:
        hint = "https://, lower-case labels, perhaps a path"
        return Problem("FC0506", problem, base.span, hint)
    problem = _in_path(text_of(url).removeprefix(text_of(base)))
    if problem:
        hint = "start it with one `/`, and put a query under `query:`"
        return Problem("FC0506", problem, url.span or case.step.request.span, hint)
    return None


def _in_base(text: str) -> str | None:
    scheme, _, rest = text.partition("://")
    # Another scheme is reported by its own check; an unknown setting has none yet.
    if scheme != "https":
        return None
    host, slash, path = rest.partition("/")
    if not _HOST.fullmatch(host):
        return "the host is not a plain name"
    if slash and (not _PATH.fullmatch(slash + path) or path.endswith("/") or not path):
        return "the base URL ends with a slash, or holds more than a host and a path"
    return None


def _in_path(text: str) -> str | None:
    path = text.removeprefix(SETTING)
    if path == text and not text.startswith("/"):
        return "the path does not start with a slash, so that it could change the host"
    if not _PATH.fullmatch(path) or "//" in text:
        return "the path could lead to another host or hold a query"
    return None


def text_of(term: Term) -> str:
    """A URL with a character for each value of a run, and another one for an unknown setting."""
    parts = term.parts if isinstance(term, Text) else (term,)
    return "".join(_piece(part) for part in parts)


def _piece(part: Term) -> str:
    match part:
        case Lit(value=value):
            return str(value)
        case Ref():
            return SETTING if part.root == "settings" else RUN
        case Call(function=function):
            # What settings alone decide has its value in each environment, and is judged there.
            is_known = function == "pick" or stage_of(part) is Stage.BUILD
            return SETTING if is_known else RUN
        case Atom() | Raw() | Text() | Map() | Seq() | If() | Encoded() | Limit() | Source():
            return RUN
        case Amount():
            return RUN
        case _:
            assert_never(part)
