"""Turns YAML scalars and trees into checked terms, and notes which names they use.

Each value is parsed, its names are checked, then its types, in the way that its use asks for: a
leaf of a body, a line, a rule. One with a mistake is reported and left out.
"""

import re
from collections.abc import Iterator
from dataclasses import field

from forwardc.compile.language.adviser import Adviser
from forwardc.compile.language.expressions import first_interpolation, is_whole, parse, plain
from forwardc.compile.language.file_checks import holds_template
from forwardc.compile.language.json_layout import Layout
from forwardc.compile.language.json_members import with_members
from forwardc.compile.language.name_checks import check_names
from forwardc.compile.language.nodes import Node, YamlMap, YamlScalar, YamlSeq, text_span
from forwardc.compile.language.report import Report
from forwardc.compile.language.symbols import ExpressionUse, SymbolTable, may_be_absent
from forwardc.compile.language.typing import Typing, type_of
from forwardc.core.dataclass import dataclass, replace
from forwardc.core.diagnostics.span import Span
from forwardc.core.terms.functions import Type
from forwardc.core.terms.terms import HAS_REF, Lit, Map, Ref, Seq, Term, walk

_NAMES = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*")


@dataclass(frozen=True, slots=True)
class ValueReader:
    """Reads values of one place. A value with a mistake is reported and left out (None)."""

    names: SymbolTable
    report: Report
    used: set[str] = field(default_factory=set)
    """Full names of all references so far; those of a faulty value as well."""
    unread: frozenset[str] = frozenset()
    """Full names in what is not read for its form: they count as used, too."""

    def within(self, names: SymbolTable) -> "ValueReader":
        """The same reader with other names."""
        return replace(self, names=names)

    def leaf(
        self, node: YamlScalar, *, in_json_body: bool, layout: Layout | None = None
    ) -> Term | None:
        """A scalar of a body. `layout`: how a form or XML writes lists and maps."""
        term = self._with_known_names(node)
        if term is None or isinstance(term, Lit):
            # A literal of any type has a form in a body.
            return term
        typing = Typing(self.names, self.report.at(node), in_json_body, layout)
        typing.leaf(term, interpolated=not _is_whole(node))
        return term if typing.good else None

    def let(self, node: YamlScalar) -> Term | None:
        """A scalar under `let:`: of any type, since a function may take it."""
        term = self._with_known_names(node)
        if term is None:
            return None
        typing = Typing(self.names, self.report.at(node), in_json_body=True)
        typing.any(term, interpolated=not _is_whole(node))
        return term if typing.good else None

    def line(self, node: Node, subject: str) -> Term | None:
        """The value of a header, query or path; `what` names it in messages."""
        if not isinstance(node, YamlScalar):
            return None
        term = self._with_known_names(node)
        if term is None:
            return None
        typing = Typing(self.names, self.report.at(node))
        typing.line(term, subject, interpolated=not _is_whole(node))
        return term if typing.good else None

    def rule(self, node: Node) -> Term | None:
        """A `when:`."""
        if not isinstance(node, YamlScalar):
            return None
        term = self._with_known_names(node)
        if term is None:
            return None
        typing = Typing(self.names, self.report.at(node))
        typing.rule(term, interpolated=not _is_whole(node))
        return term if typing.good else None

    def tree(
        self,
        node: Node,
        *,
        in_json_body: bool,
        for_xml: bool = False,
        layout: Layout | None = None,
    ) -> Term | None:
        """A body: maps, lists and scalars. What has a mistake is left out of the tree.

        `for_xml`: its keys are names, so that the tree tells where each of them stands. `layout`
        says how the body of a request writes lists and maps, where it is no JSON.
        """
        match node:
            case YamlScalar():
                return self.leaf(node, in_json_body=in_json_body, layout=layout)
            case YamlMap():
                return self._map(node, in_json_body=in_json_body, for_xml=for_xml, layout=layout)
            case YamlSeq():
                # In XML an item is repeated itself: a list in it would be one in a list.
                inner = None if layout is Layout.XML else layout
                items = [
                    self.tree(item, in_json_body=in_json_body, for_xml=for_xml, layout=inner)
                    for item in node.items
                ]
                return Seq(tuple(item for item in items if item is not None), span=node.span)

    def _map(
        self, node: YamlMap, *, in_json_body: bool, for_xml: bool, layout: Layout | None
    ) -> Map:
        keys = [self.key(entry.key_node, entry.value) for entry in node.entries]
        terms = [
            self.tree(
                entry.value,
                in_json_body=in_json_body,
                for_xml=for_xml,
                # An attribute is one text, and so is what stands in an element beside others.
                layout=None if for_xml and str(entry.key).startswith(".") else layout,
            )
            for entry in node.entries
        ]
        present = [
            (key, term, entry)
            for key, term, entry in zip(keys, terms, node.entries, strict=True)
            if term is not None
        ]
        return Map(
            tuple([(key, term) for key, term, _ in present]),
            key_spans=tuple([entry.key_span for _, _, entry in present]) if for_xml else (),
            span=node.span,
        )

    def key(self, key: YamlScalar, value: Node) -> str:
        """A key's text, after refusing expressions in it."""
        text = str(key.value)
        start = first_interpolation(text)
        if start >= 0:
            self.note(text)
            span = text_span(key, start, len(text))
            hint = "keys are fixed: write a literal key"
            report = self.report.at(value)
            report.error("FC0322", "an expression in a key", span, hint)
        return plain(text)

    def note(self, text: str) -> None:
        """Count all names in a faulty text as used, so that no false alarm follows."""
        self.used.update(names_in(text))

    def type_of(self, term: Term | None) -> Type:
        """The type of a value; one with a mistake fits everywhere."""
        return Type.JSON if term is None else type_of(term, self.names)

    def may_be_absent(self, term: Term) -> bool:
        """Whether a whole value can be absent."""
        return may_be_absent(term, self.names)

    def _with_known_names(self, node: YamlScalar) -> Term | None:
        """The term of a scalar whose names are all known."""
        if not isinstance(node.value, str):
            return None if node.faulty else Lit(node.value, span=node.span)
        text, adviser = node.value, Adviser(self.names, self.used)
        if node.faulty or ("{" in text and holds_template(text)):
            self.note(text)
            adviser.on_template(text)
            return None
        if "${" not in text:
            return Lit(text, span=text_span(node, 0, len(text)))

        def place(start: int, end: int) -> Span:
            return text_span(node, start, end)

        report = self.report.at(node)
        term = parse(text, place, report, adviser)
        if term is None:
            self.note(text)
            return None
        self.used.update(_references(term))
        # What somebody most likely meant is not unused: that would be a second word on one slip.
        if not check_names(term, self.names, report, adviser, text):
            return None
        return term if self.names.use is ExpressionUse.RULE else with_members(term)


def names_in(text: str) -> Iterator[str]:
    """The full names that a text may hold, an expression or not."""
    for name in _NAMES.findall(text):
        yield name if "." in name else f"let.{name}"
        if name.count(".") > 1:
            # `params.order.id`: what is declared are the first two.
            yield ".".join(name.split(".")[:2])


def _references(term: Term) -> Iterator[str]:
    return (node.name for node in walk(term, HAS_REF) if isinstance(node, Ref))


def _is_whole(node: YamlScalar) -> bool:
    return isinstance(node.value, str) and is_whole(node.value)
