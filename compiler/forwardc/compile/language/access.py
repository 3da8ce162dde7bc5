"""Takes typed values out of YAML nodes that the schema has accepted.

What is not there, or not of the type asked for, comes back as the fallback: the schema has
reported it.
"""

from collections.abc import Iterator
from decimal import Decimal

from forwardc.compile.language.nodes import Entry, Node, YamlMap, YamlScalar, YamlSeq
from forwardc.core.terms.terms import Lit


def entries(node: Node | None) -> Iterator[Entry]:
    """The entries of a map; none for anything else."""
    if isinstance(node, YamlMap):
        yield from node.entries


def items(node: Node | None) -> Iterator[Node]:
    """The items of a sequence; none for anything else."""
    if isinstance(node, YamlSeq):
        yield from node.items


def get(node: Node | None, key: str) -> Node | None:
    """The value of a key in a map, or None."""
    return node.get(key) if isinstance(node, YamlMap) else None


def text(node: Node | None, key: str) -> str | None:
    """The text under a key, or None."""
    scalar = get(node, key)
    return (
        scalar.value if isinstance(scalar, YamlScalar) and isinstance(scalar.value, str) else None
    )


def flag(node: Node | None, key: str) -> bool:
    """Whether `true` stands under a key."""
    scalar = get(node, key)
    return isinstance(scalar, YamlScalar) and scalar.value is True


def integer(node: Node | None, key: str) -> int | None:
    """The integer under a key, or None."""
    value = number(node, key)
    return value if isinstance(value, int) else None


def number(node: Node | None, key: str) -> int | Decimal | None:
    """The number under a key, or None."""
    scalar = get(node, key)
    if isinstance(scalar, YamlScalar) and isinstance(scalar.value, int | Decimal):
        return None if isinstance(scalar.value, bool) else scalar.value
    return None


def literal(node: Node | None, key: str) -> Lit | None:
    """The scalar under a key with its place, or None."""
    scalar = get(node, key)
    if isinstance(scalar, YamlScalar) and scalar.value is not None:
        return Lit(scalar.value, span=scalar.span)
    return None
