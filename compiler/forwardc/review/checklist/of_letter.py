"""Answers about a destination as a whole: countries, accounts, evidence, who asks.

Knows packs; each function answers one question, by its name in a vault's facts.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Final, TypeAlias

from forwardc.plan.analysis import atoms_used
from forwardc.plan.program import Step
from forwardc.plan.sealed_headers import SealedHeader, file_name, secrets_in
from forwardc.review.agreed import signing_secrets, to_ask
from forwardc.review.checklist.answer import Answer, Sent, missing, said
from forwardc.review.checklist.of_step import address, file_of
from forwardc.review.pack import Pack
from forwardc.review.sample import sample_url
from forwardc.review.sealing import sealed_of
from forwardc.vaults.arranged import Standing
from forwardc.vaults.assess import Assessment
from forwardc.vaults.model import Json

OfLetter: TypeAlias = Callable[[Pack, list[Sent]], Answer]

_PROJECT: Final = "forwardc.yaml"


def endpoint(pack: Pack, sent: list[Sent]) -> Answer:
    """Which live addresses are called, and whether they stand on the vault's own list."""
    if pack.program.environment_class != "production":
        return _live_addresses(pack)
    if "destinations" not in pack.vault.facts.data:
        return said(*dict.fromkeys(address(pack, one) for one in sent))
    return said(*dict.fromkeys(f"{address(pack, one)}: {_listed(pack, one)}" for one in sent))


def _listed(pack: Pack, one: Sent) -> str:
    if pack.destination.own_vault:
        return "our own token vault"
    findings = one.assessment.findings
    is_new = any(found.code == "FC0610" and found.step == one.step.name for found in findings)
    return "not on the list, so that it needs onboarding" if is_new else "on the list"


def _live_addresses(pack: Pack) -> Answer:
    """The addresses that a vault must first agree to; nobody is told those of tests for them."""
    told = [
        f"{url}: {_standing_there(one, step)}"
        for one in pack.live
        for step in one.context.vault_steps
        for url in [sample_url(step, one.context.program, pack.destination)]
    ]
    return said(*dict.fromkeys(told)) if told else not_built(pack)


def live_url(pack: Pack, sent: Sent) -> Answer:
    """The live address of a request that is not built for production, and what is owed for it."""
    owed = not_built(pack)
    told = [
        sample_url(step, one.context.program, pack.destination)
        for one in pack.live
        for step in one.context.vault_steps
        if f"{one.context.operation.name}.{step.name}" == sent.place
    ]
    return Answer(tuple(dict.fromkeys(told)), owed.missing)


def _standing_there(one: Assessment, step: Step) -> str:
    found = [standing for standing in one.standings if standing.step == step.name]
    if found and found[0].listed:
        return "on the list, and needs what is said below"
    return "please say whether it is supported, or what onboarding needs"


def not_built(pack: Pack) -> Answer:
    """What to write where a destination is not built for production."""
    if pack.live:
        return Answer(missing=tuple(_to_record(pack)) or (_refused(pack),))
    if "production" not in pack.destination.environments:
        return missing("environments: {production: {base_url: https://...}}", file_of(pack))
    if not pack.accounts.get("live"):
        return _account(pack, "live", "production")
    settings = f"{{settings: {{{pack.destination.name}: {{...}}}}}}"
    return missing(f"environments: {{production: {settings}}}", _PROJECT)


def _to_record(pack: Pack) -> Iterator[str]:
    for row in to_ask(pack.live):
        yield f"write `{row['record']}` into {_PROJECT} when it is agreed"


def _refused(pack: Pack) -> str:
    return f"{pack.vault.facts.title} refuses it: `forwardc coverage` tells why"


def formats(_pack: Pack, sent: list[Sent]) -> Answer:
    """Transport and kinds of body, of request and answer."""
    return said(*dict.fromkeys(_format(one) for one in sent))


def _format(one: Sent) -> str:
    body = one.step.request.body
    kind = body.encoding.upper() if body else "no body"
    return f"yes: HTTPS, {kind} in the request, {one.step.answer.upper()} in the answer"


def arranged(pack: Pack, _sent: list[Sent]) -> Answer:
    """What must be agreed beyond the documents: still to ask, or under which ticket."""
    told = [
        line
        for one in pack.live or pack.assessments
        for standing in one.standings
        for line in _standing(one, standing)
    ]
    return said(*dict.fromkeys(told)) if told else said("no")


