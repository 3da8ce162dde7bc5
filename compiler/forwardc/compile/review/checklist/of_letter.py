"""Answers of a whole letter: the merchant and its accounts, the endpoint and who is behind it.

Each function answers one question, by its name in a vault's facts, out of the pack and the
requests that the vault sends. One file, since the tables at its ends are the letter's questions.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Final, TypeAlias

from forwardc.compile.ir.analysis import atoms_used
from forwardc.compile.ir.program import ProgramStep
from forwardc.compile.review.arrangements import signing_secrets, to_ask
from forwardc.compile.review.checklist.of_step import (
    ChecklistAnswer,
    SentRequest,
    address,
    answered_in,
    file_of,
    missing,
)
from forwardc.compile.review.client_certificates import certificates_to_present
from forwardc.compile.review.packet import ReviewPacket, sealed_of
from forwardc.compile.review.sample import sample_url
from forwardc.compile.vaults.arrangements import Standing
from forwardc.compile.vaults.assess import NEEDS_ONBOARDING, Assessment
from forwardc.compile.vaults.encode import Json
from forwardc.plan.sealed_headers import SealedHeader, file_name, scheme_of, secrets_in

OfLetter: TypeAlias = Callable[[ReviewPacket, list[SentRequest]], ChecklistAnswer]

PROJECT: Final = "forwardc.yaml"


def forward_to(pack: ReviewPacket, _sent: list[SentRequest]) -> ChecklistAnswer:
    """Where card data is received."""
    countries = pack.destination.countries
    if countries:
        return answered_in(", ".join(countries))
    if pack.merchant.country:
        return answered_in(f"{pack.merchant.country}, where our account is")
    return missing("countries: [...]", file_of(pack))


def account_country(pack: ReviewPacket, _sent: list[SentRequest]) -> ChecklistAnswer:
    """Where the merchant's account is registered."""
    return _of_merchant(pack.merchant.country, "country: XX")


def contact(pack: ReviewPacket, _sent: list[SentRequest]) -> ChecklistAnswer:
    """Whom support may ask."""
    return _of_merchant(pack.merchant.contact, "contact: NAME, ADDRESS OF MAIL")


def volume(pack: ReviewPacket, _sent: list[SentRequest]) -> ChecklistAnswer:
    """How many requests to expect."""
    return _of_merchant(pack.merchant.volume, "volume: REQUESTS A MONTH, A SECOND AT THE PEAK")


def _of_merchant(value: str, line: str) -> ChecklistAnswer:
    return answered_in(value) if value else missing(f"merchant: {{{line}}}", PROJECT)


def account_for_tests(pack: ReviewPacket, _sent: list[SentRequest]) -> ChecklistAnswer:
    """The merchant's account for tests."""
    return account(pack, "test", "sandbox")


def live_account(pack: ReviewPacket, _sent: list[SentRequest]) -> ChecklistAnswer:
    """The merchant's account for production."""
    return account(pack, "live", "production")


def account(pack: ReviewPacket, which: str, environment: str) -> ChecklistAnswer:
    """The id of the account that is `test` or `live`, or the line that gives it."""
    key = pack.vault.account_keys[0]
    value = pack.accounts.get(which, {}).get(key)
    if value:
        return answered_in(value)
    vault = f"{{vaults: {{{pack.vault.name}: {{{key}: ...}}}}}}"
    return missing(f"environments: {{{environment}: {vault}}}", PROJECT)


def prefix(pack: ReviewPacket, _sent: list[SentRequest]) -> ChecklistAnswer:
    """The prefix of the account's own hosts, for tests and production."""
    lines: list[str] = []
    lacking: list[str] = []
    for which, environment in (("test", "sandbox"), ("live", "production")):
        value = pack.accounts.get(which, {}).get("prefix")
        if value:
            lines.append(f"{environment}: {value}")
        else:
            vault = f"{{vaults: {{{pack.vault.name}: {{prefix: ...}}}}}}"
            lacking += missing(f"environments: {{{environment}: {vault}}}", PROJECT).missing
    return ChecklistAnswer(tuple(lines), tuple(lacking))


def permissions(pack: ReviewPacket, _sent: list[SentRequest]) -> ChecklistAnswer:
    """What authenticates the caller, and what it may do."""
    ways = " or ".join(way.replace("_", " ") for way in pack.setup["authentication"]["accepted"])
    scopes: list[str] = pack.setup["permissions"]
    return answered_in(f"{ways}, with: {', '.join(scopes)}" if scopes else ways)


