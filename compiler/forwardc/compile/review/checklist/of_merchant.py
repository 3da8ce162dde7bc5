"""Answers about the merchant: who asks, which accounts, what it gives with each request.

Knows packs; each function answers one question, by its name in a vault's facts.
"""

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from forwardc.compile.ir.analysis import atoms_used
from forwardc.compile.review.checklist.answer import ChecklistAnswer, SentRequest, missing, said
from forwardc.compile.review.checklist.of_step import file_of
from forwardc.compile.review.pack import Pack
from forwardc.compile.review.sealing import sealed_of
from forwardc.compile.vaults.model import Json
from forwardc.plan.sealed_headers import SealedHeader, file_name

OfLetter: TypeAlias = Callable[[Pack, list[SentRequest]], ChecklistAnswer]

PROJECT: Final = "forwardc.yaml"


def forward_to(pack: Pack, _sent: list[SentRequest]) -> ChecklistAnswer:
    """Where card data is received."""
    countries = pack.destination.countries
    if countries:
        return said(", ".join(countries))
    if pack.merchant.country:
        return said(f"{pack.merchant.country}, where our account is")
    return missing("countries: [...]", file_of(pack))


def account_country(pack: Pack, _sent: list[SentRequest]) -> ChecklistAnswer:
    """Where the merchant's account is registered."""
    return _of_merchant(pack.merchant.country, "country: XX")


def contact(pack: Pack, _sent: list[SentRequest]) -> ChecklistAnswer:
    """Whom support may ask."""
    return _of_merchant(pack.merchant.contact, "contact: NAME, ADDRESS OF MAIL")


def volume(pack: Pack, _sent: list[SentRequest]) -> ChecklistAnswer:
    """How many requests to expect."""
    return _of_merchant(pack.merchant.volume, "volume: REQUESTS A MONTH, A SECOND AT THE PEAK")


def _of_merchant(value: str, line: str) -> ChecklistAnswer:
    return said(value) if value else missing(f"merchant: {{{line}}}", PROJECT)


def account_for_tests(pack: Pack, _sent: list[SentRequest]) -> ChecklistAnswer:
    """The merchant's account for tests."""
    return account(pack, "test", "sandbox")


def live_account(pack: Pack, _sent: list[SentRequest]) -> ChecklistAnswer:
    """The merchant's account for production."""
    return account(pack, "live", "production")


def account(pack: Pack, which: str, environment: str) -> ChecklistAnswer:
    """The id of the account that is `test` or `live`, or the line that gives it."""
    key = pack.vault.account_keys[0]
    value = pack.accounts.get(which, {}).get(key)
    if value:
        return said(value)
    vault = f"{{vaults: {{{pack.vault.name}: {{{key}: ...}}}}}}"
    return missing(f"environments: {{{environment}: {vault}}}", PROJECT)


def prefix(pack: Pack, _sent: list[SentRequest]) -> ChecklistAnswer:
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


def permissions(pack: Pack, _sent: list[SentRequest]) -> ChecklistAnswer:
    """What authenticates the caller, and what it may do."""
    ways = " or ".join(way.replace("_", " ") for way in pack.setup["authentication"]["accepted"])
    scopes: list[str] = pack.setup["permissions"]
    return said(f"{ways}, with: {', '.join(scopes)}" if scopes else ways)


def credentials(pack: Pack, _sent: list[SentRequest]) -> ChecklistAnswer:
    """Where each credential of the endpoint is: sealed for the vault, stored there, or ours."""
    if "key_sealing" in pack.vault.facts.data:
        lines = [_sealed(pack, header) for header in sealed_of(pack)]
    else:
        lines = [_held(pack, secret) for secret in pack.setup["secrets"]]
    return said(*lines) if lines else said("none: no header holds a credential")


def _sealed(pack: Pack, header: SealedHeader) -> str:
    doubt = f". Please confirm that you hash just this: {header.doubt}" if header.doubt else ""
    file = file_name(pack.destination.name, header.file)
    return f"{header.header}: SHA-256 of {header.what}, encrypted to your key, in `{file}`{doubt}"


def _held(pack: Pack, secret: Json) -> str:
    described = f" ({secret['description']})" if secret["description"] else ""
    where = [
        f"stored by us at {pack.vault.facts.title}, under this name"
        if holder == "vault"
        else "sent by us with each request"
        for holder in secret["held"]
    ]
    return f"{secret['name']}{described}: {' and '.join(where)}"


def sources(pack: Pack, sent: list[SentRequest]) -> ChecklistAnswer:
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
    return said(*lines)


def network_tokens(pack: Pack, _sent: list[SentRequest]) -> ChecklistAnswer:
    """Whether network tokens are sent."""
    tokens = pack.setup["network_tokens"]
    if not tokens:
        return said("no")
    return said(f"yes, {'with' if tokens['cryptogram'] else 'without'} a cryptogram")


def names(_pack: Pack, sent: list[SentRequest]) -> ChecklistAnswer:
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
        return said("no name and no address is sent")
    where = " and ".join(typed)
    return said(f"sent as it is stored, in {where}; we leave it out where the endpoint refuses it")


def extras(pack: Pack, _sent: list[SentRequest]) -> ChecklistAnswer:
    """What is a request of its own to the vault's support."""
    wallets = any(
        standing.arrangement.wallets
        for assessment in pack.assessments
        for standing in assessment.standings
    )
    neither = "we ask for neither"
    return said(f"{neither}; of wallets see above" if wallets else neither)


def afterwards(_pack: Pack, _sent: list[SentRequest]) -> ChecklistAnswer:
    """Who does what comes after a forwarded payment."""
    return said("we do, at the endpoint itself")


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
