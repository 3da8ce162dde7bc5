"""Structures become JSON and bytes here, once: until then every term keeps its place in the YAML.

A structure is made of mappings, sequences, scalars and terms; a term is written as a typed hole.
The text has two spaces a level, as `json.dumps(indent=2)` gives it: the standard encoder is written
in C for compact JSON only. The first files are written by `pretty`. Of many, what comes out of
`written_data` is written by the encoder of pydantic's core, in two thirds of the time, but for what
that writes in another way or refuses: numbers with an exponent, halves of a surrogate pair, and 255
levels. Those files `pretty` writes, too.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from functools import cached_property
from itertools import count
from json.encoder import encode_basestring as quoted
from typing import Any, Final, assert_never, get_args

from forwardc.core.diagnostics.render.printable import escaped as visible
from forwardc.core.diagnostics.span import Span
from forwardc.core.json_pointer import pointer_token
from forwardc.core.terms.codec import json_of, to_json
from forwardc.core.terms.terms import (
    HAS_RAW,
    Amount,
    Atom,
    Call,
    Encoded,
    If,
    Limit,
    Lit,
    Map,
    Raw,
    Ref,
    Seq,
    Source,
    Term,
    Text,
    root_bit,
    walk,
)


def _refused(data: object) -> Any:
    raise TypeError(f"{type(data).__name__} has no place in a build file")


def pretty(data: Any, default: Callable[[Any], Any] = _refused) -> str:
    """JSON text of dicts with text keys, lists, texts, numbers, booleans and None.

    `default` gives the JSON data of anything else, and raises TypeError where there is none.
    """
    pieces: list[str] = []
    _write(data, "\n", default, pieces.append)
    return "".join(pieces)


def _write(data: Any, line: str, default: Callable[[Any], Any], put: Callable[[str], None]) -> None:
    """Hand the pieces of a value to `put`; `line` begins each line inside it."""
    # Not `isinstance`: nearly every value is of one of these types itself, and this is quicker.
    kind = type(data)
    if kind is dict:
        _write_members(data, line, default, put)
    elif kind is list:
        _write_items(data, line, default, put)
    elif kind is str:
        put(quoted(data))
    elif kind in _SMALL:
        put(_SMALL[kind](data))
    else:
        _write(default(data), line, default, put)


def _write_members(
    data: dict[str, Any], line: str, default: Callable[[Any], Any], put: Callable[[str], None]
) -> None:
    if not data:
        put("{}")
        return
    inner = line + "  "
    before = "{" + inner
    for key, item in data.items():
        # Two of three values are texts: a call for each would cost more than the text does.
        if type(item) is str:
            put(f"{before}{quoted(key)}: {quoted(item)}")
        else:
            put(f"{before}{quoted(key)}: ")
            _write(item, inner, default, put)
        before = "," + inner
    put(line + "}")


def _write_items(
    data: list[Any], line: str, default: Callable[[Any], Any], put: Callable[[str], None]
) -> None:
    if not data:
        put("[]")
        return
    inner = line + "  "
    before = "[" + inner
    for item in data:
        put(before)
        _write(item, inner, default, put)
        before = "," + inner
    put(line + "]")


_SMALL: dict[type, Callable[[Any], str]] = {
    int: repr,
    float: repr,
    bool: lambda data: "true" if data else "false",
    type(None): lambda _: "null",
}
"""Values without an inside."""


# Where each part of a term's JSON came from, in the shape that the codec writes.


def spans_of(term: Term, pointer: str) -> Iterator[tuple[str, Span]]:
    """JSON Pointers below `pointer` with the place in the YAML of each term there."""
    if term.span is not None:
        yield pointer, term.span
    for token, child in _children(term):
        yield from spans_of(child, f"{pointer}/{token}")


def _children(term: Term) -> Iterator[tuple[str, Term]]:
    match term:
        case Call(args=args, named=named):
            yield from ((f"args/{index}", arg) for index, arg in enumerate(args))
            yield from ((f"named/{pointer_token(name)}", value) for name, value in named)
        case Text(parts=parts):
            yield from ((f"$text/{index}", part) for index, part in enumerate(parts))
        case Map(entries=entries):
            listed = any(key.startswith("$") for key, _ in entries)
            for index, (key, value) in enumerate(entries):
                yield (f"$map/{index}/1" if listed else pointer_token(key)), value
        case Seq(items=items):
            yield from ((str(index), item) for index, item in enumerate(items))
        case If(then=then):
            yield "then", then
        case Encoded(encoding=encoding, tree=tree):
            yield f"${encoding}", tree
        case Limit(term=inner):
            yield "of", inner
        case Amount(of=of, currency=currency):
            yield from (
                (f"$amount/{key}", part) for key, part in (("of", of), ("in", currency)) if part
            )
        case Lit() | Ref() | Atom() | Raw() | Source():
            return
        case _:
            assert_never(term)


# Structures of a vault, with terms in them.

Json = dict[str, Any]
"""An object of a build file, in which terms may stand still."""

_TERMS = get_args(Term)
_KINDS = frozenset(_TERMS)


def encode(data: Any) -> Any:
    """JSON of a structure of mappings, sequences, scalars and terms."""
    if data is None or isinstance(data, str | int | float):
        return data
    if isinstance(data, Mapping):
        return {key: encode(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [encode(item) for item in data]
    return plain(data)


def text_of(data: Any) -> str:
    """The same JSON as text with two spaces."""
    # A reader of a file is shown what the file holds: what hides is written as an escape.
    return visible(_written(data))


_FEW: Final = 400
"""Files that are written without the encoder: it takes 22 ms to load, and saves 0.05 ms a file."""
_numbers = count()


def _written(data: Any) -> str:
    if next(_numbers) < _FEW:
        return pretty(data, plain)
    from pydantic_core import to_json as encoded

    try:
        return encoded(written_data(data), indent=2).decode()
    except ValueError:
        return pretty(data, plain)


_AS_THEY_STAND = frozenset({str, bool, int, type(None)})
"""Types of data whose JSON is made by every encoder in one way."""


def written_data(data: Any) -> Any:
    """The same structure of dicts, lists and scalars alone: a term is its typed hole.

    Raises ValueError for a number with an exponent, which is not written in one way everywhere,
    and TypeError for what has no place in a build file.
    """
    # As in `_write`: types are compared. Most of what is inside is written as it stands, and is
    # not asked about in a call of its own.
    kind = type(data)
    if kind is dict:
        return {
            key: item if type(item) in _AS_THEY_STAND else written_data(item)
            for key, item in data.items()
        }
    if kind is list or kind is tuple:
        return [item if type(item) in _AS_THEY_STAND else written_data(item) for item in data]
    if kind in _KINDS:
        return json_of(data)
    if kind is float:
        return _usual(data)
    return data if kind in _AS_THEY_STAND else written_data(plain(data))


def _usual(number: float) -> float:
    if repr(number).strip("-0123456789.") != "":
        raise ValueError("a number that is not finite, or has an exponent")
    return number


def to_bytes(data: Any) -> bytes:
    """A build file: JSON with two spaces, a line feed at the end, members in their order."""
    return data.as_bytes if isinstance(data, Document) else _bytes(data)


def _bytes(data: Any) -> bytes:
    return (text_of(data) + "\n").encode()


class Document(dict[str, Any]):
    """A whole file as a structure that does not change any more: it is written once.

    A plan is asked for its bytes by who writes it, and by its own page, which names their digest.
    """

    @cached_property
    def as_bytes(self) -> bytes:
        """The file."""
        return _bytes(dict(self))


def plain(data: Any) -> Any:
    """What stands in JSON for a term, a decimal, or a mapping, sequence or text of another type.

    What is inside may need it again. Raises TypeError for anything else.
    """
    if isinstance(data, _TERMS):
        return to_json(data)
    if isinstance(data, Mapping):
        return dict(data)
    if isinstance(data, tuple):
        return list(data)
    if isinstance(data, str | Decimal):
        return str(data)
    raise TypeError(f"{type(data).__name__} has no place in a build file")


def mentions(terms: Iterable[Term], name: str) -> bool:
    """Whether a reference of that name stands anywhere in the terms."""
    below = root_bit(name.partition(".")[0])
    nodes = (node for term in terms for node in walk(term, below))
    return any(isinstance(node, Ref) and node.name == name for node in nodes)


def raw_texts(terms: Iterable[Term]) -> Iterator[str]:
    """Every text of a vault's own syntax in the terms."""
    for term in terms:
        yield from (node.text for node in walk(term, HAS_RAW) if isinstance(node, Raw))


def places(data: Any, pointer: str = "") -> Iterator[tuple[str, Span]]:
    """JSON Pointers of the encoded structure with the place in the YAML that made each."""
    if isinstance(data, _TERMS):
        yield from spans_of(data, pointer)
    elif isinstance(data, Mapping):
        for key, value in data.items():
            yield from places(value, f"{pointer}/{pointer_token(key)}")
    elif isinstance(data, list | tuple):
        for index, item in enumerate(data):
            yield from places(item, f"{pointer}/{index}")