def credentials(pack: ReviewPacket, _sent: list[SentRequest]) -> ChecklistAnswer:
    """Where each credential of the endpoint is: sealed for the vault, stored there, or ours."""
    if "key_sealing" in pack.vault.facts.data:
        lines = [_sealed(pack, header) for header in sealed_of(pack)]
    else:
        lines = [_held(pack, secret) for secret in pack.setup["secrets"]]
    return answered_in(*lines) if lines else answered_in("none: no header holds a credential")


def _sealed(pack: ReviewPacket, header: SealedHeader) -> str:
    doubt = f". Please confirm that you hash just this: {header.doubt}" if header.doubt else ""
    file = file_name(pack.destination.name, header.file)
    hashed = f"{header.header}: SHA-256 of {header.description}"
    return f"{hashed}, encrypted to your key, in `{file}`{doubt}"


def _held(pack: ReviewPacket, secret: Json) -> str:
    described = f" ({secret['description']})" if secret["description"] else ""
    where = [
        f"stored by us at {pack.vault.facts.title}, under this name"
        if holder == "vault"
        else "sent by us with each request"
        for holder in secret["held"]
    ]
    return f"{secret['name']}{described}: {' and '.join(where)}"


def sources(pack: ReviewPacket, sent: list[SentRequest]) -> ChecklistAnswer:
    """What names the card, and which tokens go with it."""
    kinds: Mapping[str, Json] = pack.plan["sources"]
    used = {name for request in sent for name in atoms_used(request.assessment.context.authored)}
    lines = []
    for kind, source in kinds.items():
        inputs = [
            how["input"]
            for atom, how in source["has"].items()
            if isinstance(how, dict) and atom in used
        ]
        lines.append(f"{kind}{' with ' + ', '.join(dict.fromkeys(inputs)) if inputs else ''}")
    return answered_in(*lines)


def network_tokens(pack: ReviewPacket, _sent: list[SentRequest]) -> ChecklistAnswer:
    """Whether network tokens are sent."""
    tokens = pack.setup["network_tokens"]
    if not tokens:
        return answered_in("no")
    return answered_in(f"yes, {'with' if tokens['cryptogram'] else 'without'} a cryptogram")


def names(_pack: ReviewPacket, sent: list[SentRequest]) -> ChecklistAnswer:
    """Which requests send what a cardholder typed, as it was typed."""
    typed = [
        request.place
        for request in sent
        if any(
            atom.name == "card.holder_name" or atom.name.startswith("billing.")
            for atom in request.written.request.atoms
        )
    ]
    if not typed:
        return answered_in("no name and no address is sent")
    where = " and ".join(typed)
    return answered_in(
        f"sent as it is stored, in {where}; we leave it out where the endpoint refuses it"
    )


def extras(pack: ReviewPacket, _sent: list[SentRequest]) -> ChecklistAnswer:
    """What is a request of its own to the vault's support."""
    wallets = any(
        standing.arrangement.wallets
        for assessment in pack.assessments
        for standing in assessment.standings
    )
    neither = "we ask for neither"
    return answered_in(f"{neither}; of wallets see above" if wallets else neither)


def afterwards(_pack: ReviewPacket, _sent: list[SentRequest]) -> ChecklistAnswer:
    """Who does what comes after a forwarded payment."""
    return answered_in("we do, at the endpoint itself")


OF_MERCHANT: Final[Mapping[str, OfLetter]] = {
    "forward_to": forward_to,
    "account_country": account_country,
    "contact": contact,
    "volume": volume,
    "test_account": account_for_tests,
    "live_account": live_account,
    "prefix": prefix,
    "permissions": permissions,
    "credentials": credentials,
    "sources": sources,
    "network_tokens": network_tokens,
    "names": names,
    "extras": extras,
    "afterwards": afterwards,
}


# The endpoint


def endpoint(pack: ReviewPacket, sent: list[SentRequest]) -> ChecklistAnswer:
    """Which live addresses are called, whether they are on the vault's list, and what they ask."""
    addresses = _addresses(pack, sent)
    asked = certificates_to_present(pack.live or pack.assessments, pack.destination)
    return ChecklistAnswer((*addresses.lines, *dict.fromkeys(asked)), addresses.missing)


