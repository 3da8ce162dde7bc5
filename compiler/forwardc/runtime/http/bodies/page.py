"""Tells a page for people, HTML, from an answer: a page never says what became of a payment."""

import re
from typing import Final

_NAME: Final = re.compile(r"<([A-Za-z][A-Za-z0-9]*)[\s/>]")
_DOCTYPE: Final = re.compile(r"<!doctype\s+([A-Za-z][^\s>]*)", re.IGNORECASE)
_SPACE: Final = re.compile(r"[ \t\r\n\ufeff]*")
# Elements that a page, or the piece of one that a proxy sends, begins with.
_OF_PAGES: Final = frozenset(
    {
        *("html", "head", "body", "title", "meta", "script", "style", "noscript", "center"),
        *("h1", "h2", "h3", "h4", "h5", "h6", "p", "div", "pre", "br", "hr"),
    }
)


def is_page(text: str) -> bool:
    """Whether a body is HTML, whole or a piece of it, whatever else it would parse as."""
    at = _beginning(text)
    doctype = _DOCTYPE.match(text, at)
    if doctype is not None:
        if doctype[1].lower() == "html":
            return True
        at = _after_space(text, text.find(">", at) + 1)
    name = _NAME.match(text, at)
    return name is not None and name[1].lower() in _OF_PAGES


def _beginning(text: str) -> int:
    """Where a document type or the first element stands, behind comments and instructions.

    Goes on by places and copies nothing: a body may be a megabyte of comments.
    """
    at = _after_space(text, 0)
    while text.startswith(("<!--", "<?"), at):
        end = "-->" if text.startswith("<!--", at) else "?>"
        found = text.find(end, at)
        if found < 0:
            return len(text)
        at = _after_space(text, found + len(end))
    return at


def _after_space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at
