"""Reads operations and their steps, in order, since a step knows what stands before it.

For each step the names that it may use are put together: earlier steps' outputs, its own `let`.
The values themselves are read by `ValueReader`.

One file, since each part of a step is read with the names that the one before it left.
"""

from collections.abc import Mapping, Sequence

from forwardc.compile.ir.reason_place import ReasonPlace
from forwardc.compile.ir.reuse import Reuse
from forwardc.compile.language import access
from forwardc.compile.language.destination import (
    BodyKind,
    DeclaredBody,
    DeclaredField,
    DeclaredOperation,
    DeclaredOutput,
    DeclaredRequest,
    DeclaredRule,
    DeclaredStep,
)
from forwardc.compile.language.json_layout import Layout, is_list
from forwardc.compile.language.lookup_checks import schemas_of
from forwardc.compile.language.money.tables import DeclaredMoney
from forwardc.compile.language.nodes import Entry, Node, YamlMap, YamlScalar, YamlSeq
from forwardc.compile.language.parser import WORDS
from forwardc.compile.language.read_answers import (
    BY_STATUS,
    by_status,
    kinds_read,
    read_amount_output,
    read_namespaces,
)
from forwardc.compile.language.read_poll import read_poll
from forwardc.compile.language.read_signature import read_signature
from forwardc.compile.language.read_values import ValueReader
from forwardc.compile.language.symbols import (
    MAX_LET_HEIGHT,
    MAX_LET_NODES,
    ROOTS,
    ExpressionUse,
    Let,
    Symbol,
    let_of,
)
from forwardc.core.dataclass import dataclass, replace
from forwardc.core.instrument import ROOT as INSTRUMENT_ROOT
from forwardc.core.outcome import Outcome
from forwardc.core.terms.functions import Type
from forwardc.core.terms.terms import Lit, Map, Term, Text

# Operations and steps

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE")

_OUTCOMES = frozenset(Outcome)
# It came later than files that have a `let` of this name; with a dot it is another word anyway.
_FREE_ROOTS = frozenset({INSTRUMENT_ROOT})
_LAYOUTS = {BodyKind.FORM: Layout.FORM, BodyKind.XML: Layout.XML}

NO_OUTCOME_HINT = (
    "every answer of it is unknown: write rules, or `outcome: by_status`;"
    " `forwardc check --fix` writes the second"
)

_OUTPUT_TYPES = {
    "string": Type.TEXT,
    "integer": Type.INTEGER,
    "number": Type.NUMBER,
    "boolean": Type.BOOLEAN,
    "amount": Type.INTEGER,
}


def read_operation(
    entry: Entry, values: ValueReader, named: Node | None = None
) -> DeclaredOperation:
    """One operation. `values` knows the destination's settings, params and secrets.

    `named` is the destination's `payment_reference:`, for an operation without its own.
    """
    node = entry.value
    steps = _steps(access.get(node, "steps"), values)
    own = access.get(node, "payment_reference")
    return DeclaredOperation(
        name=entry.key,
        initiator=access.text(node, "initiator") or "customer",
        steps=steps,
        span=entry.key_span,
        pointer=node.pointer,
        title=access.text(node, "title") or "",
        description=access.text(node, "description") or "",
        fallback=access.text(node, "fallback"),
        unconfirmed=access.text(node, "unconfirmed"),
        payment_reference=read_payment_reference(own or named, steps, values),
    )


def _steps(node: Node | None, values: ValueReader) -> tuple[DeclaredStep, ...]:
    entries = list(access.entries(node))
    # Both grow and shrink with the steps: a step's own table is done with when the next one begins,
    # and a copy for each would be as many entries as the square of the steps.
    earlier: dict[str, Mapping[str, Symbol]] = {}
    later = {entry.key for entry in entries}
    scope = replace(values.names, steps=earlier, later_steps=later)
    steps: list[DeclaredStep] = []
    for entry in entries:
        # Lets are local to the step: what an earlier step used says nothing about this one.
        own = replace(values.within(scope), used=set(values.unread))
        step = _StepReader(entry, own).read()
        values.used.update(own.used)
        later.discard(entry.key)
        earlier[entry.key] = {
            name: _symbol(output, values.names.money) for name, output in step.outputs.items()
        }
        steps.append(step)
    return tuple(steps)


