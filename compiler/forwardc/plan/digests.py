"""What an approval is of: digests of what leaves and of what decides when an operation runs.

Both are recomputed from the decoded plan and never read from a file, over canonical JSON.

| digest | is of | who approves a change of it |
|---|---|---|
| `approval_digest` | `leaving`: requests, holes, hosts, secrets, signatures | the merchant |
| `behaviour_digest` | `behaviour`: rules, repetition, masking, time-outs, look-up | the merchant |
| `surface_digest` | `review_surface`: what the vault's reviewers accept | the vault |

One file, since each key of a plan belongs to exactly one of these answers, or to none.
"""

import json
from collections.abc import Iterable
from typing import Any, Final, TypeAlias, assert_never

from forwardc.core.documents.writing import as_json
from forwardc.core.files.digest import file_digest
from forwardc.core.identity_cache import IdentityCache
from forwardc.core.terms.codec import json_of, to_json
from forwardc.core.terms.terms import (
    HAS_AMOUNT,
    HAS_IF,
    HAS_REF,
    HAS_SOURCE,
    Amount,
    If,
    Lit,
    Ref,
    Source,
    Term,
    walk,
)
from forwardc.plan.answers import ReasonAt, Reconcile
from forwardc.plan.asked_of_vault import (
    card_question,
    fallback_question,
    http_json,
    instrument_question,
    token_requests,
)
from forwardc.plan.model import (
    Credential,
    Plan,
    PlanOperation,
    PlanSecret,
    PlanSignature,
    PlanStep,
    SignDlocal,
    SignRocketpay,
    SignVisa,
)
from forwardc.plan.parts import PlanPart, ReviewSurface

Json: TypeAlias = Any

# What people are told of the digits, and what leaves is the same without.
_TOLD: Final = {"table", "as_of", "assumed"}
_NAMED: Final = HAS_REF | HAS_IF | HAS_AMOUNT | HAS_SOURCE
_DIGESTS: Final = IdentityCache[str]()
_OF_SURFACES: Final = IdentityCache[str]()


def canonical(value: Json) -> bytes:
    """Compact UTF-8 JSON. Members keep their order: in XML and forms the order leaves too."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def approval_digest(plan: Plan, operation: str) -> str:
    """The digest of all that leaves when this operation runs, computed once for each plan loaded.

    Raises `KeyError` if there is no such operation.
    """
    return _DIGESTS.get(plan, operation, lambda: file_digest(canonical(leaving(plan, operation))))


def surface_digest(plan: Plan, operation: str) -> str:
    """The digest of what the vault's reviewers accept, computed once for each plan loaded."""
    return _OF_SURFACES.get(
        plan, operation, lambda: file_digest(canonical(review_surface(plan, operation)))
    )


def leaving(plan: Plan, operation: str) -> Json:
    """What leaves when an operation runs: requests, holes and their types, secrets, signatures.

    Raises `KeyError` if there is no such operation.
    """
    approved = plan.operations[operation]
    nodes = _nodes(_terms(plan, approved))
    return {
        "forwardc": plan.forwardc,
        "vault": plan.vault,
        "destination": plan.destination,
        "environment": plan.environment,
        **({"class": plan.declared_class} if plan.declared_class else {}),
        **({"account": plan.account} if plan.account else {}),
        "operation": operation,
        "hosts": as_json(plan.hosts),
        "keys": plan.keys.jwks if plan.keys else None,
        **token_requests(plan, approved),
        "sources": _sources(plan, nodes),
        "ask": fallback_question(approved),
        **card_question(plan, approved),
        **instrument_question(approved),
        "steps": [_step(step) for step in approved.steps],
        "holes": _holes(plan, approved, nodes),
        **_money(plan, approved, nodes),
        "secrets": {name: _secret(plan.secrets[name]) for name in _secret_names(plan, approved)},
    }


def review_surface(plan: Plan, operation: str) -> Json | None:
    """What the vault's reviewers accept of an operation; None where they review nothing.

    Raises `KeyError` if there is no such operation.
    """
    steps = plan.operations[operation].steps
    return [_review(step.review) for step in steps if step.review] or None


