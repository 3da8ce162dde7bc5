"""`<environment>.setup.json`: what must exist at the vault before the first run.

Names only: no secret's value is ever part of it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from forwardc.plan.analysis import uses_network_token
from forwardc.plan.environment import is_class
from forwardc.plan.evaluate import Scope, evaluate
from forwardc.plan.program import Program
from forwardc.plan.terms import Encoded, Encoding
from forwardc.review.asked import asked_for
from forwardc.review.limits import limits_used
from forwardc.review.setup_secrets import secrets
from forwardc.vaults.assess import Assessment
from forwardc.vaults.model import Json, Vault


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
        "limits": [limit for one in built for limit in limits_used(one)],
        "unconfirmed": _reasons(built, "unconfirmed"),
        "stand_ins": _stand_ins(built),
    }


def _asked(assessments: Sequence[Assessment]) -> Json:
    """What the vendor's own clients need of the account and `forwardc.yaml` does not give."""
    found = [{"key": one.key, "why": one.why, "line": one.line} for one in asked_for(assessments)]
    return {"asked": found} if found else {}


def _permissions(vault: Vault, built: Sequence[Assessment], *, asks_card: bool) -> list[str]:
    scopes = vault.facts.data.get("scopes", {})
    asks_first = any(one.emitted and "fallback" in one.emitted.extra for one in built)
    unused = {
        "secrets": not any(one.context.stored for one in built),
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
    wanted = [
        one.context.operation.cryptogram
        for one in built
        if uses_network_token(one.context.operation)
    ]
    return {"cryptogram": any(wanted)} if wanted else None


def _onboarding(built: Sequence[Assessment]) -> list[Json]:
    return [
        {
            "operation": one.context.operation.name,
            "step": found.step,
            "url": _url(one, found.step),
            "why": found.reason,
        }
        for one in built
        for found in one.findings
        if found.code == "FC0610"
    ]


def _url(assessment: Assessment, step: str) -> str:
    """The address that a step calls, which the compiler knows whole where it needs onboarding."""
    request = next(s.request for s in assessment.context.operation.steps if s.name == step)
    return str(evaluate(Encoded(Encoding.URL, request.url), Scope({})))


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
