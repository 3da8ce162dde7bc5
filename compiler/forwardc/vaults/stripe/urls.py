"""Whether a destination's URL is one that Stripe forwards to without onboarding.

Patterns come from the facts: `[x]` is the account's own label or segment, `*` one segment.
"""

import re
from collections.abc import Mapping
from typing import Any

from forwardc.plan.terms import Lit, Term, Text


def constant_url(term: Term) -> str | None:
    """The URL's text, or None where a run would fill a part."""
    parts = term.parts if isinstance(term, Text) else (term,)
    if not all(isinstance(part, Lit) for part in parts):
        return None
    return "".join(str(part.value) for part in parts if isinstance(part, Lit))


def is_listed(url: str, destinations: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether host and path match one of the published patterns as a whole."""
    target = url.removeprefix("https://")
    patterns = (pattern for fact in destinations.values() for pattern in fact["value"])
    return any(_regex(pattern).fullmatch(target) for pattern in patterns)


def _regex(pattern: str) -> re.Pattern[str]:
    pieces = re.split(r"(\[[^\]]*\]|\*)", pattern)
    return re.compile("".join(_piece(piece) for piece in pieces))


def _piece(piece: str) -> str:
    if piece.startswith("["):
        return "[A-Za-z0-9_-]+"
    return "[^/]+" if piece == "*" else re.escape(piece)