def _symbol(output: DeclaredOutput, money: DeclaredMoney) -> Symbol:
    if output.currency is None:
        return Symbol(output.type, output.optional)
    return Symbol(money.wire_type, output.optional, amount=True, currency=output.currency)


@dataclass(slots=True)
class _StepReader:
    entry: Entry
    values: ValueReader

    def read(self) -> DeclaredStep:
        node = self.entry.value
        lets = self._lets(access.get(node, "let"))
        request = self._request(node)
        response = access.get(node, "response")
        key = access.get(access.get(node, "idempotent"), "header")
        outcome = self._outcome(response)
        step = DeclaredStep(
            name=self.entry.key,
            deliver=access.text(node, "deliver") or "vault",
            let={name: let.term for name, let in lets.items() if let.term is not None},
            request=request,
            outputs=_outputs(access.get(response, "outputs"), self.values),
            outcome=outcome,
            answer=access.text(response, "answer"),
            reason=_reasons(access.get(response, "reason")),
            mode=_mode(access.get(response, "mode")),
            span=self.entry.key_span,
            pointer=node.pointer,
            idempotent_header=access.text(access.get(node, "idempotent"), "header"),
            idempotent_span=key.span if key is not None else None,
            stand_in=access.flag(node, "stand_in"),
            unconfirmed=access.text(node, "unconfirmed"),
            namespaces=read_namespaces(response, outcome, self.values.report),
            sample=access.get(response, "sample"),
            reuse=_reuse(access.get(node, "reuse")),
            reuse_node=access.get(node, "reuse"),
            poll=read_poll(access.get(node, "poll")),
            poll_node=access.get(node, "poll"),
        )
        self._unused_lets(access.get(node, "let"))
        self._check_outcome(step, response)
        return step

    def _check_outcome(self, step: DeclaredStep, response: Node | None) -> None:
        """FC0326 for no word on the outcome, FC0324 where the answer's kind is unclear."""
        report = self.values.report
        if access.get(response, "outcome") is None:
            message = f"nothing says what an answer to the step `{step.name}` means"
            report.at(step).warning("FC0326", message, step.span, NO_OUTCOME_HINT)
        kinds = kinds_read(step.outcome)
        if len(kinds) > 1 and step.answer is None:
            message = f"the rules read the answer as {' and as '.join(kinds)}"
            hint = "say which of them an answer must be: `answer: json`, or `answer: any`"
            at = access.get(response, "outcome")
            if at is not None:
                report.at(at).error("FC0324", message, at.span, hint)

    # Let

    def _lets(self, node: Node | None) -> dict[str, Let]:
        entries = list(access.entries(node))
        later = {entry.key for entry in entries}
        lets: dict[str, Let] = {}
        values = self.values.within(replace(self.values.names, lets=lets, later_lets=later))
        for entry in entries:
            self._check_let_name(entry)
            lets[entry.key] = self._let(entry, values)
            later.discard(entry.key)
        self.values = self.values.within(replace(self.values.names, lets=lets))
        return lets

    def _let(self, entry: Entry, values: ValueReader) -> Let:
        node = entry.value
        if isinstance(node, YamlScalar):
            term = values.let(node)
        else:
            has_xml = access.get(access.get(self.entry.value, "request"), "xml") is not None
            term = values.tree(node, in_json_body=True, for_xml=has_xml)
        let = let_of(term, values.type_of(term), values.names)
        if let.size > MAX_LET_NODES or let.height > MAX_LET_HEIGHT:
            message = "the `let` values, put in where they are used, expand to too much"
            self._report("FC0107", message, entry, "use fewer `let` values inside one another")
            return Let(None, let.type)
        return let

    def _check_let_name(self, entry: Entry) -> None:
        if entry.key in ROOTS - _FREE_ROOTS or entry.key in WORDS:
            message = f"`{entry.key}` is a word of the language"
            self._report("FC0205", message, entry, "choose another name")

    def _unused_lets(self, node: Node | None) -> None:
        for entry in access.entries(node):
            if f"let.{entry.key}" not in self.values.used:
                message = f"the `let` name `{entry.key}` is never used"
                self._report("FC0321", message, entry, "use it, or delete it")

    def _report(self, code: str, message: str, entry: Entry, hint: str) -> None:
        report = self.values.report.at(entry.value)
        report.error(code, message, entry.key_span, hint)

    # Request

    def _request(self, step: Node) -> DeclaredRequest:
        node = access.get(step, "request")
        method, path = self._path(node)
        return DeclaredRequest(
            method=method,
            path=path,
            query=self._fields(access.get(node, "query"), "a query value"),
            headers=self._fields(access.get(node, "headers"), "a header"),
            body=self._body(node),
            sign=read_signature(access.get(node, "sign"), self.values),
            span=node.span if node is not None else step.span,
            pointer=node.pointer if node is not None else step.pointer,
        )

    def _path(self, request: Node | None) -> tuple[str, Term]:
        for method in METHODS:
            node = access.get(request, method)
            if node is not None:
                term = self.values.line(node, "a path")
                if term is None or not self._is_path(term, node):
                    term = Lit("/", span=node.span)
                return method, term
        return "POST", Lit("/")

    def _is_path(self, path: Term, node: Node) -> bool:
        good, report = True, self.values.report.at(node)
        for part in path.parts if isinstance(path, Text) else (path,):
            if isinstance(part, Lit) and any(mark in str(part.value) for mark in "?#"):
                message = "a query or fragment in the path"
                report.error("FC0205", message, part.span, "write the fields under `query:`")
                good = False
        if self.values.may_be_absent(path):
            message = "a path cannot be left out"
            report.error("FC0315", message, path.span, "use a value that is always there")
            good = False
        return good

    def _fields(self, node: Node | None, subject: str) -> tuple[DeclaredField, ...]:
        fields: list[DeclaredField] = []
        for entry in access.entries(node):
            name = self.values.key(entry.key_node, entry.value)
            term = self.values.line(entry.value, subject)
            if term is not None:
                value = entry.value
                fields.append(DeclaredField(name, term, value.span, entry.key_span, value.pointer))
        return tuple(fields)

    def _body(self, request: Node | None) -> DeclaredBody | None:
        for kind in BodyKind:
            node = access.get(request, kind)
            if node is None:
                continue
            if kind is BodyKind.TEXT:
                tree = self.values.line(node, "a text body")
            else:
                tree = self.values.tree(
                    node,
                    in_json_body=kind is BodyKind.JSON,
                    for_xml=kind is BodyKind.XML,
                    layout=_LAYOUTS.get(kind),
                )
                if kind is BodyKind.XML and tree is not None:
                    self._check_root(tree, node)
            if tree is None:
                return None
            return DeclaredBody(kind, tree, node.span, node.pointer, _doctype(request))
        return None

    def _check_root(self, tree: Term, node: Node) -> None:
        """FC0369 for a list as the root: it would be repeated, and a body has one."""
        for _, value in tree.entries if isinstance(tree, Map) else ():
            schemas = schemas_of(value, self.values.names)
            if schemas is not None and is_list(*schemas):
                message = "a list cannot be the root of an XML body, which has one element there"
                report = self.values.report.at(node)
                report.error("FC0369", message, value.span, "put it below an element")

    # Response

    def _outcome(self, response: Node | None) -> tuple[DeclaredRule, ...]:
        node = access.get(response, "outcome")
        if node is not None and access.text(response, "outcome") == BY_STATUS:
            return by_status(node)
        values = self.values.within(replace(self.values.names, use=ExpressionUse.RULE))
        rules: list[DeclaredRule] = []
        for item in access.items(node):
            condition = access.get(item, "when")
            when = values.rule(condition) if condition is not None else None
            if condition is None or when is not None:
                is_ = access.text(item, "is")
                is_ = is_ if is_ in _OUTCOMES else "unknown"
                if condition is None and is_ == Outcome.APPROVED:
                    self._approves_by_default(item)
                rules.append(DeclaredRule(when, is_, item.span, item.pointer))
        return tuple(rules)

    def _approves_by_default(self, item: Node) -> None:
        message = "a rule without `when:` cannot approve"
        hint = "write the condition under which the money moved, or `outcome: by_status`"
        self.values.report.at(item).error("FC0325", message, item.span, hint)