def _standing(one: Assessment, standing: Standing) -> Iterator[str]:
    words, grant = standing.arrangement.words, standing.grant
    is_test = one.context.environment_class == "sandbox"
    where = f"{words}, for {standing.url}{' (for tests)' if is_test else ''}"
    if grant is not None:
        yield f"agreed: {where}, under {grant.ticket} of {grant.date}, by {grant.by}"
    else:
        asks = f". {standing.arrangement.asks}" if standing.arrangement.asks else ""
        yield f"please set up: {where}{asks}"
    secrets = signing_secrets(one, standing)
    if secrets:
        yield f"the signature of {standing.url} needs {', '.join(secrets)}, which we give you apart"


def forward_to(pack: Pack, _sent: list[Sent]) -> Answer:
    """Where card data is received."""
    countries = pack.destination.countries
    if countries:
        return said(", ".join(countries))
    if pack.merchant.country:
        return said(f"{pack.merchant.country}, where our account is")
    return missing("countries: [...]", file_of(pack))


def account_country(pack: Pack, _sent: list[Sent]) -> Answer:
    """Where the merchant's account is registered."""
    return _of_merchant(pack.merchant.country, "country: XX")


def contact(pack: Pack, _sent: list[Sent]) -> Answer:
    """Whom support may ask."""
    return _of_merchant(pack.merchant.contact, "contact: NAME, ADDRESS OF MAIL")


def volume(pack: Pack, _sent: list[Sent]) -> Answer:
    """How many requests to expect."""
    return _of_merchant(pack.merchant.volume, "volume: REQUESTS A MONTH, A SECOND AT THE PEAK")


def _of_merchant(value: str, line: str) -> Answer:
    return said(value) if value else missing(f"merchant: {{{line}}}", _PROJECT)


def compliance(pack: Pack, _sent: list[Sent]) -> Answer:
    """Whether whoever receives the card complies with PCI DSS, and who says so."""
    pci = pack.destination.pci
    if pack.destination.own_vault:
        return _own_evidence(pack)
    if pci is not None and pci.status == "confirmed":
        return said(f"yes: confirmed by {pci.confirmed_by} on {pci.date}", *_evidence(pack))
    line = "pci: {status: confirmed, confirmed_by: WHO, date: YYYY-MM-DD}"
    asked = f"asked for on {pci.date}, not answered yet" if pci and pci.status == "asked" else ""
    lines = (*([asked] if asked else []), *_evidence(pack))
    return Answer(lines, missing(line, file_of(pack)).missing)


def _own_evidence(pack: Pack) -> Answer:
    found = _evidence(pack)
    line = "pci: {level: 1, attestation: FILE, expires: YYYY-MM-DD}"
    return said(*found) if found else missing(line, file_of(pack))


def _evidence(pack: Pack) -> tuple[str, ...]:
    pci = pack.destination.pci
    if pci is None:
        return ()
    told = [
        f"level {pci.level}" if pci.level else "",
        f"attestation of compliance {pci.attestation}" if pci.attestation else "",
        f"valid until {pci.expires}" if pci.expires else "",
    ]
    line = ", ".join(filter(None, told))
    return (f"PCI DSS: {line}",) if line else ()


def own_vault(pack: Pack, sent: list[Sent]) -> Answer:
    """What a vault asks of a merchant's own token vault, each with what is so here."""
    if not pack.destination.own_vault:
        return said("no: it belongs to another company")
    secret = [
        pair.name for one in sent for pair in one.step.request.headers if secrets_in(pair.value)
    ]
    words = str(pack.vault.facts.value("submission", "own_vault"))
    return said(
        f"yes. {words}",
        f"headers that authenticate: {', '.join(dict.fromkeys(secret)) or 'none'}",
        *_own_evidence(pack).lines,
    )


def account_for_tests(pack: Pack, _sent: list[Sent]) -> Answer:
    """The merchant's account for tests."""
    return _account(pack, "test", "sandbox")


def live_account(pack: Pack, _sent: list[Sent]) -> Answer:
    """The merchant's account for production."""
    return _account(pack, "live", "production")


def _account(pack: Pack, which: str, environment: str) -> Answer:
    key = pack.vault.account_keys[0]
    value = pack.accounts.get(which, {}).get(key)
    if value:
        return said(value)
    vault = f"{{vaults: {{{pack.vault.name}: {{{key}: ...}}}}}}"
    return missing(f"environments: {{{environment}: {vault}}}", _PROJECT)


def prefix(pack: Pack, _sent: list[Sent]) -> Answer:
    """The prefix of the account's own hosts, for tests and production."""
    told: list[str] = []
    lacking: list[str] = []
    for which, environment in (("test", "sandbox"), ("live", "production")):
        value = pack.accounts.get(which, {}).get("prefix")
        if value:
            told.append(f"{environment}: {value}")
        else:
            vault = f"{{vaults: {{{pack.vault.name}: {{prefix: ...}}}}}}"
            lacking += missing(f"environments: {{{environment}: {vault}}}", _PROJECT).missing
    return Answer(tuple(told), tuple(lacking))