def _addresses(pack: ReviewPacket, sent: list[SentRequest]) -> ChecklistAnswer:
    if pack.program.environment_class != "production":
        return _live_addresses(pack)
    if "destinations" not in pack.vault.facts.data:
        return answered_in(*dict.fromkeys(address(pack, request) for request in sent))
    new = {
        f"{assessment.context.operation.name}.{finding.step}"
        for assessment in pack.assessments
        for finding in assessment.findings
        if finding.code == NEEDS_ONBOARDING
    }
    listed = {True: "not on the list, so that it needs onboarding", False: "on the list"}
    if pack.destination.own_vault:
        listed = dict.fromkeys(listed, "our own token vault")
    lines = (f"{address(pack, request)}: {listed[request.place in new]}" for request in sent)
    return answered_in(*dict.fromkeys(lines))


def _live_addresses(pack: ReviewPacket) -> ChecklistAnswer:
    """The addresses that a vault must first agree to; nobody is told those of tests for them."""
    lines = [
        f"{url}: {_standing_there(assessment, step)}"
        for assessment in pack.live
        for step in assessment.context.vault_steps
        for url in [sample_url(step, assessment.context.program, pack.destination)]
    ]
    return answered_in(*dict.fromkeys(lines)) if lines else not_built(pack)


def live_url(pack: ReviewPacket, sent: SentRequest) -> ChecklistAnswer:
    """The live address of a request that is not built for production, and what is owed for it."""
    owed = not_built(pack)
    urls = [
        sample_url(step, assessment.context.program, pack.destination)
        for assessment in pack.live
        for step in assessment.context.vault_steps
        if f"{assessment.context.operation.name}.{step.name}" == sent.place
    ]
    return ChecklistAnswer(tuple(dict.fromkeys(urls)), owed.missing)


def _standing_there(assessment: Assessment, step: ProgramStep) -> str:
    standings = [standing for standing in assessment.standings if standing.step == step.name]
    if standings and standings[0].listed:
        return "on the list, and needs what is said below"
    return "please say whether it is supported, or what onboarding needs"


def not_built(pack: ReviewPacket) -> ChecklistAnswer:
    """What to write where a destination is not built for production."""
    if pack.live:
        return ChecklistAnswer(missing=tuple(_to_record(pack)) or (_refused(pack),))
    if "production" not in pack.destination.environments:
        return missing("environments: {production: {base_url: https://...}}", file_of(pack))
    if not pack.accounts.get("live"):
        return account(pack, "live", "production")
    settings = f"{{settings: {{{pack.destination.name}: {{...}}}}}}"
    return missing(f"environments: {{production: {settings}}}", PROJECT)


def _to_record(pack: ReviewPacket) -> Iterator[str]:
    for row in to_ask(pack.live):
        yield f"write `{row['record']}` into {PROJECT} when it is agreed"


def _refused(pack: ReviewPacket) -> str:
    return f"{pack.vault.facts.title} refuses it: `forwardc coverage` tells why"


def formats(_pack: ReviewPacket, sent: list[SentRequest]) -> ChecklistAnswer:
    """Transport and kinds of body, of request and answer."""
    return answered_in(*dict.fromkeys(_format(request) for request in sent))


def _format(request: SentRequest) -> str:
    body = request.step.request.body
    kind = body.encoding.upper() if body else "no body"
    return f"yes: HTTPS, {kind} in the request, {request.step.answer.upper()} in the answer"


def arranged(pack: ReviewPacket, _sent: list[SentRequest]) -> ChecklistAnswer:
    """What must be agreed beyond the documents: still to ask, or under which ticket."""
    lines = [
        line
        for assessment in pack.live or pack.assessments
        for standing in assessment.standings
        for line in _standing(assessment, standing)
    ]
    return answered_in(*dict.fromkeys(lines)) if lines else answered_in("no")


def _standing(assessment: Assessment, standing: Standing) -> Iterator[str]:
    words, grant = standing.arrangement.words, standing.grant
    is_test = assessment.context.environment_class == "sandbox"
    where = f"{words}, for {standing.url}{' (for tests)' if is_test else ''}"
    if grant is not None:
        yield f"agreed: {where}, under {grant.ticket} of {grant.date}, by {grant.by}"
    else:
        asks = f". {standing.arrangement.asks}" if standing.arrangement.asks else ""
        yield f"please set up: {where}{asks}"
    secrets = signing_secrets(assessment, standing)
    if secrets:
        yield f"the signature of {standing.url} needs {', '.join(secrets)}, which we give you apart"


