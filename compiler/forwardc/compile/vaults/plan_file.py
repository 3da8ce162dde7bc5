"""Puts a plan file together from the assessments of one program at one vault.

What no operation uses is left out of the shared parts, and `plan_json.py` writes what was emitted.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from forwardc.compile.ir.analysis import atoms_used, names_used, optional_names
from forwardc.compile.ir.places import payment_references
from forwardc.compile.ir.program import Program, ProgramOperation, ProgramSecret
from forwardc.compile.vaults.assess import NEEDS_ONBOARDING, Assessment
from forwardc.compile.vaults.contract import Vault
from forwardc.compile.vaults.emission import EmittedHead, EmittedParts
from forwardc.compile.vaults.encode import Json, mentions, raw_texts
from forwardc.compile.vaults.plan_json import (
    fallback_json,
    head_json,
    input_json,
    instrument_json,
    losses_json,
    step_json,
)
from forwardc.core.dataclass import replace
from forwardc.core.terms.terms import Amount, Ref, Term, walk
from forwardc.plan.environment import is_class
from forwardc.plan.formats import FORMAT_VERSION
from forwardc.plan.separation import KnownHosts, of_document, shipped


def plan_file(
    vault: Vault,
    program: Program,
    assessments: Sequence[Assessment],
    live: KnownHosts | None = None,
) -> Json | None:
    """The plan of a program at a vault, or None where every operation is refused.

    Terms stand in it as they are: `encode.to_bytes` writes them. `live` are all live hosts of the
    project; without it, those of the vaults.
    """
    built = [assessment for assessment in assessments if assessment.emission is not None]
    if not built:
        return None
    operations = {
        assessment.context.operation.name: operation_json(assessment) for assessment in built
    }
    used = {name for operation in operations.values() for name in operation["params"]}
    keyed = {name for assessment in built for name in secrets_used(assessment)}
    head = _needed(built[0].head, operations, built)
    rest = {
        **({"integration": program.integration} if program.integration else {}),
        **head_json(head),
        "params": {name: program.params[name] for name in program.params if name in used},
        **({"money": program.money} if program.money and _counts(built, program, used) else {}),
        "secrets": {
            name: _secret(secret) for name, secret in program.secrets.items() if name in keyed
        },
        "operations": operations,
    }
    return {
        "forwardc": FORMAT_VERSION,
        "vault": vault.name,
        "destination": program.destination,
        "environment": program.environment,
        **({} if is_class(program.environment) else {"class": program.environment_class}),
        **({"account": program.where.account} if program.where.account else {}),
        **_separation(program, rest, shipped() if live is None else live),
        **rest,
    }


def _separation(program: Program, plan: Json, live: KnownHosts) -> Json:
    """Whether it needs an approval, and what tells test from live where hosts do not."""
    separation = of_document(plan, program.environment_class, live)
    if program.separated_by == "none" or separation.why is not None:
        return {"needs_approval": True}
    return {"separated_by": "credential"} if separation.by_credential else {}


def _secret(secret: ProgramSecret) -> Json:
    as_key = {"as_key": secret.as_key} if secret.as_key else {}
    owner = {"owner": secret.owner} if secret.owner else {}
    shape = {"shape": dict(secret.shape)} if secret.shape else {}
    form = {"form": dict(secret.form)} if secret.form else {}
    return as_key | owner | shape | form | ({"high_entropy": True} if secret.high_entropy else {})


def _needed(
    head: EmittedHead, operations: Mapping[str, Json], built: Sequence[Assessment]
) -> EmittedHead:
    """The head without what no operation uses: atoms, the vault's key, its store of secrets."""
    atoms = {
        name
        for operation in operations.values()
        for name in (*operation["requires"], *operation["may_lack"])
    }
    sources = {
        kind: replace(source, has={name: how for name, how in source.has.items() if name in atoms})
        for kind, source in head.sources.items()
    }
    is_looked_for = head.key_set or (head.parts and head.parts.fills)
    terms = list(_sent_terms(built)) if is_looked_for else []
    reaches_vault = any(assessment.reaches_vault for assessment in built)
    stores = any(assessment.context.stored for assessment in built)
    return replace(
        head,
        sources=sources,
        parts=_parts(head.parts, terms) if reaches_vault and head.parts else None,
        card=head.card if reaches_vault else None,
        log=head.log if reaches_vault else None,
        key_set=head.key_set if head.key_set and mentions(terms, "vault.jwk") else None,
        secret_store=head.secret_store if stores else None,
    )


def _sent_terms(built: Iterable[Assessment]) -> Iterator[Term]:
    """What a vault's own text, or its key, can stand in: rules and notes are not for a vault."""
    emissions = (assessment.emission for assessment in built if assessment.emission)
    return (term for emission in emissions for call in emission.calls for term in call.terms)


