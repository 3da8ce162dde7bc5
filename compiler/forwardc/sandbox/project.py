"""What the project of a sandbox has compiled, as plain data: requests, credentials, their hashes.

Whoever starts a sandbox reads the project and hands over a structure like JSON; `read` turns it
into this. What is not in it is not onboarded.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, unquote_plus, urlsplit

Constant = str | int | bool

ProjectReader = Callable[[], Any]
"""Gives the project anew where it has changed since it was asked last, else None."""


@dataclass(frozen=True, slots=True)
class RequestSigning:
    """The signature that a request must have: scheme, what is said of it, the made-up secret."""

    scheme: str
    secret: str = field(repr=False)
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OnboardedRequest:
    """One request that a plan of the project names.

    `vault` is through whom, `direct` for nobody. `live` is a plan of production, and `approved`
    says that its vault's reviewers accepted it, or have none. `url` has None where a value of a
    run stands, and the query where that is fixed; `query` and `headers` are names, those of headers
    in lower case. `fields` are the places of the body that a vault without placeholders fills, with
    what; None where it has placeholders. `constants` are the body's own values by JSON pointer.
    `keys` are the digests that were submitted for a header. `arranged` are the names of what its
    vault must agree to, each with whether somebody recorded that it did; without that it is played
    as if. By arrangement the vault signs in the headers `signed`, and fills tokens of `wallets`.
    """

    vault: str
    live: bool
    approved: bool
    method: str
    url: tuple[str | None, ...]
    query: frozenset[str] = frozenset()
    headers: frozenset[str] = frozenset()
    fields: Mapping[str, str] | None = None
    constants: Mapping[str, Constant] = field(default_factory=dict, repr=False)
    keys: Mapping[str, frozenset[str]] = field(default_factory=dict, repr=False)
    arranged: Mapping[str, bool] = field(default_factory=dict)
    signed: frozenset[str] = frozenset()
    wallets: frozenset[str] = frozenset()
    signing: RequestSigning | None = None

    def takes(self, url: str) -> bool:
        """Whether a URL is this request's: a value of a run is a part of one segment.

        What servers read as a step up in the path is no value.
        """
        if any(unquote(part) in (".", "..") for part in url.partition("?")[0].split("/")):
            return False
        if any("?" in part for part in self.url if part):
            return re.fullmatch(self._pattern, url) is not None
        address, _, query = url.partition("?")
        names = {unquote_plus(pair.partition("=")[0]) for pair in query.split("&") if pair}
        return names <= self.query and re.fullmatch(self._pattern, address) is not None

    @property
    def host(self) -> str:
        """The host that is called."""
        return (urlsplit(self.url[0] or "").hostname or "").lower()

    @property
    def _pattern(self) -> str:
        return "".join("[^/?#&]+" if part is None else re.escape(part) for part in self.url)


@dataclass(frozen=True, slots=True)
class MadeUpCredential:
    """One made-up value of an owner, and where its requests have it.

    A place is `header x-api-key`, `query apiKey`, `signature` or `body`. `private` is the private
    JWK of a public one.
    """

    text: str = field(repr=False)
    places: frozenset[str] = frozenset()
    private: Mapping[str, str] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class CredentialHolder:
    """Whoever has credentials at a host: an owner in one environment, with them by name."""

    owner: str
    secrets: Mapping[str, MadeUpCredential] = field(repr=False)

    def at(self, place: str) -> tuple[str, ...]:
        """The values that this owner's requests have at a place."""
        return tuple(
            credential.text for credential in self.secrets.values() if place in credential.places
        )


@dataclass(frozen=True, slots=True)
class OnboardedProject:
    """All that the project's plans name. An empty one has onboarded nothing."""

    requests: tuple[OnboardedRequest, ...] = ()
    holders: Mapping[str, tuple[CredentialHolder, ...]] = field(default_factory=dict, repr=False)

    def named(
        self, url: str, *, vault: str | None = None, live: bool = False
    ) -> tuple[OnboardedRequest, ...]:
        """The requests that a URL is of, through one vault or any.

        In live mode those of production that its reviewers accepted, in test mode all of them.
        """
        return tuple(
            request
            for request in self.requests
            if vault in (None, request.vault)
            and (not live or (request.live and request.approved))
            and request.takes(url)
        )

    def credentials(self) -> frozenset[str]:
        """Every made-up value that is not to be shown: a public key is no secret."""
        holders = (holder for of_host in self.holders.values() for holder in of_host)
        held = (credential for holder in holders for credential in holder.secrets.values())
        return frozenset(credential.text for credential in held if credential.private is None)


def read(data: Any) -> OnboardedProject:
    """The project of plain data. Raises `ValueError` for another structure."""
    try:
        requests = tuple(map(_named, data["requests"]))
        holders: dict[str, list[CredentialHolder]] = {}
        for holder in data["holders"]:
            holders.setdefault(holder["host"], []).append(_holder(holder))
    except (KeyError, TypeError, AttributeError):
        raise ValueError("the project's data has another structure") from None
    return OnboardedProject(requests, {host: tuple(of_host) for host, of_host in holders.items()})


def _named(data: Mapping[str, Any]) -> OnboardedRequest:
    fields = data["fields"]
    return OnboardedRequest(
        vault=data["vault"],
        live=data["live"],
        approved=data["approved"],
        method=data["method"],
        url=tuple(data["url"]),
        query=frozenset(data["query"]),
        headers=frozenset(name.lower() for name in data["headers"]),
        fields=None if fields is None else dict(fields),
        constants=dict(data["constants"]),
        keys={name.lower(): frozenset(of) for name, of in data["keys"].items()},
        arranged=dict(data.get("arranged", {})),
        signed=frozenset(name.lower() for name in data.get("signed", ())),
        wallets=frozenset(data.get("wallets", ())),
        signing=_signing(data.get("signing")),
    )


def _signing(data: Mapping[str, Any] | None) -> RequestSigning | None:
    if data is None:
        return None
    return RequestSigning(data["scheme"], data["secret"], dict(data["options"]))


def _holder(data: Mapping[str, Any]) -> CredentialHolder:
    secrets = {
        name: MadeUpCredential(
            credential["text"], frozenset(credential["places"]), credential.get("private")
        )
        for name, credential in data["secrets"].items()
    }
    return CredentialHolder(data["owner"], secrets)


def merged_headers(named: Iterable[OnboardedRequest]) -> frozenset[str]:
    """The names of headers that any of these requests has."""
    return frozenset(name for request in named for name in request.headers)


def merged_fields(named: Iterable[OnboardedRequest]) -> dict[str, str]:
    """The fields of these requests; a place of which they say different things is none."""
    fields: dict[str, str] = {}
    unclear: set[str] = set()
    for request in named:
        for place, kind in (request.fields or {}).items():
            if fields.setdefault(place, kind) != kind:
                unclear.add(place)
    return {place: kind for place, kind in fields.items() if place not in unclear}


def merged_keys(named: Iterable[OnboardedRequest]) -> dict[str, frozenset[str]]:
    """The digests of these requests by header."""
    keys: dict[str, frozenset[str]] = {}
    for request in named:
        for name, digests in request.keys.items():
            keys[name] = keys.get(name, frozenset()) | digests
    return keys
