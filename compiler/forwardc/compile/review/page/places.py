"""Where each value of a body stands, in the words of the body's syntax.

JSON Pointers in JSON, XPaths in XML, `card[number]` in a form. Knows terms.
"""

from collections.abc import Iterator

from forwardc.compile.ir.places import below, item_of
from forwardc.compile.ir.program import Body
from forwardc.core.terms.terms import Encoding, If, Map, Seq, Term


def leaves(body: Body | Term | None) -> Iterator[tuple[str, Term]]:
    """Each scalar of a body with its place, or of a tree with its pointer, as it is written."""
    if body is None:
        return
    if not isinstance(body, Body):
        yield from _leaves(Encoding.JSON, "", body)
        return
    for at, leaf in _leaves(body.encoding, "", body.tree):
        yield f"body{' ' if body.encoding is Encoding.FORM else ''}{at}", leaf


def place_of(body: Body | None, at: str) -> str:
    """The place that a pointer into a body names, in XML an XPath; `header NAME` is one itself."""
    if body is None or not at.startswith("/"):
        return at
    if body.encoding is not Encoding.FORM:
        return f"body{at}"
    first, *rest = (token.replace("~1", "/").replace("~0", "~") for token in at[1:].split("/"))
    return f"body {first}{''.join(f'[{token}]' for token in rest)}"


def _leaves(encoding: Encoding, at: str, term: Term) -> Iterator[tuple[str, Term]]:
    match term:
        case Map(entries=entries):
            for key, value in entries:
                yield from _leaves(encoding, _member(encoding, at, key), value)
        case Seq(items=items):
            for index, item in enumerate(items):
                yield from _leaves(encoding, _item(encoding, at, index), item)
        case If(then=Map() | Seq() as inner):
            yield from _leaves(encoding, at, inner)
        case _:
            yield at, term


def _member(encoding: Encoding, at: str, key: str) -> str:
    if encoding is Encoding.FORM:
        return f"{at}[{key}]" if at else key
    return below(at, key, xml=encoding is Encoding.XML)


def _item(encoding: Encoding, at: str, index: int) -> str:
    if encoding is Encoding.FORM:
        return f"{at}[{index}]"
    return item_of(at, index, xml=encoding is Encoding.XML)
