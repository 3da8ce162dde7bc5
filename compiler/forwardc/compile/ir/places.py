"""Places of a body by name, as a vault's reviewers name them: JSON Pointer, XPath in XML.

Knows terms; nothing of vaults, and nothing of what stands at a place.
"""

from collections.abc import Callable, Iterator

from forwardc.compile.ir.program import Body
from forwardc.core.terms.terms import Encoding, If, Map, Seq, Term


def places(body: Body) -> Iterator[tuple[str, Term]]:
    """Every scalar of a body with its place, in the order of the body.

    What an author marked with `?` stands there without its mark.
    """
    yield from _places(body.tree, "", xml=body.encoding is Encoding.XML)


def _places(term: Term, at: str, *, xml: bool) -> Iterator[tuple[str, Term]]:
    match term:
        case If(then=then):
            yield from _places(then, at, xml=xml)
        case Map(entries=entries):
            for key, value in entries:
                yield from _places(value, below(at, key, xml=xml), xml=xml)
        case Seq(items=items):
            for index, item in enumerate(items):
                yield from _places(item, item_of(at, index, xml=xml), xml=xml)
        case _:
            yield at, term


def changed(body: Body, change: Callable[[str, Term], Term]) -> Term:
    """The tree with `change` applied to every scalar, which is told its place."""
    xml = body.encoding is Encoding.XML

    def inside(term: Term, at: str) -> Term:
        match term:
            case If(present=present, then=then):
                return If(present, inside(then, at), span=term.span)
            case Map(entries=entries):
                return Map(
                    tuple((key, inside(value, below(at, key, xml=xml))) for key, value in entries),
                    span=term.span,
                )
            case Seq(items=items):
                return Seq(
                    tuple(
                        inside(item, item_of(at, index, xml=xml))
                        for index, item in enumerate(items)
                    ),
                    span=term.span,
                )
            case _:
                return change(at, term)

    return inside(body.tree, "")


def below(at: str, key: str, *, xml: bool) -> str:
    """The place of a member."""
    if not xml:
        return f"{at}/{escaped(key)}"
    if key == ".":
        return at
    return f"{at}/@{key[1:]}" if key.startswith(".") else f"{at}/{key}"


def item_of(at: str, index: int, *, xml: bool) -> str:
    """The place of an item of a list: repeated elements count from 1."""
    return f"{at}[{index + 1}]" if xml else f"{at}/{index}"


def escaped(token: str) -> str:
    """One reference token of a JSON Pointer (RFC 6901)."""
    return token.replace("~", "~0").replace("/", "~1")
