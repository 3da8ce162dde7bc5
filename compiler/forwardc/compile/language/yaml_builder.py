"""Builds the node tree from YAML events, without recursion, and reports what a tree cannot hold.

A stack holds the open maps and sequences. Aliases and merge keys are expanded into copies, each
with the pointer of its new place, and every node counts towards the limits of `YamlReport`.

One file, since events, copies and limits share the stack and the report, and are one pass.
"""

import re
from bisect import bisect_left, insort
from collections.abc import Iterable
from dataclasses import field
from typing import assert_never

import yaml

from forwardc.compile.language import yaml_scalars
from forwardc.compile.language.input_file import InputFile
from forwardc.compile.language.nodes import Entry, Node, Trail, Value, YamlMap, YamlScalar, YamlSeq
from forwardc.compile.language.yaml_scalars import (
    BrokenInterpolation,
    Trap,
    is_level,
    resolve,
    resolve_key,
)
from forwardc.core.dataclass import dataclass
from forwardc.core.diagnostics.diagnostic import Diagnostic, Related

MAX_DEPTH = 64
"""Levels of maps and lists: deeper than any body that a destination documents, and far from the
depth at which walks over the tree would run out of Python's stack (1,000 frames)."""

MAX_NODES = 100_000
"""Values of one file with its aliases expanded: the largest shipped destination has some hundreds,
and aliases of aliases that double with each level pass it at the seventeenth."""

MAX_FINDINGS = 500
"""Findings after which a file is read no further: nobody mends more in one go."""


class YamlReport:
    """The findings of one file. Once `stopped`, there is no tree."""

    def __init__(self, source: InputFile) -> None:
        self.findings: list[Diagnostic] = []
        self.stopped = False
        # How many refused keys are open: what stands inside them is not worth a word more.
        self.refused_keys = 0
        self._source = source
        self._nodes = 0

    def add(
        self,
        code: str,
        message: str,
        place: tuple[int, int],
        trail: Trail,
        *,
        hint: str | None = None,
        related: tuple[Related, ...] = (),
    ) -> None:
        """Add an error at a place, which is a start and an end offset."""
        if self.refused_keys:
            return
        span = self._source.span(*place)
        finding = Diagnostic(code, message, span, trail.pointer, hint, related=related)
        self.findings.append(finding)
        if len(self.findings) >= MAX_FINDINGS:
            self.stopped = True

    def stop(
        self, code: str, message: str, place: tuple[int, int], trail: Trail, hint: str
    ) -> None:
        """Add an error after which reading further makes no sense."""
        if not self.stopped:
            self.add(code, message, place, trail, hint=hint)
        self.stopped = True

    def count(self, place: tuple[int, int], trail: Trail, depth: int) -> None:
        """Count one more node at a depth, and stop where a limit is passed."""
        self._nodes += 1
        if self._nodes > MAX_NODES:
            message = f"more than {MAX_NODES:,} values once the aliases are expanded"
            self.stop("FC0107", message, place, trail, "write fewer and smaller aliases")
        if depth > MAX_DEPTH:
            message = f"nested deeper than {MAX_DEPTH} levels"
            self.stop("FC0106", message, place, trail, "flatten the structure")


# The tree

_ANCHOR = re.compile(r"&\S+\s*")


@dataclass(slots=True)
class _Frame:
    """A map or sequence that is still open."""

    is_map: bool
    flow: bool
    start: int
    trail: Trail
    anchor: str | None
    is_key: bool
    items: list[Node] = field(default_factory=list)
    entries: dict[str, Entry] = field(default_factory=dict)
    merged: set[str] = field(default_factory=set)
    key: YamlScalar | None = None
    drop_value: bool = False

    @property
    def wants_key(self) -> bool:
        return self.is_map and self.key is None and not self.drop_value

    def next_trail(self) -> Trail:
        """The way to the node that comes next; to the map itself where that is a key."""
        if not self.is_map:
            return Trail(self.trail, len(self.items))
        return Trail(self.trail, str(self.key.value)) if self.key else self.trail


