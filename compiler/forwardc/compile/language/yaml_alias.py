"""Expands aliases and merge keys: copies of nodes, each with the pointer of its new place.

Knows nodes and limits, and no events.
"""

from typing import assert_never

from forwardc.compile.language.nodes import Entry, Node, Trail, YamlMap, YamlScalar, YamlSeq
from forwardc.compile.language.yaml_report import YamlReport
from forwardc.core.diagnostics.diagnostic import Related


def copy(node: Node, trail: Trail, depth: int, place: tuple[int, int], report: YamlReport) -> Node:
    """The node for another place of the tree, `depth` levels deep; `place` is where that is.

    Recursion ends where the report stops: at MAX_DEPTH levels, or after MAX_NODES nodes.
    """
    report.count(place, trail, depth)
    if report.stopped:
        return node
    source, start, end = node.source, node.start, node.end
    match node:
        case YamlScalar():
            return YamlScalar(source, start, end, trail, node.value, node.style, node.faulty)
        case YamlSeq(items=items):
            copies = tuple(
                copy(item, Trail(trail, index), depth + 1, place, report)
                for index, item in enumerate(items)
            )
            return YamlSeq(source, start, end, trail, copies)
        case YamlMap(by_key=by_key):
            entries = {
                key: Entry(
                    entry.key_node, copy(entry.value, Trail(trail, key), depth + 1, place, report)
                )
                for key, entry in by_key.items()
            }
            return YamlMap(source, start, end, trail, entries)
        case _:
            assert_never(node)


def merge(
    entries: dict[str, Entry],
    key: YamlScalar,
    value: Node,
    trail: Trail,
    depth: int,
    report: YamlReport,
) -> set[str]:
    """Put the entries of the map or maps behind a merge key `<<` into `entries`.

    Gives the keys that came in. A key that is there already is an error: one of the two would hide.
    """
    merged: set[str] = set()
    place = (key.start, key.end)
    for merged_node in value.items if isinstance(value, YamlSeq) else (value,):
        if not isinstance(merged_node, YamlMap):
            _refuse(merged_node, place, value.trail, report)
            continue
        for name, entry in merged_node.by_key.items():
            if name in entries:
                report_hidden(entries[name].key_node, entry.key_node, place, trail, report)
                continue
            copied = copy(entry.value, Trail(trail, name), depth, place, report)
            entries[name] = Entry(entry.key_node, copied)
            merged.add(name)
    return merged


def _refuse(value: Node, place: tuple[int, int], trail: Trail, report: YamlReport) -> None:
    if isinstance(value, YamlScalar) and value.faulty:
        return
    hint = "give it an alias of a map, or a list of such aliases"
    report.add("FC0109", "a merge key takes a map", place, trail, hint=hint)


def report_hidden(
    first: YamlScalar, second: YamlScalar, place: tuple[int, int], trail: Trail, report: YamlReport
) -> None:
    """Report a key that a map gets twice, by a merge and from elsewhere."""
    others = {(other.start, other.end): other.span for other in (first, second)}
    report.add(
        "FC0109",
        "a merged map and another source give this map the same key",
        place,
        Trail(trail, str(first.value)),
        hint="write the key in one place only",
        related=tuple(
            Related(span, "the key stands here") for at, span in others.items() if at != place
        ),
    )
