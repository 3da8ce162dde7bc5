"""Texts and rows as HTML of the page: where a line may break, and which words are code.

The same few hundred texts stand at many places of a page, and of the page of each vault: what a
text becomes is kept, and made once. The table of values is three quarters of a page, so that its
rows are written here: the template engine takes eight times as long for a cell.
"""

import re
from functools import lru_cache
from typing import Final

from markupsafe import Markup, escape

from forwardc.compile.review.page.values import RequestValue, ValueKind
from forwardc.core.diagnostics.render.printable import printable

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


@lru_cache(_MOST)
def _html(text: str) -> Markup:
    return escape(printable(text))


_CLASSES: Final = {
    ValueKind.ACCOUNT: ' class="card"',
    ValueKind.CARDHOLDER: ' class="card"',
    ValueKind.BILLING: ' class="card"',
    ValueKind.SECRET: ' class="secret"',
    ValueKind.ENCRYPTED: ' class="sealed"',
}


def row(value: RequestValue) -> Markup:
    """The row of a value in the table of what leaves."""
    # Each part is markup already: `broken` and `_html` are the only ways from a text to here.
    optional = " (may be left out)" if value.optional else ""
    ours = f' <span class="ours">{_html(value.ours)}</span>' if value.ours else ""
    form = f", {_html(value.form)}" if value.form else ""
    return Markup(  # noqa: S704 - see above
        f"<tr{_CLASSES.get(value.kind, '')}>\n"
        f'  <td data-label="field"><code>{broken(value.place)}</code>{optional}</td>\n'
        f'  <td data-label="value"><code>{broken(value.value)}</code>{ours}</td>\n'
        f'  <td data-label="what it is"><span class="kind">{_html(value.kind.value)}</span>'
        f"{form}</td>\n"
        f'  <td data-label="filled in by">{_html(value.filled)}</td>\n'
        f'  <td data-label="how it is kept">{_html(value.handling)}</td>\n'
        "</tr>"
    )