def _reuse(node: Node | None) -> Reuse | None:
    """What `reuse:` says; None without it."""
    if node is None:
        return None
    return Reuse(
        expires_in=access.text(node, "expires_in"),
        at_most_s=access.integer(node, "at_most"),
        renew_on_401=access.flag(node, "renew_on_401"),
    )


def _reasons(node: Node | None) -> tuple[ReasonPlace, ...]:
    """The places under `reason:`, of one place or of a list of them."""
    places = [node] if isinstance(node, YamlMap) else list(access.items(node))
    return tuple(
        ReasonPlace(at, _reason_words(access.get(place, "map")))
        for place in places
        if (at := access.text(place, "at")) is not None
    )


def _reason_words(node: Node | None) -> dict[str, str]:
    """What a vendor's codes mean, by the code."""
    return {
        entry.key: str(entry.value.value)
        for entry in access.entries(node)
        if isinstance(entry.value, YamlScalar)
    }


def _mode(node: Node | None) -> dict[str, object]:
    """Where an answer tells its mode, and what it says of each class."""
    return {
        entry.key: entry.value.value
        for entry in access.entries(node)
        if isinstance(entry.value, YamlScalar)
    }


def _outputs(node: Node | None, values: ValueReader) -> dict[str, DeclaredOutput]:
    return {entry.key: _output(entry, values) for entry in access.entries(node)}


