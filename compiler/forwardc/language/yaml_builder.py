"""Builds the node tree from YAML events, without recursion, and reports what a tree cannot hold.

Knows events and offsets; bytes, decoding and the parser's own errors belong to the reader.
"""

import re
from dataclasses import dataclass, field
from typing import assert_never

import yaml

from forwardc.diagnostics.diagnostic import Diagnostic, Related
from forwardc.language import yaml_holes
from forwardc.language.nodes import Entry, Node, Trail, YamlMap, YamlScalar, YamlSeq
from forwardc.language.source import Source
from forwardc.language.yaml_scalars import Trap, resolve

MAX_DEPTH = 64
MAX_NODES = 100_000
MAX_FINDINGS = 500

# Stands for one character of an expression that was hidden from the YAML parser.
MASK = "\ue000"

_ANCHOR = re.compile(r"&\S+\s*")


@dataclass(slots=True)
class _Frame:
    """A map or sequence that is still open."""

    is_map: bool
    flow: bool
    start: int
    trail: Trail
    anchor: str | None
    is_key: bool = False
    items: list[Node] = field(default_factory=list)
    entries: dict[str, Entry] = field(default_factory=dict)
    merges: dict[str, YamlScalar] = field(default_factory=dict)
    key: YamlScalar | None = None
    drop_value: bool = False

    @property
    def wants_key(self) -> bool:
        return self.is_map and self.key is None and not self.drop_value


def _offsets(event: yaml.Event) -> tuple[int, int]:
    start, end = event.start_mark, event.end_mark
    if start is None or end is None:
        raise TypeError("an event of a parser has marks")
    return start.index, end.index