def compliance(pack: ReviewPacket, _sent: list[SentRequest]) -> ChecklistAnswer:
    """Whether whoever receives the card complies with PCI DSS, and who says so."""
    pci = pack.destination.pci
    if pack.destination.own_vault:
        return _own_evidence(pack)
    if pci is not None and pci.status == "confirmed":
        return answered_in(f"yes: confirmed by {pci.confirmed_by} on {pci.date}", *_evidence(pack))
    line = "pci: {status: confirmed, confirmed_by: WHO, date: YYYY-MM-DD}"
    asked = f"asked for on {pci.date}, not answered yet" if pci and pci.status == "asked" else ""
    lines = (*([asked] if asked else []), *_evidence(pack))
    return ChecklistAnswer(lines, missing(line, file_of(pack)).missing)


def _own_evidence(pack: ReviewPacket) -> ChecklistAnswer:
    evidence = _evidence(pack)
    line = "pci: {level: 1, attestation: FILE, expires: YYYY-MM-DD}"
    return answered_in(*evidence) if evidence else missing(line, file_of(pack))


def _evidence(pack: ReviewPacket) -> tuple[str, ...]:
    pci = pack.destination.pci
    if pci is None:
        return ()
    parts = [
        f"level {pci.level}" if pci.level else "",
        f"attestation of compliance {pci.attestation}" if pci.attestation else "",
        f"valid until {pci.expires}" if pci.expires else "",
    ]
    line = ", ".join(filter(None, parts))
    return (f"PCI DSS: {line}",) if line else ()


def own_vault(pack: ReviewPacket, sent: list[SentRequest]) -> ChecklistAnswer:
    """What a vault asks of a merchant's own token vault, each with what is so here."""
    if not pack.destination.own_vault:
        return answered_in("no: it belongs to another company")
    bodies = dict.fromkeys(line for request in sent for line in _unfit(request))
    headers = dict.fromkeys(line for request in sent for line in _credential_headers(request))
    count = len({address(pack, request) for request in sent})
    evidence = _own_evidence(pack)
    lines = (
        "yes, without client certificates",
        *(bodies or ("HTTPS, with JSON in the request and in the answer",)),
        "one fixed address" if count == 1 else f"{count} addresses, where one is asked for",
        *(headers or ("no header with a credential, where a bearer key is asked for",)),
    )
    return ChecklistAnswer((*lines, *evidence.lines), evidence.missing)


def _unfit(request: SentRequest) -> Iterator[str]:
    """What a step's bodies are where they are not JSON, which is asked for."""
    body = request.step.request.body
    kinds = (body.encoding if body else "none", request.step.answer)
    if kinds != ("json", "json"):
        words = f"{kinds[0]} in the request and {kinds[1]} in the answer"
        yield f"{request.place} has {words}, where JSON is asked for"


def _credential_headers(request: SentRequest) -> Iterator[str]:
    for pair in request.step.request.headers:
        if secrets_in(pair.value):
            is_bearer = pair.name.lower() == "authorization" and scheme_of(pair.value) == "bearer"
            also = "" if is_bearer else ", where only a bearer key is asked for"
            yield f"a credential in the header {pair.name}{also}"


def url_for_tests(pack: ReviewPacket, _sent: list[SentRequest]) -> ChecklistAnswer:
    """The endpoint's addresses for tests, and that the vault is asked to let them."""
    if not pack.test_urls:
        return missing("environments: {sandbox: {base_url: https://...}}", file_of(pack))
    if pack.destination.own_vault or "destinations" not in pack.vault.facts.data:
        ask = "please say whether its host must be allowed for the tests"
    else:
        ask = "the list has live addresses only: please say whether this one needs onboarding"
    return answered_in(*(f"{url}: {ask}" for url in dict.fromkeys(pack.test_urls)))


OF_ENDPOINT: Final[Mapping[str, OfLetter]] = {
    "endpoint": endpoint,
    "formats": formats,
    "arranged": arranged,
    "compliance": compliance,
    "own_vault": own_vault,
    "test_url": url_for_tests,
}
