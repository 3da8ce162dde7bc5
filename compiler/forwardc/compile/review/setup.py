"""`<environment>.setup.json`: what must exist at the vault before the first run.

Hosts, permissions, secrets by name and the room below the vault's limits, all from the emitted
requests. Of a secret it says who holds it and what it may consist of, never its value.
"""

from collections.abc import Iterator, Mapping, Sequence, Set
from typing import Any

from forwardc.compile.ir.analysis import refs_in, uses_network_token
from forwardc.compile.ir.program import Program, ProgramRequest
from forwardc.compile.review.account_keys import asked_keys
from forwardc.compile.review.client_certificates import certificates_to_hold
from forwardc.compile.vaults.assess import Assessment
from forwardc.compile.vaults.contract import Vault
from forwardc.compile.vaults.encode import Json
from forwardc.compile.vaults.plan_file import runtime_secrets, secrets_used
from forwardc.compile.vaults.shortest import shortest
from forwardc.core.dataclass import dataclass
from forwardc.core.terms.evaluator import Scope, evaluate
from forwardc.core.terms.terms import HAS_LIMIT, Encoded, Encoding, If, Limit, Map, Term, walk
from forwardc.plan.environment import Environment, is_class
from forwardc.plan.secret_names import SecretId

# The file
#
# Names only: no secret's value is ever part of it.


def setup_file(
    vault: Vault,
    program: Program,
    account: Mapping[str, str],
    plan: Json,
    assessments: Sequence[Assessment],
) -> Json:
    """The set-up of one plan."""
    built = [assessment for assessment in assessments if assessment.emission is not None]
    return {
        "forwardc": 1,
        "vault": vault.name,
        "destination": program.destination,
        "environment": program.environment,
        **({} if is_class(program.environment) else {"class": program.environment_class}),
        **({"place": program.place} if program.where.account else {}),
        "hosts": plan["hosts"],
        "account": dict(account),
        **_asked(vault, program.where, account),
        "permissions": _permissions(vault, built, asks_card="card" in plan),
        "credentials": sorted(plan["credentials"]),
        "authentication": _authentication(vault),
        "secrets": secrets(program, built),
        "network_tokens": _network_tokens(built),
        "onboarding": _onboarding(built),
        **certificates_to_hold(built),
        "limits": [limit for assessment in built for limit in limits_used(assessment)],
        "unconfirmed": _reasons(built, "unconfirmed"),
        "stand_ins": _stand_ins(built),
    }


def _asked(vault: Vault, where: Environment, account: Mapping[str, str]) -> Json:
    """What the vendor's own clients need of the account and `forwardc.yaml` does not give."""
    needs = [
        {"key": need.key, "why": need.why, "line": need.line}
        for need in asked_keys(vault, where, account)
    ]
    return {"asked": needs} if needs else {}