def _review(review: ReviewSurface) -> Json:
    """A step's surface. The order of headers and fields is nothing that a reviewer accepts."""
    return {
        "url": review.url,
        "method": review.method,
        "fields": [
            as_json(field)
            for field in sorted(review.fields, key=lambda field: (field.at, field.atom))
        ],
        "headers": sorted(review.headers, key=lambda name: (name.lower(), name)),
        "keys": sorted(review.keys),
        **_agreed(review),
    }


def _agreed(review: ReviewSurface) -> Json:
    """What the vault agreed to; nothing where it had to agree to nothing."""
    agreed = [
        as_json(arrangement, without_defaults=True)
        for arrangement in sorted(review.arrangements, key=lambda arrangement: arrangement.id)
    ]
    return {"arrangements": agreed} if agreed else {}


def _step(step: PlanStep) -> Json:
    return {
        "name": step.name,
        "deliver": step.deliver,
        **({"private": True} if step.private else {}),
        "http": http_json(step.http),
        "destination": [step.destination.method, json_of(step.destination.url)],
        "sign": _sign(step.sign) if step.sign else None,
        **(
            {"client_certificate": _part(step.client_certificate)}
            if step.client_certificate
            else {}
        ),
        **({"review": _review(step.review)} if step.review else {}),
    }


def _sign(sign: PlanSignature) -> Json:
    signed: dict[str, Json] = {"scheme": sign.scheme, "secret": to_json(sign.secret)}
    match sign:
        case SignRocketpay(into=into):
            return signed | {"into": into}
        case SignVisa(remove_path_prefix=prefix):
            return signed | {"remove_path_prefix": prefix}
        case SignDlocal():
            return signed
        case _:
            assert_never(sign)


def _nodes(terms: Iterable[Term]) -> list[Term]:
    """Everything in the terms that has a name, depends on one, or counts."""
    return [node for term in terms for node in walk(term, _NAMED)]


def _sources(plan: Plan, nodes: list[Term]) -> Json:
    if not any(isinstance(node, Source) for node in nodes):
        return {}
    return {
        kind: {
            "pattern": source.pattern,
            "bind": to_json(source.bind),
            "inputs": {name: _spec(spec) for name, spec in source.inputs.items()},
        }
        for kind, source in sorted(plan.sources.items())
    }


def _holes(plan: Plan, operation: PlanOperation, nodes: list[Term]) -> Json:
    names = sorted(set(_names(nodes)))
    return {name: _type_of(plan, operation, name) for name in names}


def codes_of(plan: Plan, operation: str) -> frozenset[str]:
    """The currencies of an operation's amounts that a run may give, of those that are counted.

    Raises `KeyError` if there is no such operation.
    """
    chosen = plan.operations[operation]
    return _all_codes(plan, chosen, _nodes(_terms(plan, chosen)))


def _all_codes(plan: Plan, operation: PlanOperation, nodes: list[Term]) -> frozenset[str]:
    rules = [rule.when for step in operation.steps for rule in step.outcome if rule.when]
    amounts = [node for node in (*nodes, *_nodes(rules)) if isinstance(node, Amount)]
    answered = [
        Ref(output.currency) if "." in output.currency else Lit(output.currency)
        for step in operation.steps
        for output in step.outputs.values()
        if output.currency is not None
    ]
    named = [*(amount.currency for amount in amounts), *answered]
    return frozenset(code for currency in named for code in _codes(plan, currency))


def _money(plan: Plan, operation: PlanOperation, nodes: list[Term]) -> Json:
    """How the amounts of an operation are counted, in the currencies that it may be given."""
    codes = _all_codes(plan, operation, nodes) if plan.money is not None else ()
    if plan.money is None or not codes:
        return {}
    block = as_json(plan.money, exclude={"digits", *_TOLD})
    rows = {code: row for code, row in sorted(plan.money.digits.items()) if code in codes}
    # One line a currency, so that a changed one is seen as one.
    return {"money": {**block, "digits": {code: " ".join(map(str, rows[code])) for code in rows}}}


