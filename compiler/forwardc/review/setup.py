"""`<environment>.setup.json`: what must exist at the vault before the first run.

Names only: no secret's value is ever part of it.
"""

from collections.abc import Iterator, Mapping, Sequence

from forwardc.plan.analysis import names_used
from forwardc.plan.program import Program
from forwardc.plan.terms import Limit, walk
from forwardc.vaults.assess import Assessment
from forwardc.vaults.model import Json, Vault
from forwardc.vaults.plan_file import runtime_secrets
from forwardc.vaults.sizes import shortest


def setup_file(
    vault: Vault,
    program: Program,
    account: Mapping[str, str],
    plan: Json,
    assessments: Sequence[Assessment],
) -> Json:
    """The set-up of one plan."""
    built = [one for one in assessments if one.emitted is not None]
    return {
        "forwardc": 1,
        "vault": vault.name,
        "destination": program.destination,
        "environment": program.environment,
        "hosts": plan["hosts"],
        "account": dict(account),
        "permissions": _permissions(vault, built),
        "credentials": sorted(plan["credentials"]),
        "secrets": [_secret(program, name, built) for name in _used_secrets(program, built)],
        "network_tokens": _network_tokens(built),
        "onboarding": _onboarding(built),
        "limits": [limit for one in built for limit in _limits(one)],
        "unconfirmed": _reasons(built, "unconfirmed"),
        "stand_ins": _stand_ins(built),
    }


def _permissions(vault: Vault, built: Sequence[Assessment]) -> list[str]:
    scopes = vault.facts.data.get("scopes", {})
    stores = any(one.context.stored for one in built)
    needed = [name for name in scopes if name != "secrets" or stores]
    return [str(scopes[name]["value"]) for name in needed]


def _used_secrets(program: Program, built: Sequence[Assessment]) -> list[str]:
    used = {name for one in built for name in names_used(one.context.operation, "secrets")}
    return [name for name in program.secrets if name in used]


def _secret(program: Program, name: str, built: Sequence[Assessment]) -> Json:
    secret = program.secrets[name]
    holders = []
    if any(name in runtime_secrets(one) for one in built):
        holders.append("runtime")
    if any(f"secrets.{name}" in one.context.stored for one in built):
        holders.append("vault")
    entry: Json = {
        "name": name,
        "held": holders,
        "as_key": secret.as_key,
        "description": secret.description,
    }
    if "runtime" in holders:
        variable = f"FORWARDC_SECRET_{program.destination}_{name}".upper()
        entry["environment_variable"] = variable
    return entry


def _network_tokens(built: Sequence[Assessment]) -> Json | None:
    wanted = [
        one.context.operation.cryptogram
        for one in built
        if one.emitted and "source_kinds" in one.emitted.extra
    ]
    return {"cryptogram": any(wanted)} if wanted else None


def _onboarding(built: Sequence[Assessment]) -> list[Json]:
    return [
        {"operation": one.context.operation.name, "step": found.step, "why": found.reason}
        for one in built
        for found in one.findings
        if found.code == "FC0610"
    ]


def _limits(assessment: Assessment) -> Iterator[Json]:
    """Every limit of a step with the characters of its shortest text, so that room is seen."""
    for step in assessment.emitted.steps if assessment.emitted else ():
        body = step["http"].get("body")
        for node in walk(body) if body is not None else ():
            if isinstance(node, Limit):
                yield {
                    "operation": assessment.context.operation.name,
                    "step": step["name"],
                    "limit": node.name,
                    "maximum": node.maximum,
                    "shortest": shortest(node),
                }


def _reasons(built: Sequence[Assessment], verdict: str) -> list[str]:
    findings = [found.reason for one in built for found in one.findings if found.verdict == verdict]
    declared = [
        reason for one in built for s in one.context.operation.steps for reason in s.unconfirmed
    ]
    return list(dict.fromkeys((*findings, *declared)))


def _stand_ins(built: Sequence[Assessment]) -> list[str]:
    return [
        f"{one.context.operation.name}.{step.name}"
        for one in built
        for step in one.context.operation.steps
        if step.stand_in
    ]
