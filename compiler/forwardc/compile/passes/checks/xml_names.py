"""FC0205, FC0211, FC0328, FC0329, FC0402: all readers of an XML body read the same names in it.

A prefix means the namespace that its element, or the nearest one around it, declares by
`.xmlns:PREFIX`. That a body has one root is the schema's rule.
"""

from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import assert_never

from forwardc.compile.ir.analysis import Stage, stage_of
from forwardc.compile.ir.xml_names import (
    RESERVED,
    SCHEMA_INSTANCE,
    WELL_KNOWN,
    QualifiedName,
    is_address,
    split,
)
from forwardc.compile.passes.checks.rule import Case, Problem
from forwardc.core.dataclass import dataclass
from forwardc.core.diagnostics.span import Span
from forwardc.core.diagnostics.suggest import did_you_mean
from forwardc.core.terms.terms import (
    Amount,
    Atom,
    Call,
    Encoded,
    Encoding,
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
)

_DECLARES = "xmlns"


def check(case: Case) -> Iterator[Problem]:
    """Keys that cannot name an element or attribute, and prefixes that mean nothing."""
    body = case.step.request.body
    if body is None or body.encoding is not Encoding.XML:
        return
    names = _Names()
    for root in _keys(body.tree) if isinstance(body.tree, Map) else ():
        yield from names.element(root, root.value, RESERVED)
    yield from names.undeclared_prefixes()


@dataclass(frozen=True, slots=True)
class _Key:
    """A key with its value: of an attribute without the dot."""

    text: str
    value: Term
    span: Span | None
    is_attribute: bool


@dataclass(frozen=True, slots=True)
class _Undeclared:
    """Where a prefix without a meaning stands first, and what was declared around it."""

    span: Span | None
    in_scope: tuple[str, ...]


@dataclass(slots=True)
class _Names:
    """One walk over a body, with the namespaces by prefix of each element."""

    undeclared: dict[str, _Undeclared] = field(default_factory=dict)
    """By prefix: a slip in one stands in many places, and the first says it for all."""
    declared: set[str] = field(default_factory=set)
    """The prefixes that any element declares."""

    def element(self, key: _Key, term: Term, outer: Mapping[str, str | None]) -> Iterator[Problem]:
        """An element of this name for each of its contents. What a function gives is text."""
        match term:
            case Map():
                scope = dict(outer)
                yield from self._declarations(term, scope)
                yield from self._name(key, scope, {})
                yield from self._inside(term, scope)
            case Seq(items=items):
                for item in items:
                    yield from self.element(key, item, outer)
            case If(then=then):
                yield from self.element(key, then, outer)
            case Call(function="pick", args=(_, *alternatives)):
                for alternative in alternatives:
                    yield from self.element(key, alternative, outer)
            case (
                Lit()
                | Ref()
                | Atom()
                | Raw()
                | Call()
                | Text()
                | Encoded()
                | Limit()
                | Source()
                | Amount()
            ):
                yield from self._name(key, outer, {})
            case _:
                assert_never(term)

    def _declarations(self, element: Map, scope: dict[str, str | None]) -> Iterator[Problem]:
        for key in _keys(element):
            if (prefix := _declared(key)) is not None:
                yield from _declaration(key, prefix)
                scope[prefix] = _address(key.value)
                self.declared.add(prefix)

    def _inside(self, element: Map, scope: Mapping[str, str | None]) -> Iterator[Problem]:
        attributes: dict[tuple[str, str], _Key] = {}
        for key in _keys(element):
            if not key.is_attribute:
                yield from self.element(key, key.value, scope)
            elif _declared(key) is None:
                yield from self._name(key, scope, attributes)

    def _name(
        self,
        key: _Key,
        scope: Mapping[str, str | None],
        attributes: dict[tuple[str, str], _Key],
    ) -> Iterator[Problem]:
        name = split(key.text)
        if name is None:
            yield Problem("FC0205", "this key is no XML name", key.span, _form(key))
        elif name.prefix == _DECLARES:
            message = "the prefix `xmlns` declares namespaces, and no element has it"
            hint = f"write `.{key.text}` on the element whose names use the prefix"
            yield Problem("FC0211", message, key.span, hint)
        elif name.prefix and name.prefix not in scope:
            self._note(name.prefix, key.span, scope)
        elif key.is_attribute:
            self._type_name(key, name, scope)
            yield from _twice(key, name, scope, attributes)

    def _type_name(self, key: _Key, name: QualifiedName, scope: Mapping[str, str | None]) -> None:
        """The value of `xsi:type` is a name, too: its prefix needs a meaning as well."""
        is_type = name.local == "type" and scope.get(name.prefix) == SCHEMA_INSTANCE
        text = key.value.value if is_type and isinstance(key.value, Lit) else None
        prefix, colon, _ = text.strip().partition(":") if isinstance(text, str) else ("", "", "")
        if colon and prefix not in scope:
            self._note(prefix, key.value.span, scope)

    def _note(self, prefix: str, span: Span | None, scope: Mapping[str, object]) -> None:
        use = _Undeclared(span, tuple(name for name in scope if name and name not in RESERVED))
        self.undeclared.setdefault(prefix, use)

    def undeclared_prefixes(self) -> Iterator[Problem]:
        """FC0328, once the whole body is known: a prefix may be declared for another element."""
        for prefix, use in self.undeclared.items():
            message = f"the prefix `{prefix}` is not declared"
            yield Problem("FC0328", message, use.span, self._hint(prefix, use))

    def _hint(self, prefix: str, use: _Undeclared) -> str:
        if prefix in self.declared:
            return (
                f"another element declares it: write `.xmlns:{prefix}` on this one,"
                " or on one around both"
            )
        # Beside `xsd`, `xsi` is no slip.
        near = None if prefix in WELL_KNOWN else did_you_mean(prefix, use.in_scope)
        if near is not None:
            return f"did you mean {near}?"
        address = WELL_KNOWN.get(prefix, "ADDRESS")
        return f"write `.xmlns:{prefix}: {address}` on this element, or on one around it"