def _codes(plan: Plan, currency: Term) -> Iterable[str]:
    """The currencies that may stand here: one, those of a param, or all."""
    if plan.money is None:
        return ()
    if isinstance(currency, Lit) and isinstance(currency.value, str):
        return (currency.value.upper(),)
    if isinstance(currency, Ref) and (
        spec := plan.params.get(currency.name.removeprefix("params."))
    ):
        return map(str, spec.values or plan.money.digits)
    return plan.money.digits


def _names(nodes: Iterable[Term]) -> Iterable[str]:
    for node in nodes:
        if isinstance(node, Ref):
            yield node.name
        elif isinstance(node, If):
            yield f"{node.present}?"


def _type_of(plan: Plan, operation: PlanOperation, name: str) -> Json:
    root, _, rest = name.partition(".")
    if root == "params" and rest in plan.params:
        return _spec(plan.params[rest])
    if root == "inputs" and rest in operation.inputs:
        return _spec(operation.inputs[rest])
    if root == "steps":
        return _output(operation, rest)
    return None


def _output(operation: PlanOperation, name: str) -> Json:
    """Where an output comes from, as a later step sends it."""
    step, _, output = name.partition(".")
    outputs = (sender.outputs for sender in operation.steps if sender.name == step)
    return next(
        (_spec(step_outputs[output]) for step_outputs in outputs if output in step_outputs), None
    )


def _spec(spec: Any) -> Json:
    return as_json(spec, without_defaults=True)


def requests_of(operation: PlanOperation) -> Iterable[Term]:
    """Every term of an operation's requests, in the order they are sent."""
    for step in operation.steps:
        yield from step.http.terms()


def _terms(plan: Plan, operation: PlanOperation) -> Iterable[Term]:
    yield from requests_of(operation)
    if operation.fallback is not None:
        yield from operation.fallback.ask.http.terms()
    if operation.instrument is not None:
        yield from operation.instrument.http.terms()
    yield from (step.sign.secret for step in operation.steps if step.sign)
    yield from (source.bind for source in plan.sources.values())


def _secret(spec: PlanSecret) -> Json:
    """How a secret derives, and whose it is where it is not the destination's own."""
    return {"as_key": spec.as_key, "owner": spec.owner} if spec.owner else spec.as_key


def _secret_names(plan: Plan, operation: PlanOperation) -> list[str]:
    named = {*operation.stored_secrets, *operation.runtime_secrets}
    return sorted(name for name in named if name in plan.secrets)


# What decides, beside what leaves.

_BEHAVIOUR_DIGESTS: Final = IdentityCache[str]()


def behaviour_digest(plan: Plan, operation: str) -> str:
    """The digest of all that decides, computed once for each plan loaded.

    Raises `KeyError` if there is no such operation.
    """
    return _BEHAVIOUR_DIGESTS.get(
        plan, operation, lambda: file_digest(canonical(behaviour(plan, operation)))
    )


def behaviour(plan: Plan, operation: str) -> Json:
    """What decides: rules, repetition, masking, time-outs, look-up, sources, credential shapes.

    Raises `KeyError` if there is no such operation.
    """
    approved = plan.operations[operation]
    return {
        "forwardc": plan.forwardc,
        **({"integration": plan.integration} if plan.integration else {}),
        "initiator": approved.initiator,
        "requires": list(approved.requires),
        "may_lack": list(approved.may_lack),
        "source_kinds": _source_kinds(plan, approved),
        "credentials": _patterns(plan, approved),
        **_shapes(plan, approved),
        **_long_secrets(plan, approved),
        "masked": _masked(plan, approved),
        "fallback": _fallback_decides(approved),
        **({"instrument": _part(approved.instrument)["values"]} if approved.instrument else {}),
        "steps": [_step_decides(step) for step in approved.steps],
    }


def _source_kinds(plan: Plan, operation: PlanOperation) -> Json:
    """The sources that fit, by prefix: their form, how often each serves, and what each has."""
    fitting = operation.source_kinds
    return {
        kind: {
            "pattern": source.pattern,
            "single_use": source.single_use,
            "inputs": {name: _part(spec) for name, spec in source.inputs.items()},
            "has": {
                name: how if isinstance(how, str) else _part(how)
                for name, how in source.has.items()
                if name in (*operation.requires, *operation.may_lack)
            },
        }
        for kind, source in sorted(plan.sources.items())
        if fitting is None or kind in fitting
    }


