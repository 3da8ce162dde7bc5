"""What decides when an operation runs, beside what leaves: the second thing that is approved.

Outcome rules, how often something may be sent, what is masked, time-outs, how a lost answer is
looked up, which sources fit and what credentials look like. Recomputed from the decoded plan and
never read from a file.
"""

from typing import Any, Final, TypeAlias

from forwardc.core.identity_cache import Kept
from forwardc.core.terms.codec import to_json
from forwardc.plan.digests import canonical, file_digest, http_json
from forwardc.plan.model import Credential, Operation, Plan, SecretSpec, Step
from forwardc.plan.parts import Part
from forwardc.plan.reconcile import Reconcile

Json: TypeAlias = Any

_OF_OPERATIONS: Final = Kept[str]()


def behaviour_digest(plan: Plan, operation: str) -> str:
    """The digest of all that decides, computed once for each plan loaded.

    Raises `KeyError` if there is no such operation.
    """
    return _OF_OPERATIONS.get(
        plan, operation, lambda: file_digest(canonical(behaviour(plan, operation)))
    )


def behaviour(plan: Plan, operation: str) -> Json:
    """What decides: rules, repetition, masking, time-outs, look-up, sources, credential shapes.

    Raises `KeyError` if there is no such operation.
    """
    wanted = plan.operations[operation]
    return {
        "forwardc": plan.forwardc,
        **({"integration": plan.integration} if plan.integration else {}),
        "initiator": wanted.initiator,
        "requires": list(wanted.requires),
        "may_lack": list(wanted.may_lack),
        "source_kinds": _source_kinds(plan, wanted),
        "credentials": _patterns(plan, wanted),
        **_shapes(plan, wanted),
        "masked": _masked(plan, wanted),
        "fallback": _fallback(wanted),
        "steps": [_step(step) for step in wanted.steps],
    }


def _source_kinds(plan: Plan, operation: Operation) -> Json:
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


def _shapes(plan: Plan, operation: Operation) -> Json:
    """How test is told from live by what a run is given; nothing where by nothing of it."""
    named = {*operation.stored_secrets, *operation.runtime_secrets}
    known: dict[str, Credential | SecretSpec] = {
        **{
            f"vault.{one}": plan.credentials[one]
            for one in operation.credentials
            if one in plan.credentials
        },
        **{f"secrets.{one}": plan.secrets[one] for one in named if one in plan.secrets},
    }
    found = {name: one.shape for name, one in sorted(known.items()) if one.shape is not None}
    return {"shapes": {name: _part(shape) for name, shape in found.items()}} if found else {}


def _patterns(plan: Plan, operation: Operation) -> Json:
    known = {name: plan.credentials.get(name) for name in sorted(operation.credentials)}
    return {name: one.pattern for name, one in known.items() if one is not None}


def _masked(plan: Plan, operation: Operation) -> Json:
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


def _fallback(operation: Operation) -> Json:
    if operation.fallback is None:
        return None
    ask = operation.fallback.ask
    return {
        "operation": operation.fallback.operation,
        "when": to_json(ask.when),
        "tells": _part(ask.tells),
    }


def _step(step: Step) -> Json:
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
        **({"reason": [place.at for place in step.reason]} if step.reason else {}),
        **({"mode": _part(step.mode)} if step.mode else {}),
        "outcome": [
            {"rule": rule.rule, "when": _condition(rule.when), "is": rule.verdict}
            for rule in step.outcome
        ],
    }


def _condition(when: Any) -> Json:
    return None if when is None else to_json(when)


def _reconcile(reconcile: Reconcile) -> Json:
    found: dict[str, Json] = {}
    for name, way in (("get", reconcile.get), ("list", reconcile.list)):
        if way is not None:
            rest = way.model_dump(mode="json", exclude={"http"})
            found[name] = {"http": http_json(way.http), **rest}
    return found


def _part(part: Part) -> Json:
    return part.model_dump(mode="json", by_alias=True, exclude_defaults=True)
