"""Finds the JSON Pointer of a place in a file. Knows nodes and spans."""

from forwardc.compile.language.nodes import Node, YamlMap, YamlSeq
from forwardc.core.diagnostics.span import Span


def pointer_of(root: Node, span: Span | None) -> str:
    """The pointer of the innermost node that holds a span; empty without one."""
    if span is None:
        return ""
    pointer, todo = "", [root]
    while todo:
        node = todo.pop()
        if _holds(node.span, span):
            pointer = node.pointer
            todo = _inside(node)
    return pointer


def _holds(outer: Span, inner: Span) -> bool:
    return outer.path == inner.path and outer.start <= inner.start and inner.end <= outer.end


def _inside(node: Node) -> list[Node]:
    match node:
        case YamlMap(entries=entries):
            return [entry.value for entry in entries]
        case YamlSeq(items=items):
            return list(items)
        case _:
            return []