class Builder:
    """Takes the events of one file one by one; `root` is the tree when all were taken."""

    def __init__(self, source: Source, parsed: str) -> None:
        """Nodes get their text from `source`; `parsed` is the same with expressions masked."""
        self.root: Node | None = None
        self.findings: list[Diagnostic] = []
        self._source = source
        self._parsed = parsed
        self._stack: list[_Frame] = []
        self._anchors: dict[str, Node | None] = {}
        self._nodes = 0
        self._end = 0
        self._documents = 0
        self._stopped = False
        self._open_keys = 0

    def take(self, event: yaml.Event) -> bool:
        """Take the next event. False when reading further makes no sense; findings say why."""
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
        return not self._stopped

    # Findings

    def _report(
        self,
        code: str,
        message: str,
        start: int,
        end: int,
        trail: Trail,
        *,
        hint: str | None = None,
        related: tuple[Related, ...] = (),
    ) -> None:
        if self._open_keys:
            return
        span = self._source.span(start, end)
        found = Diagnostic(code, message, span, trail.pointer, hint, related=related)
        self.findings.append(found)
        if len(self.findings) >= MAX_FINDINGS:
            self._stopped = True

    def _stop(self, code: str, message: str, start: int, end: int, hint: str) -> None:
        self._report(code, message, start, end, self._next_trail(), hint=hint)
        self._stopped = True
        self.root = None

    def _count(self, start: int, end: int) -> None:
        self._nodes += 1
        if self._nodes > MAX_NODES and not self._stopped:
            message = f"more than {MAX_NODES:,} values once the aliases are expanded"
            self._stop("FC0107", message, start, end, "write fewer and smaller aliases")

    # Events

    def _document(self, event: yaml.DocumentStartEvent) -> None:
        start, end = _offsets(event)
        self._documents += 1
        if self._documents > 1:
            hint = "give each document a file of its own"
            self._stop("FC0116", "a second YAML document in the file", start, end, hint)
        elif event.version not in (None, (1, 2)):
            hint = "leave the %YAML line out: files are read as YAML 1.2"
            self._report("FC0116", "another YAML version", start, end, Trail(), hint=hint)

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        start, end = self._place(event)
        self._count(start, end)
        trail = self._next_trail()
        style = event.style or ""
        if style in ("|", ">"):
            end = start + len(self._source.text[start:end].rstrip())
        if end > start:
            self._end = end
        faulty = self._refuse_tag(event.tag, start, end, trail)
        value = event.value if style else resolve(event.value)
        if isinstance(value, Trap) and self._dropping:
            value = None
        elif isinstance(value, Trap):
            at_start, at_end = self._visible(start, end)
            self._report(value.code, value.message, at_start, at_end, trail, hint=value.hint)
            value, faulty = event.value, True
        if MASK in self._parsed[start:end]:
            value, faulty = self._source.text[start:end], True
        elif isinstance(value, str) and yaml_holes.unterminated(value) is not None:
            message, hint = yaml_holes.explain_unterminated(self._source, end, not style)
            self._report(yaml_holes.CODE, message, start, end, trail, hint=hint)
            faulty = True
        node = YamlScalar(self._source, start, end, trail, value, style, faulty)
        self._anchor(event.anchor, node)
        self._add(node)

    @property
    def _dropping(self) -> bool:
        return bool(self._stack) and self._stack[-1].drop_value

    def _visible(self, start: int, end: int) -> tuple[int, int]:
        """For an empty value the place of its key, so that a caret has something to stand under."""
        key = self._stack[-1].key if self._stack else None
        return (key.start, key.end) if start == end and key else (start, end)

    def _open(self, event: yaml.MappingStartEvent | yaml.SequenceStartEvent) -> None:
        start, _ = self._place(event)
        self._count(start, start + 1)
        trail = self._next_trail()
        if len(self._stack) >= MAX_DEPTH:
            hint = "flatten the structure"
            message = f"nested deeper than {MAX_DEPTH} levels"
            self._stop("FC0106", message, start, start + 1, hint)
            return
        is_key = bool(self._stack) and self._stack[-1].wants_key
        if is_key:
            self._refuse_key(start, start + 1, trail)
        self._refuse_tag(event.tag, start, start + 1, trail)
        self._open_keys += is_key
        if event.anchor:
            self._anchors[event.anchor] = None
        is_map = isinstance(event, yaml.MappingStartEvent)
        flow = bool(event.flow_style)
        self._stack.append(_Frame(is_map, flow, start, trail, event.anchor, is_key))

    def _close(self, event: yaml.Event) -> None:
        frame = self._stack.pop()
        if frame.flow:
            self._end = _offsets(event)[1]
        node: Node
        if frame.is_map:
            node = YamlMap(self._source, frame.start, self._end, frame.trail, frame.entries)
        else:
            items = tuple(frame.items)
            node = YamlSeq(self._source, frame.start, self._end, frame.trail, items)
        self._anchor(frame.anchor, node)
        if frame.is_key:
            self._open_keys -= 1
            self._stack[-1].drop_value = True
        else:
            self._add(node)

    def _alias(self, event: yaml.AliasEvent) -> None:
        start, end = _offsets(event)
        self._end = end
        trail = self._next_trail()
        if self._stack and self._stack[-1].wants_key:
            self._refuse_key(start, end, trail)
            self._stack[-1].drop_value = True
            return
        anchor = event.anchor or ""
        target = self._anchors.get(anchor)
        if target is not None:
            self._add(self._copy(target, trail, len(self._stack), (start, end)))
            return
        if anchor in self._anchors:
            self._report("FC0116", "an alias inside its own anchor", start, end, trail)
        else:
            hint = "an anchor must stand before its aliases"
            self._report("FC0104", "alias of an unknown anchor", start, end, trail, hint=hint)
        self._add(YamlScalar(self._source, start, end, trail, None, "", True))

    # Tree

    def _place(self, event: yaml.NodeEvent) -> tuple[int, int]:
        start, end = _offsets(event)
        if event.anchor and (found := _ANCHOR.match(self._source.text, start)):
            return min(found.end(), end), end
        return start, end

    def _next_trail(self) -> Trail:
        if not self._stack:
            return Trail()
        frame = self._stack[-1]
        if not frame.is_map:
            return Trail(frame.trail, len(frame.items))
        return Trail(frame.trail, str(frame.key.value)) if frame.key else frame.trail

    def _anchor(self, name: str | None, node: Node) -> None:
        if name:
            self._anchors[name] = node

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
            self._take_key(frame, node)
        else:
            self._take_value(frame, frame.key, node)
            frame.key = None

    def _take_key(self, frame: _Frame, node: Node) -> None:
        # Maps and sequences never come here: _close drops those that stand as a key.
        if not isinstance(node, YamlScalar):
            raise TypeError("a key must be a scalar")
        if not isinstance(node.value, str):
            self._refuse_key(node.start, node.end, frame.trail)
            frame.key = YamlScalar(
                node.source, node.start, node.end, node.trail, node.text, "", True
            )
        else:
            frame.key = node

    def _take_value(self, frame: _Frame, key: YamlScalar, value: Node) -> None:
        name = str(key.value)
        if name == "<<" and key.plain:
            self._merge(frame, key, value)
        elif name in frame.entries:
            first = frame.entries[name].key_node
            if name in frame.merges:
                self._hidden(key, first, frame.trail)
            else:
                related = (Related(first.span, "the same key stands here already"),)
                self._report(
                    "FC0105",
                    "duplicate key",
                    key.start,
                    key.end,
                    value.trail,
                    hint="keep one of the two",
                    related=related,
                )
        else:
            frame.entries[name] = Entry(key, value)

    # Merge keys and aliases

    def _merge(self, frame: _Frame, key: YamlScalar, value: Node) -> None:
        maps = value.items if isinstance(value, YamlSeq) else (value,)
        for merged in maps:
            if isinstance(merged, YamlMap):
                for entry in merged.entries:
                    self._merge_entry(frame, key, entry)
            elif not (isinstance(merged, YamlScalar) and merged.faulty):
                hint = "give it an alias of a map, or a list of such aliases"
                message = "a merge key takes a map"
                self._report("FC0109", message, key.start, key.end, value.trail, hint=hint)

    def _merge_entry(self, frame: _Frame, key: YamlScalar, entry: Entry) -> None:
        if entry.key in frame.entries:
            self._hidden(frame.entries[entry.key].key_node, entry.key_node, frame.trail, merge=key)
            return
        trail = Trail(frame.trail, entry.key)
        value = self._copy(entry.value, trail, len(self._stack), (key.start, key.end))
        frame.entries[entry.key] = Entry(entry.key_node, value)
        frame.merges[entry.key] = key

    def _hidden(
        self, key: YamlScalar, other: YamlScalar, trail: Trail, merge: YamlScalar | None = None
    ) -> None:
        place = merge if merge is not None and key.start < merge.start else key
        self._report(
            "FC0109",
            "a merged map and another source give this map the same key",
            place.start,
            place.end,
            Trail(trail, str(key.value)),
            hint="write the key in one place only",
            related=(Related(other.span, "the key also stands here"),),
        )

    def _copy(self, node: Node, trail: Trail, depth: int, place: tuple[int, int]) -> Node:
        """The node for another place of the tree. Recursion ends at MAX_DEPTH."""
        self._count(*place)
        if depth > MAX_DEPTH and not self._stopped:
            message = f"aliases nest deeper than {MAX_DEPTH} levels"
            self._stop("FC0106", message, *place, "flatten the structure")
        if self._stopped:
            return node
        source, start, end = node.source, node.start, node.end
        match node:
            case YamlScalar():
                return YamlScalar(source, start, end, trail, node.value, node.style, node.faulty)
            case YamlSeq(items=items):
                copies = tuple(
                    self._copy(item, Trail(trail, index), depth + 1, place)
                    for index, item in enumerate(items)
                )
                return YamlSeq(source, start, end, trail, copies)
            case YamlMap(by_key=by_key):
                pairs = {
                    key: Entry(
                        entry.key_node,
                        self._copy(entry.value, Trail(trail, key), depth + 1, place),
                    )
                    for key, entry in by_key.items()
                }
                return YamlMap(source, start, end, trail, pairs)
            case _:
                assert_never(node)

    # Refusals

    def _refuse_key(self, start: int, end: int, trail: Trail) -> None:
        hint = "a key is text: write a word, or put quotes around it"
        if self._source.text[start] == "{":
            hint = "put quotes around a value that starts with {{"
        self._report("FC0116", "a key that is no text", start, end, trail, hint=hint)

    def _refuse_tag(self, tag: str | None, start: int, end: int, trail: Trail) -> bool:
        if tag is None:
            return False
        hint = "leave the tag out; quotes make a value text"
        self._report("FC0116", "YAML tags have no meaning here", start, end, trail, hint=hint)
        return True
