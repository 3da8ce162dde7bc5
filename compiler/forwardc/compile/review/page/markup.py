"""Names and addresses as HTML of the page: where a line may break, and which words are code.

The same few hundred texts stand at many places of a page, and of the page of each vault: what a
text becomes is kept, and made once.
"""

import re
from functools import lru_cache
from typing import Final

from markupsafe import Markup, escape

from forwardc.core.diagnostics.render.clean import printable

_BEFORE: Final = re.compile(r"(?<=[^/:])(?=[/&?\[])")
_BREAK: Final = Markup("<wbr>")
_MOST: Final = 4096
"""Texts that are kept: those of some ten pages, in about 1 MiB."""


@lru_cache(_MOST)
def broken(text: str) -> Markup:
    """A pointer or address, in which a line may break before each of its parts."""
    return _BREAK.join([_html(piece) for piece in _BEFORE.split(text)])


@lru_cache(_MOST)
def named(text: str) -> Markup:
    """Text of ours with names in backticks: those become code."""
    pieces = [_html(piece) for piece in text.split("`")]
    pieces[1::2] = [Markup("<code>") + name + Markup("</code>") for name in pieces[1::2]]
    return Markup("").join(pieces)


def _html(text: str) -> Markup:
    return escape(printable(text))