def _permissions(vault: Vault, built: Sequence[Assessment], *, asks_card: bool) -> list[str]:
    scopes = vault.facts.data.get("scopes", {})
    emissions = [assessment.emission for assessment in built if assessment.emission]
    asks_first = any(emission.fallback or emission.instrument for emission in emissions)
    unused = {
        "secrets": not any(assessment.context.stored for assessment in built),
        "instruments": not asks_first and not asks_card,
        "cards": not asks_first and not asks_card,
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


# Secrets

# A vault writes a stored secret as it is, so it must mean itself in the syntax around it.
_ANYWHERE = "^[A-Za-z0-9._~-]+$"
_IN_JSON = r"^[!#-\[\]-z|~]+$"


def secrets(program: Program, built: Sequence[Assessment]) -> list[Json]:
    """One entry for each secret that the built operations use, in the order of declaration."""
    used = {name for assessment in built for name in secrets_used(assessment)}
    held = _Holders(
        in_runtime={name for assessment in built for name in runtime_secrets(assessment)},
        in_vault={name for assessment in built for name in assessment.context.stored},
        outside_headers=_outside_headers(built),
    )
    return [_secret(program, name, held) for name in program.secrets if name in used]


@dataclass(frozen=True, slots=True)
class _Holders:
    """Who holds which secrets of the built operations, and how they stand outside headers."""

    in_runtime: Set[str]
    in_vault: Set[str]
    """References like `secrets.x`."""
    outside_headers: Mapping[str, Set[Encoding]]


def _secret(program: Program, name: str, held: _Holders) -> Json:
    secret, reference = program.secrets[name], f"secrets.{name}"
    in_runtime, in_vault = name in held.in_runtime, reference in held.in_vault
    entry: Json = {
        "name": name,
        "held": ["runtime"] * in_runtime + ["vault"] * in_vault,
        "as_key": secret.as_key,
        "description": secret.description,
        **({"owner": secret.owner} if secret.owner else {}),
    }
    if in_runtime:
        where, owner = program.where, secret.owner or program.destination
        entry["environment_variable"] = SecretId(
            "secret", where.name, where.account, owner, name
        ).variable
    places = held.outside_headers.get(reference, frozenset())
    pattern = _pattern(places) if secret.as_key is None else None
    return entry | ({"pattern": pattern} if pattern else {})


def _pattern(places: Set[Encoding]) -> str | None:
    """What a stored secret may consist of outside headers; the strictest place decides."""
    if not places:
        return None
    return _IN_JSON if places == {Encoding.JSON} else _ANYWHERE


def _outside_headers(built: Sequence[Assessment]) -> Mapping[str, Set[Encoding]]:
    """How stored secrets stand in queries and bodies that the vault sends, by reference."""
    encodings: dict[str, set[Encoding]] = {}
    for assessment in built:
        for step in assessment.context.vault_steps:
            for encoding, term in _query_and_body(step.request):
                for ref in refs_in(term, "secrets"):
                    if ref.name in assessment.context.stored:
                        encodings.setdefault(ref.name, set()).add(encoding)
    return encodings


def _query_and_body(request: ProgramRequest) -> Iterator[tuple[Encoding, Term]]:
    yield from ((Encoding.QUERY, pair.value) for pair in request.query)
    if request.body:
        yield request.body.encoding, request.body.tree


# Limits of the vault


def limits_used(assessment: Assessment) -> Iterator[Json]:
    """Each limit of each step: its maximum, what is used in any case, and the room for a run.

    Texts are counted in characters of their shortest form; headers in entries, with each that can
    be there.
    """
    operation = assessment.context.operation.name
    for step in assessment.emitted_steps:
        body = step.call.body
        if body is not None:
            for limit in (*_texts(body), *_entries(assessment, body)):
                yield {"operation": operation, "step": step.name, **limit}


def _texts(body: Term) -> Iterator[Json]:
    for node in walk(body, HAS_LIMIT):
        if isinstance(node, Limit):
            yield _limit(node.name, node.maximum, shortest(node), "characters")


def _entries(assessment: Assessment, body: Term) -> Iterator[Json]:
    """Maps that may hold so many entries: the facts say where they stand in the vault's call."""
    limits: dict[str, Any] = assessment.vault.facts.data.get("limits", {})
    for fact in limits.values():
        container = _at(body, fact["at"]) if "at" in fact else None
        if isinstance(container, Map):
            yield _limit(fact["at"][1:].replace("/", "."), fact["value"], len(container.entries))


def _limit(name: str, maximum: int, used: int, unit: str = "entries") -> Json:
    return {
        "limit": name,
        "unit": unit,
        "maximum": maximum,
        "shortest": used,
        "room": maximum - used,
    }


def _at(term: Term, pointer: str) -> Term | None:
    for token in pointer.split("/")[1:]:
        term = _inside(term)
        value = dict(term.entries).get(token) if isinstance(term, Map) else None
        if value is None:
            return None
        term = value
    return _inside(term)


def _inside(term: Term) -> Term:
    if isinstance(term, Encoded):
        return _inside(term.tree)
    if isinstance(term, If):
        return _inside(term.then)
    return _inside(term.term) if isinstance(term, Limit) else term
