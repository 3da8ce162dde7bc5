"""What all operations of a plan share at Checkout.com: hosts, credentials, sources, and holes.

Everything here is said for one environment and account; `emit.py` writes a step with the holes
that `values` fills.
"""

from collections.abc import Mapping
from functools import cache

from forwardc.compile.ir.analysis import instrument_uses, uses_network_token
from forwardc.compile.ir.program import Program
from forwardc.compile.vaults.emission import (
    EmittedCall,
    EmittedCardLookup,
    EmittedCredential,
    EmittedHead,
    EmittedOAuth,
    EmittedParts,
    EmittedSecretStore,
    EmittedSource,
    NamedTerms,
    Presence,
)
from forwardc.compile.vaults.facts import Facts
from forwardc.compile.vaults.steps import header
from forwardc.core.dataclass import replace
from forwardc.core.terms.terms import Encoded, Encoding, If, Lit, Map, Ref, Term, Text
from forwardc.plan.environment import EnvironmentClass

INSTRUMENTS = ("src_",)
_FORWARDED = "/destination_request"
_PARTS = EmittedParts(
    body=f"{_FORWARDED}/body",
    headers=f"{_FORWARDED}/headers/raw",
    encrypted=f"{_FORWARDED}/headers/encrypted",
    query=f"{_FORWARDED}/query",
    variables=f"{_FORWARDED}/variables",
)
FORWARD_HOST, API_HOST = Ref("host.forward"), Ref("host.api")
CHANNEL = Ref("account.processing_channel_id")


def values(
    environment_class: EnvironmentClass, account: Mapping[str, str], facts: Facts
) -> dict[str, Lit]:
    """What stands in the holes of a step in one environment and account."""
    return {
        FORWARD_HOST.name: Lit(facts.host("forward", environment_class)),
        API_HOST.name: Lit(_own_host("api", environment_class, account, facts)),
        CHANNEL.name: Lit(account.get("processing_channel_id", "")),
    }


def head(program: Program, account: Mapping[str, str], facts: Facts) -> EmittedHead:
    """The parts of a plan that all operations share."""
    host = facts.host("forward", program.environment_class)
    api = _own_host("api", program.environment_class, account, facts)
    access = _own_host("access", program.environment_class, account, facts)
    uses_network_tokens = any(uses_network_token(op) for op in program.operations)
    reads_instruments = any(instrument_uses(op) for op in program.operations)
    asks = uses_network_tokens or reads_instruments or account.get("card_details") == "ask"
    return EmittedHead(
        vault_hosts=(host, api, access) if asks else (host, access),
        destination_host=program.host,
        credentials={"api_key": _api_key(access, facts)},
        key_set=f"https://{host}{facts.value('paths', 'jwks')}",
        secret_store=EmittedSecretStore(
            url=f"https://{host}{facts.value('paths', 'secrets')}",
            max_value_bytes=facts.limit("secret_value", "bytes"),
            scopes=(facts.value("scopes", "secrets"),),
        ),
        sources={
            kind: _source_kind(kind, fact["value"], facts)
            for kind, fact in facts.section("source_kinds").items()
        },
        parts=replace(_PARTS, fills=_fills(program, facts)),
        card=_card(account, api, facts),
    )


def _fills(program: Program, facts: Facts) -> dict[str, str]:
    """What stands for what in a template."""
    atoms = {f"{{{{{fact['value']}}}}}": name for name, fact in facts.section("atoms").items()}
    return atoms | {f"{{{{ secret_{name} }}}}": f"secrets.{name}" for name in program.secrets}


def _card(account: Mapping[str, str], host: str, facts: Facts) -> EmittedCardLookup | None:
    """How to ask about the card of an instrument, where the merchant lets that be asked."""
    if account.get("card_details") != "ask":
        return None
    return EmittedCardLookup(
        call=instrument_call((Lit(f"https://{host}{facts.value('paths', 'instrument')}"),)),
        kinds=INSTRUMENTS,
        tells={name: fact["value"] for name, fact in facts.section("tells").items()},
        scopes=(facts.value("scopes", "instruments"),),
    )


def instrument_call(below: tuple[Term, ...]) -> EmittedCall:
    """A question about the source's instrument, at an address that its id ends."""
    url = Encoded(Encoding.URL, Text((*below, Ref("source.id"))))
    return EmittedCall("GET", url, headers=api_headers())


def _own_host(
    name: str, environment_class: EnvironmentClass, account: Mapping[str, str], facts: Facts
) -> str:
    """A host that the vendor gives to each merchant, where the account names its prefix.

    Without one it is the shared host, which the vendor keeps as a fallback for a while.
    """
    host = facts.host(name, environment_class)
    prefix = account.get("prefix")
    return (
        f"{prefix}.{host}" if prefix and name in facts.value("own_hosts", "with_prefix") else host
    )


def _api_key(host: str, facts: Facts) -> EmittedCredential:
    """The secret key, or an OAuth client, with the scope that every run needs."""
    oauth = EmittedOAuth(
        token_url=f"https://{host}{facts.value('paths', 'token')}",
        client=facts.value("authentication", "oauth_client"),
        scopes=(facts.value("scopes", "forward"),),
    )
    return EmittedCredential(facts.value("authentication", "secret_key"), oauth)


def _source_kind(kind: str, fact: Mapping[str, object], facts: Facts) -> EmittedSource:
    takes = [str(name) for name in fact["takes"]]  # type: ignore[attr-defined]
    inputs = facts.section("inputs")
    id_field, type_name = ("id", "id") if kind == "src_" else ("token", "token")
    bind = Map(
        (
            ("type", Lit(type_name)),
            (id_field, Ref("source.id")),
            *((name, If(f"inputs.{name}", Ref(f"inputs.{name}"))) for name in takes),
        )
    )
    return EmittedSource(
        pattern=str(fact["pattern"]),
        single_use=bool(fact["single_use"]),
        inputs={name: inputs[name]["value"] for name in takes},
        has={
            atom: presence_of(str(entry[kind]))
            for atom, entry in facts.unrecorded().section("atoms").items()
        },
        bind=bind,
    )


@cache
def presence_of(fact: str) -> Presence:
    """The facts name the input that an atom comes with."""
    return Presence(fact) if fact in ("always", "vault", "never") else Presence("inputs", fact)


def api_headers() -> NamedTerms:
    """What every call to the vault's API has."""
    authorization = header(Text((Lit("Bearer "), Ref("vault.api_key"))))
    return (("Authorization", authorization), ("Accept", Lit("application/json")))
