"""A second look at text that a vault will read as a template: only our own syntax may open there.

Escaping already guarantees it; this check keeps a mistake of ours from reaching a vault.
"""

from collections.abc import Iterable

from forwardc.plan.escape import NotExpressible
from forwardc.plan.values import Fragment

_OPENERS = ("{{", "{%", "{#")


def audited(pieces: Iterable[str | Fragment]) -> str:
    """Join the pieces. Raises `NotExpressible` where a template would open outside a fragment."""
    written: list[str] = []
    allowed: set[int] = set()
    length = 0
    for piece in pieces:
        text = piece.text if isinstance(piece, Fragment) else piece
        if isinstance(piece, Fragment):
            allowed.update(range(length, length + len(text) - 1))
        written.append(text)
        length += len(text)
    joined = "".join(written)
    for opener in _OPENERS:
        at = joined.find(opener)
        while at >= 0:
            if at not in allowed:
                raise NotExpressible("this text would open a template at the vault")
            at = joined.find(opener, at + 1)
    return joined
