"""Where each value of a body stands, in the words of the body's syntax.

JSON Pointers in JSON, XPaths in XML, `card[number]` in a form. Knows terms.
"""

from collections.abc import Iterator

from forwardc.plan.program import Body
from forwardc.plan.terms import Encoding, If, Map, Seq, Term
from forwardc.vaults.encode import escaped


def leaves(body: Body | Term | None) -> Iterator[tuple[str, Term]]:
    """Each scalar of a body with its place, or of a tree with its pointer, as it is written."""
    if body is None:
        return
    if not isinstance(body, Body):
        yield from _leaves(Encoding.JSON, "", body)
        return
    for at, leaf in _leaves(body.encoding, "", body.tree):
        yield f"body{' ' if body.encoding is Encoding.FORM else ''}{at}", leaf


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
    match encoding:
        case Encoding.FORM:
            return f"{at}[{key}]" if at else key
        case Encoding.XML if key == ".":
            return at
        case Encoding.XML if key.startswith("."):
            return f"{at}/@{key[1:]}"
        case Encoding.XML:
            return f"{at}/{key}"
        case _:
            return f"{at}/{escaped(key)}"


def _item(encoding: Encoding, at: str, index: int) -> str:
    match encoding:
        case Encoding.FORM:
            return f"{at}[{index}]"
        case Encoding.XML:
            return f"{at}[{index + 1}]"
        case _:
            return f"{at}/{index}"
