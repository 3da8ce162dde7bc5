"""Writes into a destination file what a finding asks for, and nothing else.

The one cure is `outcome: by_status` for a step that says nothing of what its answers mean: text
goes in at an offset, so that comments, order and layout of the file stay.
"""

from collections.abc import Iterable
from typing import Final

from forwardc.compile.language import access
from forwardc.compile.language.allow_comments import read_allow_comments
from forwardc.compile.language.nodes import Entry, Node, YamlMap, YamlScalar, YamlSeq, to_data
from forwardc.core.dataclass import dataclass
from forwardc.core.diagnostics.diagnostic import Diagnostic, Severity
from forwardc.core.diagnostics.levels import levelled
from forwardc.core.diagnostics.sink import Sink
from forwardc.core.diagnostics.span import Span

CODE: Final = "FC0326"
"""What is cured."""
_LINE = "outcome: by_status"
_WRITTEN = (("outcome", "by_status"), ("response", {"outcome": "by_status"}))


@dataclass(frozen=True, slots=True)
class Insertion:
    """Text that goes into a file at an offset."""

    at: int
    text: str


def outcomes(root: Node) -> list[Insertion]:
    """An insertion for each step without an `outcome:`; one for what several steps share.

    None for a step whose comment allows it.
    """
    insertions = {}
    for operation in access.entries(access.get(root, "operations")):
        for step in access.entries(access.get(operation.value, "steps")):
            insertion = _outcome(step.value)
            if insertion is not None:
                insertions[step.key_span] = insertion
    meant = _allowed(root, insertions)
    by_offset = {each.at: each for span, each in insertions.items() if span not in meant}
    return sorted(by_offset.values(), key=lambda insertion: insertion.at)


def _allowed(root: Node, steps: Iterable[Span]) -> set[Span | None]:
    """Those of the steps, by where their names stand, that a comment allows to say nothing."""
    comments = read_allow_comments(root, Sink())
    if not comments:
        return set()
    findings = [Diagnostic(CODE, "", span, severity=Severity.WARNING) for span in steps]
    suppressed = levelled(findings, (), comments).suppressed
    return {suppression.diagnostic.span for suppression in suppressed}


def applied(text: str, insertions: Iterable[Insertion]) -> str:
    """The text with all of them, given in order."""
    for insertion in reversed(list(insertions)):
        text = text[: insertion.at] + insertion.text + text[insertion.at :]
    return text


def adds_outcomes_only(before: Node, after: Node) -> bool:
    """Whether two trees differ in nothing but outcomes that the second one has more."""
    return _without(to_data(after), to_data(before)) == to_data(before)


def _without(after: object, before: object) -> object:
    """The data without the outcomes that the other one has not."""
    if isinstance(after, dict) and isinstance(before, dict):
        return {
            key: _without(value, before.get(key))
            for key, value in after.items()
            if key in before or (key, value) not in _WRITTEN
        }
    if isinstance(after, list) and isinstance(before, list) and len(after) == len(before):
        return [_without(item, other) for item, other in zip(after, before, strict=True)]
    return after


def _outcome(step: Node) -> Insertion | None:
    response = access.get(step, "response")
    if access.get(response, "outcome") is not None or not isinstance(step, YamlMap):
        return None
    if isinstance(response, YamlMap):
        return _entry(response, _LINE)
    return _entry(step, f"response: {{{_LINE}}}") if response is None else None


def _entry(node: YamlMap, line: str) -> Insertion | None:
    """One more entry at the end of a map; None where its place cannot be told for certain."""
    text = node.source.text
    if _is_flow(node):
        end = len(text[: node.end - 1].rstrip())
        inside = text[node.start + 1 : end].strip()
        comma = "" if not inside else " " if inside.endswith(",") else ", "
        return None if "#" in inside else Insertion(end, f"{comma}{line}")
    own = _own_entries(node)
    if not own:
        return None
    start = own[0].key_node.start
    before = text[text.rfind("\n", 0, start) + 1 : start]
    # A key behind a dash or an anchor cannot be indented by what stands before it.
    if before.strip(" "):
        return None
    _, end = node.source.line_around(_last(node))
    ending = "\r\n" if text[end - 1 : end] == "\r" else "\n"
    return Insertion(end - (len(ending) - 1), f"{ending}{before}{line}")


def _own_entries(node: YamlMap) -> list[Entry]:
    """The entries that stand in the map itself: what a merge key brings stands elsewhere."""
    return [entry for entry in node.entries if node.start <= entry.key_node.start < node.end]


def _is_flow(node: Node) -> bool:
    return node.source.text[node.start : node.start + 1] in ("{", "[")


def _last(node: Node) -> int:
    """The offset behind the last character that a node is written with."""
    if isinstance(node, YamlScalar) or _is_flow(node):
        written = node.source.text[node.start : node.end]
        return node.start + len(written.rstrip())
    if isinstance(node, YamlSeq):
        return max((_last(item) for item in node.items if _inside(item, node)), default=node.start)
    ends = [node.start]
    for entry in _own_entries(node):
        ends.append(entry.key_node.end)
        # An alias stands on the line of its key, and what it means elsewhere.
        ends += [_last(entry.value)] if _inside(entry.value, node) else []
    return max(ends)


def _inside(inner: Node, outer: Node) -> bool:
    return outer.start <= inner.start and inner.end <= outer.end