class Builder:
    """Takes the events of one file one by one; `root` is the tree when all were taken."""

    def __init__(self, source: InputFile, holes: Iterable[BrokenInterpolation]) -> None:
        """`holes` are the expressions that were hidden from the parser; `source` still has them."""
        self.root: Node | None = None
        self.report = YamlReport(source)
        self._source = source
        self._holes = sorted(holes, key=_hole_start)
        self._reported: set[int] = set()
        self._stack: list[_Frame] = []
        # By name; None while the anchor's own node is open.
        self._anchors: dict[str, Node | None] = {}
        self._end = 0
        self._documents = 0

    def take(self, event: yaml.Event) -> bool:
        """Take the next event. False when reading further makes no sense; the report says why."""
        if isinstance(event, yaml.ScalarEvent):
            self._scalar(event)
        elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            self._open(event)
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            self._close(event)
        elif isinstance(event, yaml.AliasEvent):
            self._alias(event)
        elif isinstance(event, yaml.DocumentStartEvent):
            self._document(event)
        return not self.report.stopped

    # Events

    def _document(self, event: yaml.DocumentStartEvent) -> None:
        place = _offsets(event)
        self._documents += 1
        if self._documents > 1:
            hint = "give each document a file of its own"
            self.report.stop("FC0116", "a second YAML document", place, Trail(), hint)
        elif event.version not in (None, (1, 2)):
            hint = "leave the %YAML line out: files are read as YAML 1.2"
            self.report.add("FC0116", "another YAML version", place, Trail(), hint=hint)

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        start, end = self._place(event)
        frame = self._stack[-1] if self._stack else None
        trail = frame.next_trail() if frame else Trail()
        self.report.count((start, end), trail, len(self._stack))
        style = event.style or ""
        if style in ("|", ">"):
            end = start + len(self._source.text[start:end].rstrip())
        if end > start:
            self._end = end
        tagged = event.tag is not None and self._refuse_tag(start, trail)
        is_key = frame is not None and frame.wants_key
        value, faulty = self._value(event, style, (start, end), trail, is_key=is_key)
        node = YamlScalar(self._source, start, end, trail, value, style, faulty or tagged)
        if event.anchor:
            self._anchors[event.anchor] = node
        self._add(node)

    def _value(
        self,
        event: yaml.ScalarEvent,
        style: str,
        place: tuple[int, int],
        trail: Trail,
        *,
        is_key: bool,
    ) -> tuple[Value, bool]:
        """The value of a scalar, and whether something was wrong with it."""
        start, end = place
        if self._holes and self._report_holes(start, end, trail):
            return self._source.text[start:end], True
        value = event.value if style else (resolve_key if is_key else resolve)(event.value)
        if isinstance(value, Trap) and is_level(event.value, trail):
            value = event.value
        if isinstance(value, Trap):
            if not self._dropping:
                visible = self._visible(start, end)
                hint = "a key is text: put quotes around it" if is_key else value.hint
                self.report.add(value.code, value.message, visible, trail, hint=hint)
            return event.value, True
        if (
            isinstance(value, str)
            and "${" in value
            and yaml_scalars.unterminated(value) is not None
        ):
            message, hint = yaml_scalars.explain_unterminated(self._source, end, not style)
            self.report.add(yaml_scalars.CODE, message, place, trail, hint=hint)
            return value, True
        return value, False

    def _open(self, event: yaml.MappingStartEvent | yaml.SequenceStartEvent) -> None:
        start, _ = self._place(event)
        trail = self._next_trail()
        self.report.count((start, start + 1), trail, len(self._stack) + 1)
        is_key = bool(self._stack) and self._stack[-1].wants_key
        if is_key:
            self._refuse_key((start, start + 1), trail)
            self.report.refused_keys += 1
        if event.tag is not None:
            self._refuse_tag(start, trail)
        if event.anchor:
            self._anchors[event.anchor] = None
        is_map = isinstance(event, yaml.MappingStartEvent)
        flow = bool(event.flow_style)
        self._stack.append(_Frame(is_map, flow, start, trail, event.anchor, is_key))

    def _close(self, event: yaml.Event) -> None:
        frame = self._stack.pop()
        # The parser ends a block where the next token begins; for us it ends with its last child.
        if frame.flow:
            self._end = _offsets(event)[1]
        node: Node
        if frame.is_map:
            node = YamlMap(self._source, frame.start, self._end, frame.trail, frame.entries)
        else:
            items = tuple(frame.items)
            node = YamlSeq(self._source, frame.start, self._end, frame.trail, items)
        if frame.anchor:
            self._anchors[frame.anchor] = node
        if frame.is_key:
            self.report.refused_keys -= 1
            self._stack[-1].drop_value = True
        else:
            self._add(node)

    def _alias(self, event: yaml.AliasEvent) -> None:
        place = start, end = _offsets(event)
        self._end = end
        trail = self._next_trail()
        if self._stack and self._stack[-1].wants_key:
            self._refuse_key(place, trail)
            self._stack[-1].drop_value = True
            return
        name = event.anchor or ""
        target = self._anchors.get(name)
        if target is not None:
            self._add(copied_node(target, trail, len(self._stack), place, self.report))
            return
        if name in self._anchors:
            self.report.add("FC0116", "an alias inside its own anchor", place, trail)
        else:
            hint = "an anchor must stand before its aliases"
            self.report.add("FC0104", "alias of an unknown anchor", place, trail, hint=hint)
        self._add(YamlScalar(self._source, start, end, trail, None, "", True))

    def finish(self) -> None:
        """Report the expressions that no scalar came for, because the parser gave up before."""
        for hole in self._holes:
            if hole.start not in self._reported:
                self._report_hole(hole, Trail())

    def hide(self, hole: BrokenInterpolation) -> None:
        """Add an expression that the parser has just given up at."""
        insort(self._holes, hole, key=_hole_start)

    def _report_holes(self, start: int, end: int, trail: Trail) -> bool:
        """Report the hidden expressions of one scalar, and say whether it has any."""
        first = bisect_left(self._holes, start, key=_hole_start)
        after = bisect_left(self._holes, end, first, key=_hole_start)
        for hole in self._holes[first:after]:
            self._report_hole(hole, trail)
        return first < after

    def _report_hole(self, hole: BrokenInterpolation, trail: Trail) -> None:
        self._reported.add(hole.start)
        place = hole.start, hole.end
        self.report.add(yaml_scalars.CODE, hole.message, place, trail, hint=hole.hint)

    # Tree

    def _place(self, event: yaml.NodeEvent) -> tuple[int, int]:
        """Where a node stands, its anchor excluded."""
        start, end = _offsets(event)
        if event.anchor and (anchor := _ANCHOR.match(self._source.text, start)):
            return min(anchor.end(), end), end
        return start, end

    def _visible(self, start: int, end: int) -> tuple[int, int]:
        """For an empty value the place of its key, so that a caret has something to stand under."""
        key = self._stack[-1].key if self._stack else None
        return (key.start, key.end) if start == end and key else (start, end)

    @property
    def _dropping(self) -> bool:
        return bool(self._stack) and self._stack[-1].drop_value

    def _next_trail(self) -> Trail:
        return self._stack[-1].next_trail() if self._stack else Trail()

    def _add(self, node: Node) -> None:
        if not self._stack:
            self.root = node
            return
        frame = self._stack[-1]
        if not frame.is_map:
            frame.items.append(node)
        elif frame.drop_value:
            frame.drop_value = False
        elif frame.key is None:
            frame.key = self._key(node)
        else:
            self._take_value(frame, frame.key, node)
            frame.key = None

    def _key(self, node: Node) -> YamlScalar:
        # Maps and sequences never come here: _close drops those that stand as a key.
        if not isinstance(node, YamlScalar):
            raise TypeError("a key must be a scalar")
        if isinstance(node.value, str):
            return node
        self._refuse_key((node.start, node.end), node.trail)
        return YamlScalar(node.source, node.start, node.end, node.trail, node.text, "", True)

    def _take_value(self, frame: _Frame, key: YamlScalar, value: Node) -> None:
        name, place = str(key.value), (key.start, key.end)
        if name == "<<" and key.plain:
            depth = len(self._stack)
            frame.merged |= merge_entries(
                frame.entries, key, value, frame.trail, depth, self.report
            )
        elif name not in frame.entries:
            frame.entries[name] = Entry(key, value)
        elif name in frame.merged:
            first = frame.entries[name].key_node
            report_hidden(first, key, place, frame.trail, self.report)
        else:
            first_span = frame.entries[name].key_span
            related = (Related(first_span, "the same key stands here already"),)
            hint = "keep one of the two"
            self.report.add(
                "FC0105", "duplicate key", place, value.trail, hint=hint, related=related
            )

    # Refusals

    def _refuse_key(self, place: tuple[int, int], trail: Trail) -> None:
        hint = "a key is text: write a word, or put quotes around it"
        if self._source.text[place[0]] == "{":
            hint = "put quotes around a value that starts with {{"
        self.report.add("FC0116", "a key that is no text", place, trail, hint=hint)

    def _refuse_tag(self, start: int, trail: Trail) -> bool:
        hint = "leave the tag out; quotes make a value text"
        place = start, start + 1
        self.report.add("FC0116", "YAML tags have no meaning here", place, trail, hint=hint)
        return True


def _hole_start(hole: BrokenInterpolation) -> int:
    return hole.start


def _offsets(event: yaml.Event) -> tuple[int, int]:
    start, end = event.start_mark, event.end_mark
    if start is None or end is None:
        raise TypeError("an event of a parser has marks")
    return start.index, end.index


# Aliases and merge keys


def copied_node(
    node: Node, trail: Trail, depth: int, place: tuple[int, int], report: YamlReport
) -> Node:
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
                copied_node(item, Trail(trail, index), depth + 1, place, report)
                for index, item in enumerate(items)
            )
            return YamlSeq(source, start, end, trail, copies)
        case YamlMap(by_key=by_key):
            entries = {
                key: Entry(
                    entry.key_node,
                    copied_node(entry.value, Trail(trail, key), depth + 1, place, report),
                )
                for key, entry in by_key.items()
            }
            return YamlMap(source, start, end, trail, entries)
        case _:
            assert_never(node)


def merge_entries(
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
            copied = copied_node(entry.value, Trail(trail, name), depth, place, report)
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