def _parts(parts: EmittedParts, terms: Sequence[Term]) -> EmittedParts:
    """With those of the vault's own texts that stand in a request."""
    if not parts.fills:
        return parts
    written = list(raw_texts(terms))
    fills = parts.fills.items()
    used = {text: name for text, name in fills if any(text in raw for raw in written)}
    return replace(parts, fills=used)


def operation_json(assessment: Assessment) -> Json:
    """One operation of a plan. Raises ValueError for a refused one, which has none."""
    context, emission = assessment.context, assessment.emission
    if emission is None:
        raise ValueError("a refused operation has no plan")
    operation = context.operation
    requires, may_lack = _atoms(operation, emission.inputs)
    onboards = any(finding.code == NEEDS_ONBOARDING for finding in assessment.findings)
    kinds, fallback = emission.source_kinds, emission.fallback
    return {
        "initiator": operation.initiator,
        "level": str(assessment.level),
        "status": str(assessment.status),
        "notes": [
            {"code": finding.code, "message": finding.reason} for finding in assessment.findings
        ],
        "params": sorted({*names_used(operation, "params"), *_answered(operation)}),
        "inputs": {name: input_json(supplied) for name, supplied in emission.inputs.items()},
        "requires": requires,
        "may_lack": may_lack,
        "stored_secrets": sorted(name.removeprefix("secrets.") for name in context.stored),
        "runtime_secrets": sorted(runtime_secrets(assessment)),
        "credentials": ["api_key"] if emission.reaches_vault else [],
        **({"production": {"needs_onboarding": True}} if onboards else {}),
        **({"losses": losses_json(emission.losses)} if emission.losses else {}),
        **({"source_kinds": list(kinds)} if kinds else {}),
        **({"fallback": fallback_json(fallback)} if fallback else {}),
        **({"instrument": instrument_json(emission.instrument)} if emission.instrument else {}),
        **_payment_reference(operation),
        "steps": [step_json(step) for step in emission.steps],
    }


def _payment_reference(operation: ProgramOperation) -> Json:
    """What names the payment at the destination, and where it stands there."""
    references = [
        {
            "value": named.value,
            **({"sent": named.sent} if named.sent else {}),
            **({"given": named.received} if named.received else {}),
        }
        for named in payment_references(operation)
    ]
    return {"payment_reference": references} if references else {}


def _counts(built: Sequence[Assessment], program: Program, used: set[str]) -> bool:
    """Whether an operation holds an amount that is counted, reads one, or is told how to."""
    declared = program.money is not None and not program.money.get("assumed")
    if declared and any(program.params[name].get("type") == "amount" for name in used):
        return True
    steps = [step for assessment in built for step in assessment.context.operation.steps]
    rules = (rule.when for step in steps for rule in step.outcome if rule.when is not None)
    nodes = (node for rule in rules for node in walk(rule))
    in_requests = (node for step in steps for node in step.request.nodes)
    return any(output.currency is not None for step in steps for output in step.outputs) or any(
        isinstance(node, Amount) for node in (*in_requests, *nodes)
    )


def _answered(operation: ProgramOperation) -> set[str]:
    """The params that an answer is read by: the currencies of amounts, and what was asked for."""
    terms = [
        term
        for step in operation.steps
        for out in step.outputs
        for term in (out.currency, out.asked)
    ]
    return {term.name.removeprefix("params.") for term in terms if isinstance(term, Ref)}


def _atoms(operation: ProgramOperation, inputs: Iterable[str]) -> tuple[list[str], list[str]]:
    """Atoms that an operation requires, and those that it may lack; inputs are none any more."""
    supplied = set(inputs)
    used = [name for name in atoms_used(operation) if name not in supplied]
    optional = optional_names(operation)
    return (
        [name for name in used if name not in optional],
        [name for name in used if name in optional],
    )


def secrets_used(assessment: Assessment) -> frozenset[str]:
    """Names of the secrets that a built operation needs, whoever holds them."""
    in_requests = names_used(assessment.context.operation, "secrets")
    return frozenset((*in_requests, *_presented(assessment)))


def _presented(assessment: Assessment) -> Iterator[str]:
    """Names of the secrets by which the runtime shows the destination who it is."""
    for step in assessment.emitted_steps:
        if step.client_certificate is not None:
            yield step.client_certificate.certificate
            yield step.client_certificate.key


def runtime_secrets(assessment: Assessment) -> frozenset[str]:
    """Names of the secrets of direct steps, and of vault steps where the vault keeps them not."""
    context = assessment.context
    return frozenset(_presented(assessment)) | frozenset(
        ref.name.removeprefix("secrets.")
        for step in context.operation.steps
        for ref in step.request.refs_below("secrets")
        if step.direct or ref.name not in context.stored
    )
