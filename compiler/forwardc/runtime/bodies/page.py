"""Tells a page for people, HTML, from an answer: a page never says what became of a payment."""

import re
from typing import Final

_NAME: Final = re.compile(r"<([A-Za-z][A-Za-z0-9]*)[\s/>]")
_DOCTYPE: Final = re.compile(r"<!doctype\s+([A-Za-z][^\s>]*)", re.IGNORECASE)
# Elements that a page, or the piece of one that a proxy sends, begins with.
_OF_PAGES: Final = frozenset(
    {
        *("html", "head", "body", "title", "meta", "script", "style", "noscript", "center"),
        *("h1", "h2", "h3", "h4", "h5", "h6", "p", "div", "pre", "br", "hr"),
    }
)


def is_page(text: str) -> bool:
    """Whether a body is HTML, whole or a piece of it, whatever else it would parse as."""
    rest = text.lstrip(" \t\r\n\ufeff")
    while rest.startswith(("<!--", "<?")):
        end = "-->" if rest.startswith("<!--") else "?>"
        rest = rest.partition(end)[2].lstrip(" \t\r\n\ufeff")
    doctype = _DOCTYPE.match(rest)
    if doctype is not None:
        return doctype[1].lower() == "html"
    name = _NAME.match(rest)
    return name is not None and name[1].lower() in _OF_PAGES
