"""`<environment>.setup.json`: what must exist at the vault before the first run.

Names only: no secret's value is ever part of it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from forwardc.compile.ir.analysis import uses_network_token
from forwardc.compile.ir.program import Program
from forwardc.compile.review.asked import missing_account_keys
from forwardc.compile.review.limits import limits_used
from forwardc.compile.review.setup_secrets import secrets
from forwardc.compile.vaults.assess import Assessment
from forwardc.compile.vaults.model import Json, Vault
from forwardc.core.terms.evaluator import Scope, evaluate
from forwardc.core.terms.terms import Encoded, Encoding
from forwardc.plan.environment import is_class


def setup_file(
    vault: Vault,
    program: Program,
    account: Mapping[str, str],
    plan: Json,
    assessments: Sequence[Assessment],
) -> Json:
    """The set-up of one plan."""
    built = [assessment for assessment in assessments if assessment.emitted is not None]
    return {
        "forwardc": 1,
        "vault": vault.name,
        "destination": program.destination,
        "environment": program.environment,
        **({} if is_class(program.environment) else {"class": program.environment_class}),
        **({"place": program.place} if program.where.account else {}),
        "hosts": plan["hosts"],
        "account": dict(account),
        **_asked(assessments),
        "permissions": _permissions(vault, built, asks_card="card" in plan),
        "credentials": sorted(plan["credentials"]),
        "authentication": _authentication(vault),
        "secrets": secrets(program, built),
        "network_tokens": _network_tokens(built),
        "onboarding": _onboarding(built),
        "limits": [limit for assessment in built for limit in limits_used(assessment)],
        "unconfirmed": _reasons(built, "unconfirmed"),
        "stand_ins": _stand_ins(built),
    }


def _asked(assessments: Sequence[Assessment]) -> Json:
    """What the vendor's own clients need of the account and `forwardc.yaml` does not give."""
    needs = [
        {"key": need.key, "why": need.why, "line": need.line}
        for need in missing_account_keys(assessments)
    ]
    return {"asked": needs} if needs else {}


def _permissions(vault: Vault, built: Sequence[Assessment], *, asks_card: bool) -> list[str]:
    scopes = vault.facts.data.get("scopes", {})
    asks_first = any(
        assessment.emitted and "fallback" in assessment.emitted.extra for assessment in built
    )
    unused = {
        "secrets": not any(assessment.context.stored for assessment in built),
        "instruments": not asks_first and not asks_card,
        "cards": not asks_card,
    }
    return [str(scopes[name]["value"]) for name in scopes if not unused.get(name)]


def _authentication(vault: Vault) -> Json:
    """How the vault lets a caller in, and which ways it names and does not take."""
    ways: Mapping[str, Mapping[str, Any]] = vault.facts.data.get("authentication", {})
    refused = [name for name, fact in ways.items() if fact["value"] == "refused"]
    return {
        "accepted": [name for name in ways if name not in refused],
        "refused": [{"name": name, "why": str(ways[name]["reason"])} for name in refused],
    }


def _network_tokens(built: Sequence[Assessment]) -> Json | None:
    cryptograms = [
        assessment.context.operation.cryptogram
        for assessment in built
        if uses_network_token(assessment.context.operation)
    ]
    return {"cryptogram": any(cryptograms)} if cryptograms else None


def _onboarding(built: Sequence[Assessment]) -> list[Json]:
    return [
        {
            "operation": assessment.context.operation.name,
            "step": finding.step,
            "url": _url(assessment, finding.step),
            "why": finding.reason,
        }
        for assessment in built
        for finding in assessment.findings
        if finding.code == "FC0610"
    ]


def _url(assessment: Assessment, step: str) -> str:
    """The address that a step calls, which the compiler knows whole where it needs onboarding."""
    request = next(s.request for s in assessment.context.operation.steps if s.name == step)
    return str(evaluate(Encoded(Encoding.URL, request.url), Scope({})))


def _reasons(built: Sequence[Assessment], verdict: str) -> list[str]:
    findings = [
        finding.reason
        for assessment in built
        for finding in assessment.findings
        if finding.verdict == verdict
    ]
    declared = [
        reason
        for assessment in built
        for s in assessment.context.operation.steps
        for reason in s.unconfirmed
    ]
    return list(dict.fromkeys((*findings, *declared)))


def _stand_ins(built: Sequence[Assessment]) -> list[str]:
    return [
        f"{assessment.context.operation.name}.{step.name}"
        for assessment in built
        for step in assessment.context.operation.steps
        if step.stand_in
    ]