def _shapes(plan: Plan, operation: PlanOperation) -> Json:
    """How test is told from live by what a run is given; nothing where by nothing of it."""
    named = {*operation.stored_secrets, *operation.runtime_secrets}
    holders: dict[str, Credential | PlanSecret] = {
        **{
            f"vault.{name}": plan.credentials[name]
            for name in operation.credentials
            if name in plan.credentials
        },
        **{f"secrets.{name}": plan.secrets[name] for name in named if name in plan.secrets},
    }
    shapes = {
        name: holder.shape for name, holder in sorted(holders.items()) if holder.shape is not None
    }
    return {"shapes": {name: _part(shape) for name, shape in shapes.items()}} if shapes else {}


def _long_secrets(plan: Plan, operation: PlanOperation) -> Json:
    """The secrets of which a hash may be read by others; nothing where there are none."""
    names = [name for name in _secret_names(plan, operation) if plan.secrets[name].high_entropy]
    return {"high_entropy": names} if names else {}


def _patterns(plan: Plan, operation: PlanOperation) -> Json:
    credentials = {name: plan.credentials.get(name) for name in sorted(operation.credentials)}
    return {
        name: credential.pattern
        for name, credential in credentials.items()
        if credential is not None
    }


def _masked(plan: Plan, operation: PlanOperation) -> Json:
    """Whose values are never shown, and which may look like a card number."""
    specs = {
        **{f"params.{name}": plan.params[name] for name in operation.params},
        **{f"inputs.{name}": spec for name, spec in operation.inputs.items()},
    }
    outputs = [
        f"steps.{step.name}.{name}"
        for step in operation.steps
        for name, output in step.outputs.items()
        if output.sensitive
    ]
    return {
        "values": sorted([*(name for name, spec in specs.items() if spec.sensitive), *outputs]),
        "not_card": sorted(name for name, spec in specs.items() if spec.not_card),
    }


def _fallback_decides(operation: PlanOperation) -> Json:
    if operation.fallback is None:
        return None
    ask = operation.fallback.ask
    return {
        "operation": operation.fallback.operation,
        "when": to_json(ask.when),
        "tells": _part(ask.tells),
    }


def _step_decides(step: PlanStep) -> Json:
    return {
        "name": step.name,
        "idempotent": step.idempotent,
        "uses_cvc": step.uses_cvc,
        "vault_key_hours": step.vault_key_hours,
        "timeouts": _part(step.timeouts),
        "max_answer_bytes": step.max_answer_bytes,
        "read": _part(step.read),
        "reconcile": _reconcile(step.reconcile) if step.reconcile else None,
        **({"namespaces": dict(step.namespaces)} if step.namespaces else {}),
        "outputs": {name: _part(output) for name, output in step.outputs.items()},
        "answer": step.answer,
        **({"reason": [_reason(place) for place in step.reason]} if step.reason else {}),
        **({"mode": _part(step.mode)} if step.mode else {}),
        **({"reuse": _part(step.reuse)} if step.reuse else {}),
        **({"poll": _part(step.poll)} if step.poll else {}),
        "outcome": [
            {"rule": rule.rule, "when": _condition(rule.when), "is": rule.verdict}
            for rule in step.outcome
        ],
    }


def _condition(when: Any) -> Json:
    return None if when is None else to_json(when)


def _reconcile(reconcile: Reconcile) -> Json:
    ways: dict[str, Json] = {}
    for name, way in (("get", reconcile.get), ("list", reconcile.list)):
        if way is not None:
            rest = as_json(way, exclude={"http"})
            ways[name] = {"http": http_json(way.http), **rest}
    return ways


def _reason(place: ReasonAt) -> Json:
    return _part(place) if place.words else place.at


def _part(part: PlanPart) -> Json:
    return as_json(part, without_defaults=True)