def url_for_tests(pack: Pack, _sent: list[Sent]) -> Answer:
    """The endpoint's addresses for tests, and that the vault is asked to let them."""
    if not pack.test_urls:
        return missing("environments: {sandbox: {base_url: https://...}}", file_of(pack))
    if pack.destination.own_vault or "destinations" not in pack.vault.facts.data:
        ask = "please say whether its host must be allowed for the tests"
    else:
        ask = "the list has live addresses only: please say whether this one needs onboarding"
    return said(*(f"{url}: {ask}" for url in dict.fromkeys(pack.test_urls)))


def permissions(pack: Pack, _sent: list[Sent]) -> Answer:
    """What authenticates the caller, and what it may do."""
    ways = " or ".join(one.replace("_", " ") for one in pack.setup["authentication"]["accepted"])
    scopes: list[str] = pack.setup["permissions"]
    return said(f"{ways}, with: {', '.join(scopes)}" if scopes else ways)


def credentials(pack: Pack, _sent: list[Sent]) -> Answer:
    """Where each credential of the endpoint is: sealed for the vault, stored there, or ours."""
    if "key_sealing" in pack.vault.facts.data:
        told = [_sealed(pack, one) for one in sealed_of(pack)]
    else:
        told = [_held(pack, secret) for secret in pack.setup["secrets"]]
    return said(*told) if told else said("none: no header holds a credential")


def _sealed(pack: Pack, one: SealedHeader) -> str:
    doubt = f". Please confirm that you hash just this: {one.doubt}" if one.doubt else ""
    file = file_name(pack.destination.name, one.file)
    return f"{one.header}: SHA-256 of {one.what}, encrypted to your key, in `{file}`{doubt}"


def _held(pack: Pack, secret: Json) -> str:
    described = f" ({secret['description']})" if secret["description"] else ""
    where = [
        f"stored at {pack.vault.facts.title} under this name" if holder == "vault" else "sent by us"
        for holder in secret["held"]
    ]
    return f"{secret['name']}{described}: {' and '.join(where)}"


def sources(pack: Pack, sent: list[Sent]) -> Answer:
    """What names the card, and which tokens go with it."""
    known: Mapping[str, Json] = pack.plan["sources"]
    used = {name for one in sent for name in atoms_used(one.assessment.context.authored)}
    told = []
    for kind, source in known.items():
        inputs = [
            how["input"]
            for atom, how in source["has"].items()
            if isinstance(how, dict) and atom in used
        ]
        told.append(f"{kind}{' with ' + ', '.join(dict.fromkeys(inputs)) if inputs else ''}")
    return said(*told)


def network_tokens(pack: Pack, _sent: list[Sent]) -> Answer:
    """Whether network tokens are sent."""
    found = pack.setup["network_tokens"]
    if not found:
        return said("no")
    return said(f"yes, {'with' if found['cryptogram'] else 'without'} a cryptogram")


def names(_pack: Pack, sent: list[Sent]) -> Answer:
    """Which requests send what a cardholder typed, as it was typed."""
    typed = [
        one.place
        for one in sent
        if any(
            atom.name == "card.holder_name" or atom.name.startswith("billing.")
            for atom in one.written.request.atoms
        )
    ]
    if not typed:
        return said("no name and no address is sent")
    where = " and ".join(typed)
    return said(f"sent as it is stored, in {where}; we leave it out where the endpoint refuses it")


def extras(pack: Pack, _sent: list[Sent]) -> Answer:
    """What is a request of its own to the vault's support."""
    wallets = any(
        standing.arrangement.wallets for one in pack.assessments for standing in one.standings
    )
    return said("wallets, as said above; no 3DS, and no CVC that is kept" if wallets else "no")


def afterwards(_pack: Pack, _sent: list[Sent]) -> Answer:
    """Who does what comes after a forwarded payment."""
    return said("we do, at the endpoint itself")


OF_LETTER: Final[Mapping[str, OfLetter]] = {
    "endpoint": endpoint,
    "formats": formats,
    "arranged": arranged,
    "forward_to": forward_to,
    "account_country": account_country,
    "contact": contact,
    "volume": volume,
    "compliance": compliance,
    "own_vault": own_vault,
    "test_account": account_for_tests,
    "live_account": live_account,
    "prefix": prefix,
    "test_url": url_for_tests,
    "permissions": permissions,
    "credentials": credentials,
    "sources": sources,
    "network_tokens": network_tokens,
    "names": names,
    "extras": extras,
    "afterwards": afterwards,
}
