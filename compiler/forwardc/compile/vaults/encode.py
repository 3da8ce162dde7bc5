"""Structures become JSON and bytes here, once: until then every term keeps its place in the YAML.

A structure is made of mappings, sequences, scalars and terms; a term is written as a typed hole.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, get_args

from forwardc.compile.ir.pretty import pretty
from forwardc.compile.ir.spans import spans_of
from forwardc.core.diagnostics.render.clean import escaped as visible
from forwardc.core.diagnostics.span import Span
from forwardc.core.terms.codec import to_json
from forwardc.core.terms.terms import Raw, Ref, Term, walk

Json = dict[str, Any]
"""An object of a build file, in which terms may stand still."""

_TERMS = get_args(Term)


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
    return visible(pretty(data, plain))


def to_bytes(data: Any) -> bytes:
    """A build file: JSON with two spaces, a line feed at the end, members in their order."""
    return (text_of(data) + "\n").encode()


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


def mentions(data: Any, name: str) -> bool:
    """Whether a reference of that name stands anywhere in a structure."""
    if isinstance(data, str):
        return False
    if isinstance(data, _TERMS):
        return any(isinstance(node, Ref) and node.name == name for node in walk(data))
    if isinstance(data, Mapping):
        return any(mentions(value, name) for value in data.values())
    return isinstance(data, list | tuple) and any(mentions(item, name) for item in data)


def raw_texts(data: Any) -> Iterator[str]:
    """Every text of a vault's own syntax in a structure."""
    if isinstance(data, _TERMS):
        yield from (node.text for node in walk(data) if isinstance(node, Raw))
    elif isinstance(data, Mapping):
        for value in data.values():
            yield from raw_texts(value)
    elif isinstance(data, list | tuple):
        for item in data:
            yield from raw_texts(item)


def places(data: Any, pointer: str = "") -> Iterator[tuple[str, Span]]:
    """JSON Pointers of the encoded structure with the place in the YAML that made each."""
    if isinstance(data, _TERMS):
        yield from spans_of(data, pointer)
    elif isinstance(data, Mapping):
        for key, value in data.items():
            yield from places(value, f"{pointer}/{escaped(key)}")
    elif isinstance(data, list | tuple):
        for index, item in enumerate(data):
            yield from places(item, f"{pointer}/{index}")


def escaped(token: str) -> str:
    """One reference token of a JSON Pointer (RFC 6901)."""
    return token.replace("~", "~0").replace("/", "~1")
