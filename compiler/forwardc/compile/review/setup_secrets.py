"""The secrets of a set-up file: who holds each one, under which name, and what it may contain.

Names only: no value of a secret is known here.
"""

from collections.abc import Iterator, Sequence

from forwardc.compile.ir.analysis import names_used, refs_in
from forwardc.compile.ir.program import Program, Request
from forwardc.compile.vaults.assess import Assessment
from forwardc.compile.vaults.model import Json
from forwardc.compile.vaults.plan_file import runtime_secrets
from forwardc.core.terms.terms import Encoding, Term
from forwardc.plan.secret_names import SecretId

# A vault writes a stored secret as it is, so it must mean itself in the syntax around it.
_ANYWHERE = "^[A-Za-z0-9._~-]+$"
_IN_JSON = r"^[!#-\[\]-z|~]+$"


def secrets(program: Program, built: Sequence[Assessment]) -> list[Json]:
    """One entry for each secret that the built operations use, in the order of declaration."""
    used = {
        name for assessment in built for name in names_used(assessment.context.operation, "secrets")
    }
    return [_secret(program, name, built) for name in program.secrets if name in used]


def _secret(program: Program, name: str, built: Sequence[Assessment]) -> Json:
    secret = program.secrets[name]
    in_runtime = any(name in runtime_secrets(assessment) for assessment in built)
    in_vault = any(f"secrets.{name}" in assessment.context.stored for assessment in built)
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
    pattern = _pattern(f"secrets.{name}", built) if secret.as_key is None else None
    return entry | ({"pattern": pattern} if pattern else {})


def _pattern(name: str, built: Sequence[Assessment]) -> str | None:
    """What a stored secret may consist of outside headers; the strictest place decides."""
    places = {
        encoding
        for assessment in built
        if name in assessment.context.stored
        for step in assessment.context.vault_steps
        for encoding, term in _outside_headers(step.request)
        if any(ref.name == name for ref in refs_in(term, "secrets"))
    }
    if not places:
        return None
    return _IN_JSON if places == {Encoding.JSON} else _ANYWHERE


def _outside_headers(request: Request) -> Iterator[tuple[Encoding, Term]]:
    yield from ((Encoding.QUERY, pair.value) for pair in request.query)
    if request.body:
        yield request.body.encoding, request.body.tree
