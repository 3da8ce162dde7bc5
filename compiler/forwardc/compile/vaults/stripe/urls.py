"""Whether a destination's URL is one that Stripe forwards to without onboarding.

Patterns come from the facts: `[x]` is the account's own part, `*` any one segment of a path. In a
host the own part is a label, in a path a segment. Where a destination's own documents say more of
its hosts than the pattern does, the facts have that, and it decides: no pattern takes any host.
"""

import re

from forwardc.compile.vaults.facts import Facts
from forwardc.core.terms.terms import Lit, Term, Text

_LABEL = "[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
_SEGMENT = "[A-Za-z0-9_-]+"
_ANY_SEGMENT = "[A-Za-z0-9_~-][A-Za-z0-9._~-]*"
_WHOLE = re.compile(r"\[[^\]]*\]")
# Matches nothing: where a pattern leaves the whole host open, the facts say which hosts those are.
_NO_HOST = "(?!)"


def constant_url(term: Term) -> str | None:
    """The URL's text, or None where a run would fill a part."""
    parts = term.parts if isinstance(term, Text) else (term,)
    if not all(isinstance(part, Lit) for part in parts):
        return None
    return "".join(str(part.value) for part in parts if isinstance(part, Lit))


def is_listed(url: str, facts: Facts) -> bool:
    """Whether host and path match one of the published patterns as a whole."""
    host, path = _host_and_path(url)
    return any(
        _path(pattern).fullmatch(path) and _host(pattern, name, facts).fullmatch(host)
        for name, fact in facts.section("destinations").items()
        for pattern in fact["value"]
    )


def _host_and_path(url: str) -> tuple[str, str]:
    """Both as they are compared: the port of https is none, and no path is `/`."""
    host, _, path = url.removeprefix("https://").partition("/")
    return host.removesuffix(":443"), path


def _path(pattern: str) -> re.Pattern[str]:
    return re.compile(_expression(pattern.partition("/")[2], _SEGMENT))


def _host(pattern: str, destination: str, facts: Facts) -> re.Pattern[str]:
    """The hosts of a pattern; with facts of the destination's own hosts, those alone."""
    known = facts.section("destination_hosts").get(destination)
    host = pattern.partition("/")[0]
    if known is not None:
        return re.compile(str(known["value"]))
    return re.compile(_NO_HOST if _WHOLE.fullmatch(host) else _expression(host, _LABEL))


def _expression(text: str, own: str) -> str:
    pieces = re.split(r"(\[[^\]]*\]|\*)", text)
    return "".join(_piece(piece, own) for piece in pieces)


def _piece(piece: str, own: str) -> str:
    if piece.startswith("["):
        return own
    return _ANY_SEGMENT if piece == "*" else re.escape(piece)
