"""Builds the node tree from YAML events, without recursion, and reports what a tree cannot hold.

Knows events and offsets; bytes, decoding and the parser's own errors belong to the reader.
"""

import re
from bisect import bisect_left, insort
from collections.abc import Iterable
from dataclasses import dataclass, field

import yaml

from forwardc.compile.language import yaml_alias, yaml_holes
from forwardc.compile.language.nodes import Entry, Node, Trail, Value, YamlMap, YamlScalar, YamlSeq
from forwardc.compile.language.source import InputFile
from forwardc.compile.language.yaml_holes import BrokenInterpolation
from forwardc.compile.language.yaml_report import YamlReport
from forwardc.compile.language.yaml_scalars import Trap, resolve, resolve_key
from forwardc.core.diagnostics.diagnostic import Related

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
        match event:
            case yaml.ScalarEvent():
                self._scalar(event)
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                self._open(event)
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                self._close(event)
            case yaml.AliasEvent():
                self._alias(event)
            case yaml.DocumentStartEvent():
                self._document(event)
            case _:
                pass
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
        trail = self._next_trail()
        self.report.count((start, end), trail, len(self._stack))
        style = event.style or ""
        if style in ("|", ">"):
            end = start + len(self._source.text[start:end].rstrip())
        if end > start:
            self._end = end
        tagged = event.tag is not None and self._refuse_tag(start, trail)
        value, faulty = self._value(event, style, start, end, trail)
        node = YamlScalar(self._source, start, end, trail, value, style, faulty or tagged)
        if event.anchor:
            self._anchors[event.anchor] = node
        self._add(node)

    def _value(
        self, event: yaml.ScalarEvent, style: str, start: int, end: int, trail: Trail
    ) -> tuple[Value, bool]:
        """The value of a scalar, and whether something was wrong with it."""
        if self._holes and self._report_holes(start, end, trail):
            return self._source.text[start:end], True
        is_key = bool(self._stack) and self._stack[-1].wants_key
        value = event.value if style else (resolve_key if is_key else resolve)(event.value)
        if isinstance(value, Trap):
            if not self._dropping:
                place = self._visible(start, end)
                hint = "a key is text: put quotes around it" if is_key else value.hint
                self.report.add(value.code, value.message, place, trail, hint=hint)
            return event.value, True
        if isinstance(value, str) and "${" in value and yaml_holes.unterminated(value) is not None:
            message, hint = yaml_holes.explain_unterminated(self._source, end, not style)
            self.report.add(yaml_holes.CODE, message, (start, end), trail, hint=hint)
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
            self._add(yaml_alias.copy(target, trail, len(self._stack), place, self.report))
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
        self.report.add(yaml_holes.CODE, hole.message, place, trail, hint=hole.hint)

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
        if not self._stack:
            return Trail()
        frame = self._stack[-1]
        if not frame.is_map:
            return Trail(frame.trail, len(frame.items))
        return Trail(frame.trail, str(frame.key.value)) if frame.key else frame.trail

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
            frame.merged |= yaml_alias.merge(
                frame.entries, key, value, frame.trail, depth, self.report
            )
        elif name not in frame.entries:
            frame.entries[name] = Entry(key, value)
        elif name in frame.merged:
            first = frame.entries[name].key_node
            yaml_alias.report_hidden(first, key, place, frame.trail, self.report)
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
