"""A second look at text that a vault will read as a template: only our own syntax may open there.

Escaping already guarantees it; this check keeps a mistake of ours from reaching a vault.
"""

import re
from collections.abc import Iterable

from forwardc.core.terms.escaping import NotExpressible
from forwardc.core.terms.values import Fragment

_OPENING = re.compile(r"\{(?=[{%#])")


def audited(pieces: Iterable[str | Fragment]) -> str:
    """Join the pieces. Raises `NotExpressible` where a template would open outside a fragment."""
    written: list[str] = []
    ours = 0
    for piece in pieces:
        if isinstance(piece, Fragment):
            ours += openings(piece.text)
            written.append(piece.text)
        else:
            written.append(piece)
    return counted("".join(written), ours)


def counted(text: str, ours: int) -> str:
    """The text itself, which holds fragments with so many openings, and must hold no others.

    Those of the fragments are among all that there are: as many means the same ones.
    """
    if openings(text) != ours:
        raise NotExpressible("this text would open a template at the vault")
    return text


def openings(text: str) -> int:
    """How often a template opens in a text, `{{`, `{%` or `{#`, each place counted."""
    return len(_OPENING.findall(text))
