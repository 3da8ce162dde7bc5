"""Turns a typed Destination into the programs of its environments: lets, settings, URLs resolved.

Operations are lowered once into a template, in which the base URL and each setting is a hole; an
environment fills it. Only a setting that decides what stands in a request (what `pick` chooses, an
algorithm, a currency) is resolved before: one template for each choice. Without a value, a setting
stays a reference.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from forwardc.compile.ir import program
from forwardc.compile.ir.analysis import refs_in
from forwardc.compile.ir.fold import filled, filled_operation, fold, joined
from forwardc.compile.language import destination as language
from forwardc.compile.language.call_checks import picked
from forwardc.compile.language.nodes import at, exact
from forwardc.compile.language.read_answers import answer_kind
from forwardc.compile.passes.amounts import Amounts, money_block, of_outputs
from forwardc.compile.passes.lookups import LOOKUPS, with_codes
from forwardc.compile.passes.secret_forms import certificate_forms, secret_forms
from forwardc.compile.passes.signatures import with_signature
from forwardc.core.dataclass import dataclass, replace
from forwardc.core.outcome import Outcome
from forwardc.core.terms.json_schema import to_plan
from forwardc.core.terms.terms import (
    HAS_AMOUNT,
    HAS_CALL,
    HAS_REF,
    Amount,
    Call,
    Encoding,
    Lit,
    Map,
    Ref,
    Term,
    rewrite,
    walk,
)
from forwardc.plan.environment import Environment

_ENCODINGS = {
    language.BodyKind.JSON: Encoding.JSON,
    language.BodyKind.FORM: Encoding.FORM,
    language.BodyKind.XML: Encoding.XML,
    language.BodyKind.TEXT: Encoding.PLAIN,
}
_SYMMETRIC = frozenset({"sha256_base64url", "base64url"})

Settings = Mapping[str, Lit]

_BASE_URL = Ref("environment.base_url")
"""The hole at the start of every URL: environments have a base URL of their own."""


def lower(
    destination: language.Destination, where: Environment, settings: Settings
) -> program.Program:
    """The program of a destination in one environment that it has an entry for.

    `settings` holds what is known of them.
    """
    return DestinationLowering(destination).program(where, settings)


class DestinationLowering:
    """Lowers one destination for all of its environments, each template of operations once."""

    def __init__(self, destination: language.Destination) -> None:
        self.destination = destination
        self._templates: dict[tuple[tuple[str, object], ...], _Template] = {}

    def program(self, where: Environment, settings: Settings) -> program.Program:
        """The program of one environment, as `lower` says."""
        destination = self.destination
        template = self._template(settings)
        entry = destination.entry_of(where) or where.name
        base_url = fold(_resolved(destination.environments[entry], settings))
        values: dict[str, Term] = {f"settings.{name}": value for name, value in settings.items()}
        values[_BASE_URL.name] = base_url
        private = entry in destination.private
        operations = tuple(
            filled_operation(operation, values, private=private)
            for operation in template.operations
        )
        return program.Program(
            destination=destination.name,
            where=where,
            host=_host(base_url),
            operations=operations,
            params={
                name: param_spec(param, destination, settings)
                for name, param in destination.params.items()
            },
            money=template.money,
            counting_doubt=destination.money.unconfirmed,
            secrets=_secrets(destination, operations),
            title=destination.title,
            docs=destination.docs,
            integration=destination.integration,
            separated_by=destination.separated_by.get(entry, "host"),
            base_url=base_url,
            private=private,
            arrangements=destination.arrangements,
            own_vault=destination.own_vault,
            templates=template.operations,
            values=values,
        )

    def _template(self, settings: Settings) -> "_Template":
        """The operations with holes, but for the values that decide what stands in a request."""
        whole = self._templates.get(())
        if whole is None:
            whole = self._templates[()] = _lowered(self.destination, {})
        deciding = {name: settings[name] for name in sorted(whole.deciding & settings.keys())}
        key = tuple((name, value.value) for name, value in deciding.items())
        if key not in self._templates:
            self._templates[key] = _lowered(self.destination, deciding)
        return self._templates[key]


@dataclass(frozen=True, slots=True)
class _Template:
    operations: tuple[program.ProgramOperation, ...]
    money: Mapping[str, object] | None
    deciding: frozenset[str]
    """The settings whose value decides what stands in a request, and not only what it says."""


def _lowered(destination: language.Destination, settings: Settings) -> _Template:
    lowering = _OperationLowering(destination, settings)
    operations = tuple(lowering.operation(op) for op in destination.operations.values())
    deciding = frozenset(name for op in operations for name in _deciding(op))
    return _Template(operations, money_block(destination, operations), deciding)


def _deciding(operation: program.ProgramOperation) -> Iterator[str]:
    """Settings that choose between alternatives, algorithms, or ways to count."""
    for step in operation.steps:
        rules = [rule.when for rule in step.outcome if rule.when]
        for term in (*program.terms_of(step.request), *rules):
            for node in walk(term, HAS_CALL | HAS_AMOUNT):
                for chooser in _choosers(node):
                    yield from _setting_names(chooser)
        for output in step.outputs:
            yield from _setting_names(output.currency) if output.currency else ()


def _choosers(node: Term) -> tuple[Term, ...]:
    if isinstance(node, Amount):
        return (node,)
    if isinstance(node, Call) and node.function == "pick":
        return node.args[:1]
    if isinstance(node, Call) and node.function == "jwe":
        return tuple(value for name, value in node.named if name in ("alg", "enc"))
    return ()


def _setting_names(term: Term) -> Iterator[str]:
    for ref in refs_in(term, "settings"):
        yield ref.name.removeprefix("settings.")


def _resolved(term: Term, settings: Settings) -> Term:
    """A URL with the settings that have a value. `let` and amounts stand in no base URL."""
    return filled(term, {f"settings.{name}": value for name, value in settings.items()})


def _host(base_url: Term) -> str:
    """The host that requests go to; empty while a setting of it is unknown."""
    text = base_url.value if isinstance(base_url, Lit) else ""
    return str(text).partition("://")[2].partition("/")[0]


def _secrets(
    destination: language.Destination, operations: tuple[program.ProgramOperation, ...]
) -> dict[str, program.ProgramSecret]:
    declared = destination.secrets
    forms = secret_forms(operations, {name: spec.as_key for name, spec in declared.items()})
    forms |= certificate_forms(destination.client_certificate)
    return {
        name: program.ProgramSecret(
            *(name, spec.as_key, spec.held, spec.description, spec.owner, spec.shape),
            form=forms.get(name, {}),
            high_entropy=spec.high_entropy,
        )
        for name, spec in declared.items()
    }


def param_spec(
    param: language.Param, destination: language.Destination, settings: Settings
) -> dict[str, object]:
    """A param as a plan says it: only what is set."""
    is_currency = param.type is language.ParamType.CURRENCY
    bounds = param.bounds
    limits = {
        "minimum": bounds.minimum,
        "maximum": bounds.maximum,
        "min_length": bounds.min_length,
        "max_length": bounds.max_length,
        "pattern": bounds.pattern,
        "values": list(bounds.values) or None,
        "schema": to_plan(param.schema),
        "default": _default(param),
        "extra": list(destination.money.extra) or None if is_currency else None,
        "schemes": list(_schemes(param, settings)) or None,
    }
    marks = {
        "optional": param.optional,
        "sensitive": param.sensitive,
        "not_card": param.not_card,
        "withdrawn": param.withdrawn,
    }
    spec: dict[str, object] = {"type": str(param.type)}
    spec |= {name: value for name, value in limits.items() if value is not None}
    return spec | {name: True for name, is_set in marks.items() if is_set}


def _default(param: language.Param) -> Any:
    """What is sent where the caller gives nothing; of a `json` param any JSON, to the digit."""
    node = at(param.node, "/default") if param.node is not None else None
    if param.type is language.ParamType.JSON and node is not None:
        return to_plan(exact(node))
    return param.default.value if param.default else None


def _schemes(param: language.Param, settings: Settings) -> Iterator[str]:
    """The schemes, each once; a setting whose value is not known stands for none."""
    values: dict[str, None] = {}
    for scheme in param.schemes:
        name = scheme.name.removeprefix("settings.") if isinstance(scheme, Ref) else None
        value = scheme if name is None else settings.get(name)
        if isinstance(value, Lit):
            values[str(value.value)] = None
    yield from values


class _OperationLowering:
    def __init__(self, destination: language.Destination, settings: Settings) -> None:
        self._destination = destination
        self._settings = settings
        self._amounts = Amounts(destination.money, destination.params, {})

    def operation(self, operation: language.DeclaredOperation) -> program.ProgramOperation:
        outputs = of_outputs(self._destination, operation.name)
        self._amounts = replace(self._amounts, outputs=outputs)
        return program.ProgramOperation(
            name=operation.name,
            initiator=operation.initiator,
            steps=tuple(self._step(operation, step) for step in operation.steps),
            fallback=operation.fallback,
            title=operation.title,
            span=operation.span,
            payment_reference=tuple(self._term(term, {}) for term in operation.payment_reference),
        )

    def _step(
        self, operation: language.DeclaredOperation, step: language.DeclaredStep
    ) -> program.ProgramStep:
        lets: dict[str, Term] = {}
        for name, term in step.let.items():
            lets[name] = self._term(term, lets)
        settings = self._settings_of(step)
        doubts = [
            f"setting `{each.name}`: {each.unconfirmed}" for each in settings if each.unconfirmed
        ]
        marked = [operation.unconfirmed, step.unconfirmed, *doubts]
        return program.ProgramStep(
            name=step.name,
            direct=step.deliver == "direct",
            request=self._request(step, lets),
            outputs=tuple(
                program.ProgramOutput(
                    output.name,
                    output.at,
                    output.sensitive,
                    output.optional,
                    output.type,
                    output.currency,
                    output.asked,
                )
                for output in step.outputs.values()
            ),
            outcome=tuple(
                program.ProgramOutcomeRule(
                    self._term(rule.when, {}) if rule.when is not None else None,
                    Outcome(rule.is_),
                )
                for rule in step.outcome
            ),
            answer=answer_kind(step),
            reason=step.reason,
            mode=step.mode,
            idempotent=step.idempotent_header is not None,
            stand_in=step.stand_in or any(each.stand_in for each in settings),
            unconfirmed=tuple(reason for reason in marked if reason),
            span=step.span,
            namespaces=step.namespaces,
            reuse=step.reuse,
            reuse_span=step.reuse_node.span if step.reuse_node is not None else None,
            poll=step.poll,
            poll_span=step.poll_node.span if step.poll_node is not None else None,
            client_certificate=self._destination.client_certificate,
        )

    def _settings_of(self, step: language.DeclaredStep) -> list[language.Setting]:
        """The settings that a step uses, by name."""
        names = {name for term in language.terms_of(step) for name in _setting_names(term)}
        declared = self._destination.settings
        return [declared[name] for name in sorted(names) if name in declared]

    def _request(
        self, step: language.DeclaredStep, lets: Mapping[str, Term]
    ) -> program.ProgramRequest:
        request = step.request
        path = self._term(request.path, lets)
        lowered = program.ProgramRequest(
            method=request.method,
            url=joined((_BASE_URL, path), path.span),
            query=tuple(self._pair(entry, lets) for entry in request.query),
            headers=self._headers(step, lets),
            body=self._body(request.body, lets) if request.body else None,
            sign=self._sign(request.sign, lets) if request.sign else None,
            span=request.span,
        )
        return with_signature(lowered)

    def _sign(
        self, sign: language.DeclaredSignature, lets: Mapping[str, Term]
    ) -> program.ProgramSignature:
        options = self._term(sign.options, lets)
        return program.ProgramSignature(
            *(sign.scheme, sign.secret, sign.remove_path_prefix, sign.into, sign.span),
            options=options if isinstance(options, Map) else sign.options,
        )

    def _body(self, body: language.DeclaredBody, lets: Mapping[str, Term]) -> program.ProgramBody:
        tree = self._term(body.tree, lets)
        return program.ProgramBody(_ENCODINGS[body.kind], tree, body.doctype, body.span)

    def _headers(
        self, step: language.DeclaredStep, lets: Mapping[str, Term]
    ) -> tuple[program.ProgramPair, ...]:
        headers = tuple(self._pair(entry, lets) for entry in step.request.headers)
        key = step.idempotent_header
        if key is None or any(pair.name.lower() == key.lower() for pair in headers):
            return headers
        return (
            *headers,
            program.ProgramPair(key, Ref("run.idempotency_key"), step.idempotent_span),
        )

    def _pair(self, entry: language.DeclaredField, lets: Mapping[str, Term]) -> program.ProgramPair:
        return program.ProgramPair(entry.name, self._term(entry.term, lets), entry.span)

    def _term(self, term: Term, lets: Mapping[str, Term]) -> Term:
        def change(node: Term) -> Term:
            if isinstance(node, Ref):
                return self._resolved(node, lets)
            if isinstance(node, Call) and node.function == "jwe":
                return self._jwe_key(node)
            if isinstance(node, Call) and node.function in LOOKUPS:
                return with_codes(node, self._destination.params)
            return picked(node) if isinstance(node, Call) and node.function == "pick" else node

        return fold(self._amounts.placed(rewrite(term, change, HAS_REF | HAS_CALL)))

    def _resolved(self, ref: Ref, lets: Mapping[str, Term]) -> Term:
        """What a `let` names, or the value of a setting that decides; else the reference."""
        root, _, name = ref.name.partition(".")
        if root == "let":
            return lets.get(name, ref)
        value = self._settings.get(name) if root == "settings" else None
        return ref if value is None else Lit(value.value, span=ref.span)

    def _jwe_key(self, call: Call) -> Term:
        """A secret that is typed as a key stands for a symmetric JWK."""

        def as_jwk(name: str, value: Term) -> Term:
            if name != "key" or not isinstance(value, Ref) or value.root != "secrets":
                return value
            spec = self._destination.secrets.get(value.name.removeprefix("secrets."))
            if spec is None or spec.as_key not in _SYMMETRIC:
                return value
            return Map((("kty", Lit("oct")), ("k", value)), span=value.span)

        return replace(call, named=tuple((name, as_jwk(name, value)) for name, value in call.named))