def _keys(element: Map) -> Iterator[_Key]:
    """The keys of an element but its text, `.`, each at its place."""
    spans = element.key_spans or (None,) * len(element.entries)
    for (key, value), span in zip(element.entries, spans, strict=True):
        if key != ".":
            yield _Key(key.removeprefix("."), value, span or value.span, key.startswith("."))


def _declared(key: _Key) -> str | None:
    """The prefix that an attribute declares: `""` is that of names without one."""
    if not key.is_attribute:
        return None
    prefix, colon, local = key.text.partition(":")
    if prefix != _DECLARES:
        return None
    return local if colon else ""


def _form(key: _Key) -> str:
    if key.text.count(":") > 1:
        return "a name has one prefix at most: PREFIX:NAME"
    return "write a letter or _, then letters, digits, ., _ and -; before it PREFIX: if need be"


def _address(value: Term) -> str | None:
    """The namespace that is declared; None where the environment decides it."""
    return str(value.value) if isinstance(value, Lit) and value.value is not None else None


def _declaration(key: _Key, prefix: str) -> Iterator[Problem]:
    """What is wrong with an attribute `xmlns` or `xmlns:PREFIX`."""
    if prefix == "" and key.text != _DECLARES:
        yield Problem("FC0205", "the prefix is empty", key.span, "write `.xmlns`, or name a prefix")
    elif prefix and (split(prefix) is None or ":" in prefix):
        yield Problem("FC0205", "this prefix is no XML name", key.span, _form(key))
    elif prefix == "xml" and _address(key.value) == RESERVED["xml"]:
        # What is so in any case may be said.
        return
    elif prefix in RESERVED:
        message = f"the prefix `{prefix}` has its meaning in every XML document"
        yield Problem("FC0211", message, key.span, "delete it: it needs no declaration")
    else:
        yield from _namespace(key, prefix)


def _namespace(key: _Key, prefix: str) -> Iterator[Problem]:
    value, at = key.value, key.value.span or key.span
    message = "this must be the address of a namespace, without spaces"
    if isinstance(value, Map | Seq):
        yield Problem("FC0205", message, key.span)
    elif isinstance(value, Lit) and not _is_namespace(value, prefix):
        yield Problem("FC0205", message, at)
    elif stage_of(value) is not Stage.BUILD:
        message = "what a prefix means is not known at build time"
        yield Problem("FC0402", message, at, "a namespace takes literals and settings only")
    elif isinstance(value, Lit) and value.value in RESERVED.values():
        message = "this namespace belongs to XML itself, and no other prefix can mean it"
        is_xml = value.value == RESERVED["xml"]
        hint = "write the prefix `xml` where it is used" if is_xml else "delete it"
        yield Problem("FC0211", message, at, hint)


def _is_namespace(value: Lit, prefix: str) -> bool:
    """Names without a prefix may be in no namespace: `.xmlns: ""`. A prefix cannot."""
    text = value.value
    return isinstance(text, str) and (is_address(text) or (text == "" and prefix == ""))


def _twice(
    key: _Key,
    name: QualifiedName,
    scope: Mapping[str, str | None],
    attributes: dict[tuple[str, str], _Key],
) -> Iterator[Problem]:
    """FC0329: two prefixes of one namespace before the same name (section 6.3)."""
    # Without a prefix an attribute is in no namespace, whatever `.xmlns` says.
    address = scope.get(name.prefix) if name.prefix else ""
    if address is None:
        return
    first = attributes.setdefault((address, name.local), key)
    if first is not key:
        message = f"this is the attribute `.{first.text}` again: both prefixes mean one namespace"
        yield Problem("FC0329", message, key.span, "delete one of them")