def _output(entry: Entry, values: ValueReader) -> DeclaredOutput:
    currency, asked = read_amount_output(entry, values)
    return DeclaredOutput(
        name=entry.key,
        at=access.text(entry.value, "at") or "",
        type=_OUTPUT_TYPES.get(access.text(entry.value, "type") or "", Type.TEXT),
        sensitive=access.flag(entry.value, "sensitive"),
        optional=access.flag(entry.value, "optional"),
        span=entry.key_span,
        pointer=entry.value.pointer,
        currency=currency,
        asked=asked,
    )


def _doctype(request: Node | None) -> tuple[str, str] | None:
    node = access.get(request, "doctype")
    public, system = access.text(node, "public"), access.text(node, "system")
    return (public, system) if public is not None and system is not None else None


# `payment_reference:`

NONE = "none"
"""The word for: no value names the payment there."""


def read_payment_reference(
    node: Node | None, steps: Sequence[DeclaredStep], values: ValueReader
) -> tuple[Term, ...]:
    """The values, most telling first; none where nothing, or the word `none`, is written.

    They may name an output of any step of the operation: a person reads them when all is over.
    """
    if node is None or (isinstance(node, YamlScalar) and node.value == NONE):
        return ()
    outputs = {
        step.name: {
            name: Symbol(output.type, output.optional, amount=output.currency is not None)
            for name, output in step.outputs.items()
        }
        for step in steps
    }
    reader = values.within(replace(values.names, steps=outputs, later_steps=frozenset(), lets={}))
    items = node.items if isinstance(node, YamlSeq) else (node,)
    terms = (reader.line(item, "a payment reference") for item in items)
    return tuple(term for term in terms if term is not None)
