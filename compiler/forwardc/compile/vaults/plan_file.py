"""Puts a plan file together from the assessments of one program at one vault.

Knows the shape of a plan, and no vault.
"""

from collections.abc import Sequence
from typing import Any

from forwardc.compile.ir.analysis import atoms_used, names_used, optional_names
from forwardc.compile.ir.named_there import named_there
from forwardc.compile.ir.program import Operation, Program, Secret
from forwardc.compile.vaults.assess import Assessment
from forwardc.compile.vaults.encode import mentions, raw_texts, text_of
from forwardc.compile.vaults.model import Emitted, Json, Vault
from forwardc.core.terms.terms import Amount, Ref, walk
from forwardc.plan.environment import is_class
from forwardc.plan.formats import FORMAT_VERSION
from forwardc.plan.live_hosts import LiveHosts, shipped
from forwardc.plan.separation import of_document


def plan_file(
    vault: Vault,
    program: Program,
    account: dict[str, str],
    assessments: Sequence[Assessment],
    live: LiveHosts | None = None,
) -> Json | None:
    """The plan of a program at a vault, or None where every operation is refused.

    Terms stand in it as they are: `to_bytes` writes them. `live` are all live hosts of the
    project; without it, those of the vaults.
    """
    built = [one for one in assessments if one.emitted is not None]
    if not built:
        return None
    operations = {one.context.operation.name: operation_json(one) for one in built}
    used = {name for operation in operations.values() for name in operation["params"]}
    keyed = {name for one in built for name in _secrets(one)}
    rest = {
        **({"integration": program.integration} if program.integration else {}),
        **_needed(vault.head(program, account, vault.facts), operations),
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


def _separation(program: Program, plan: Json, live: LiveHosts) -> Json:
    """Whether it needs an approval, and what tells test from live where hosts do not."""
    found = of_document(plan, program.environment_class, live)
    if program.separated_by == "none" or found.why is not None:
        return {"needs_approval": True}
    return {"separated_by": "credential"} if found.by_credential else {}


def _secret(secret: Secret) -> Json:
    as_key = {"as_key": secret.as_key} if secret.as_key else {}
    owner = {"owner": secret.owner} if secret.owner else {}
    shape = {"shape": dict(secret.shape)} if secret.shape else {}
    return as_key | owner | shape | ({"form": dict(secret.form)} if secret.form else {})


def _needed(head: Json, operations: Json) -> Json:
    """The head without what no operation uses: atoms, the vault's key, its store of secrets."""
    atoms = {
        name
        for operation in operations.values()
        for name in (*operation["requires"], *operation["may_lack"])
    }
    for source in head["sources"].values():
        source["has"] = {name: how for name, how in source["has"].items() if name in atoms}
    if "gets" in head and head["gets"].get("fills"):
        written = list(raw_texts(operations))
        fills = head["gets"]["fills"].items()
        used = {text: name for text, name in fills if any(text in one for one in written)}
        head["gets"] = {**head["gets"], "fills": used}
    if not any(_reaches(operation) for operation in operations.values()):
        head.pop("gets", None)
        head.pop("card", None)
        head.pop("log", None)
    if not mentions(operations, "vault.jwk"):
        head.pop("keys", None)
    if not any(operation["stored_secrets"] for operation in operations.values()):
        head.pop("secret_store", None)
    return head


def _reaches(operation: Json) -> bool:
    return any(step["deliver"] == "vault" for step in operation["steps"])


def operation_json(assessment: Assessment) -> Json:
    """One operation of a plan."""
    context, emitted = assessment.context, assessment.emitted
    if emitted is None:
        raise ValueError("a refused operation has no plan")
    operation = context.operation
    inputs = emitted.extra.get("inputs", {})
    requires, may_lack = _atoms(assessment, set(inputs))
    stored = sorted(name.removeprefix("secrets.") for name in context.stored)
    return {
        "initiator": operation.initiator,
        "level": str(assessment.level),
        "status": str(assessment.status),
        "notes": [{"code": one.code, "message": one.reason} for one in assessment.findings],
        "params": sorted({*names_used(operation, "params"), *_answered(operation)}),
        "inputs": inputs,
        "requires": requires,
        "may_lack": may_lack,
        "stored_secrets": stored,
        "runtime_secrets": sorted(runtime_secrets(assessment)),
        "credentials": ["api_key"] if _reaches_vault(emitted) else [],
        **{key: value for key, value in emitted.extra.items() if key != "inputs"},
        **_payment_reference(operation),
        "steps": list(emitted.steps),
    }


def _payment_reference(operation: Operation) -> Json:
    """What names the payment at the destination, and where it stands there."""
    found = [
        {
            "value": named.value,
            **({"sent": named.sent} if named.sent else {}),
            **({"given": named.given} if named.given else {}),
        }
        for named in named_there(operation)
    ]
    return {"payment_reference": found} if found else {}


def _counts(built: Sequence[Assessment], program: Program, used: set[str]) -> bool:
    """Whether an operation holds an amount that is counted, reads one, or is told how to."""
    declared = program.money is not None and not program.money.get("assumed")
    if declared and any(program.params[name].get("type") == "amount" for name in used):
        return True
    steps = [step for one in built for step in one.context.operation.steps]
    rules = (rule.when for step in steps for rule in step.outcome if rule.when is not None)
    nodes = (node for rule in rules for node in walk(rule))
    in_requests = (node for step in steps for node in step.request.nodes)
    return any(output.currency is not None for step in steps for output in step.outputs) or any(
        isinstance(node, Amount) for node in (*in_requests, *nodes)
    )


def _answered(operation: Operation) -> set[str]:
    """The params that an answer is read by: the currencies of amounts, and what was asked for."""
    terms = [
        term
        for step in operation.steps
        for out in step.outputs
        for term in (out.currency, out.asked)
    ]
    return {term.name.removeprefix("params.") for term in terms if isinstance(term, Ref)}


def _reaches_vault(emitted: Emitted) -> bool:
    return any(step["deliver"] == "vault" for step in emitted.steps)


def _atoms(assessment: Assessment, inputs: set[str]) -> tuple[list[str], list[str]]:
    operation = assessment.context.operation
    used = [name for name in atoms_used(operation) if name not in inputs]
    optional = optional_names(operation)
    return (
        [name for name in used if name not in optional],
        [name for name in used if name in optional],
    )


def _secrets(assessment: Assessment) -> set[str]:
    return set(names_used(assessment.context.operation, "secrets"))


def runtime_secrets(assessment: Assessment) -> frozenset[str]:
    """Names of the secrets of direct steps, and of vault steps where the vault keeps them not."""
    context = assessment.context
    return frozenset(
        ref.name.removeprefix("secrets.")
        for step in context.operation.steps
        for ref in step.request.refs_below("secrets")
        if step.direct or ref.name not in context.stored
    )


def to_bytes(data: Any) -> bytes:
    """A build file: JSON with two spaces, a line feed at the end, members in their order."""
    return (text_of(data) + "\n").encode()
