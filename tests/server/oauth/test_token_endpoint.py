"""`POST /oauth/token` as RFC 6749 wants it, and that what it issues is believed."""

import asyncio
import json
from base64 import b64encode, urlsafe_b64decode
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

import httpx
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from starlette.applications import Starlette

from forwardc.runtime.history.store import Store
from forwardc.server.http.problems import ProblemError, ProblemKind
from forwardc.server.http.rate_limits import RateLimits
from forwardc.server.oauth.clients import Client, Clients, new_secret
from forwardc.server.oauth.server_keys import ServerKeys
from forwardc.server.oauth.token_endpoint import issuer_url
from forwardc.server.settings import ServerSettings, settings_from
from forwardc.server.wiring.components import Authentication, open_authentication

FORM = "application/x-www-form-urlencoded"
GRANT = "grant_type=client_credentials"
WRONG = new_secret()
pytestmark = pytest.mark.usefixtures("cheap_hashes")


def settings(**given: Any) -> ServerSettings:
    return settings_from(
        None,
        forwardc=1,
        run={"environment": "sandbox"},
        destinations={"COM.ROKT.CATALOG": {"run": "rokt.share"}},
        lookup={"kind": "csv", "file": "lookup.csv"},
        **given,
    )


@dataclass
class IssuerServer:
    """The embedded issuer of a history with one client."""

    store: Store
    keys: ServerKeys
    client: Client
    secret: str
    address: str = "192.0.2.7"

    def __call__(self, work: Callable[[httpx.AsyncClient, Authentication], Awaitable[Any]]) -> Any:
        async def run() -> Any:
            commits = self.store.commits
            auth = open_authentication(settings(), self.keys, commits, RateLimits(commits))
            transport = httpx.ASGITransport(
                Starlette(routes=list(auth.routes)), client=(self.address, 5)
            )
            async with httpx.AsyncClient(
                transport=transport, base_url="http://127.0.0.1:8457"
            ) as client:
                found = await work(client, auth)
            await auth.close()
            return found

        return asyncio.run(run())

    def post(self, body: str, **headers: str) -> httpx.Response:
        sent = {"Content-Type": FORM, **{k.replace("_", "-"): v for k, v in headers.items()}}
        found: httpx.Response = self(
            lambda client, _: client.post("/oauth/token", content=body, headers=sent)
        )
        return found

    def get(self, path: str) -> httpx.Response:
        found: httpx.Response = self(lambda client, _: client.get(path))
        return found

    @property
    def basic(self) -> str:
        return basic(self.client.id, self.secret)

    @property
    def posted(self) -> str:
        return f"{GRANT}&client_id={self.client.id}&client_secret={self.secret}"


def basic(client_id: str, secret: str) -> str:
    return "Basic " + b64encode(f"{client_id}:{secret}".encode()).decode()


@pytest.fixture
def issuer(file_store: Store, keys: ServerKeys) -> IssuerServer:
    client, secret = Clients(file_store).issue(
        "Rokt", ["payment-sharing", "dashboard-viewer"], "eve"
    )
    return IssuerServer(file_store, keys, client, secret)


def test_a_client_gets_a_token_that_the_gate_believes(issuer: IssuerServer) -> None:
    async def work(client: httpx.AsyncClient, auth: Authentication) -> None:
        answer = await client.post(
            "/oauth/token",
            data={"grant_type": "client_credentials"},
            auth=(issuer.client.id, issuer.secret),
        )
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "no-store"
        told = answer.json()
        assert set(told) == {"access_token", "token_type", "expires_in", "scope"}
        assert (told["token_type"], told["expires_in"]) == ("Bearer", 900)
        assert told["scope"] == "payment-sharing dashboard-viewer"
        caller = await auth.gate.caller(f"Bearer {told['access_token']}")
        assert caller.client_id == issuer.client.id
        assert caller.scope == {"payment-sharing", "dashboard-viewer"}

    issuer(work)


def test_another_library_verifies_a_token(issuer: IssuerServer) -> None:
    token = issuer.post(issuer.posted).json()["access_token"]
    first, second, third = token.split(".")
    header, claims = (json.loads(decoded(part)) for part in (first, second))
    assert header["typ"] == "at+jwt"
    assert header["alg"] == "ES256"
    assert claims["exp"] - claims["iat"] == 900
    assert claims["client_id"] == claims["sub"] == issuer.client.id
    metadata = issuer.get("/.well-known/oauth-authorization-server").json()
    assert claims["iss"] == metadata["issuer"]
    assert claims["aud"] == "forwardc"
    (key,) = issuer.get(metadata["jwks_uri"].removeprefix(metadata["issuer"])).json()["keys"]
    assert key["kid"] == header["kid"]
    x, y = (int.from_bytes(decoded(key[name]), "big") for name in "xy")
    signature = decoded(third)
    r, s = (int.from_bytes(half, "big") for half in (signature[:32], signature[32:]))
    public = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
    public.verify(
        encode_dss_signature(r, s), f"{first}.{second}".encode(), ec.ECDSA(hashes.SHA256())
    )


def decoded(part: str) -> bytes:
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))


def test_the_metadata_is_that_of_rfc_8414(issuer: IssuerServer) -> None:
    found = issuer.get("/.well-known/oauth-authorization-server").json()
    assert found["token_endpoint"] == f"{found['issuer']}/oauth/token"
    assert found["grant_types_supported"] == ["client_credentials"]
    assert found["response_types_supported"] == []


def test_less_can_be_asked_for(issuer: IssuerServer) -> None:
    told = issuer.post(f"{issuer.posted}&scope=dashboard-viewer").json()
    assert told["scope"] == "dashboard-viewer"

    async def work(_: httpx.AsyncClient, auth: Authentication) -> ProblemKind:
        with pytest.raises(ProblemError) as caught:
            await auth.gate.caller(f"Bearer {told['access_token']}")
        return caught.value.kind

    assert issuer(work) is ProblemKind.INSUFFICIENT_SCOPE


def test_id_and_secret_are_form_encoded_in_basic(issuer: IssuerServer) -> None:
    """RFC 6749, section 2.3.1: a client may encode every character."""
    encoded = "".join(f"%{ord(one):02X}" for one in issuer.secret)
    assert issuer.post(GRANT, Authorization=basic(issuer.client.id, encoded)).status_code == 200
    assert (
        issuer.post(GRANT, Authorization=issuer.basic.replace("Basic", "bAsIc")).status_code == 200
    )


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (GRANT, {}),
        (f"{GRANT}&client_id=ID", {}),
        (f"{GRANT}&client_id=ID&client_secret=WRONG", {}),
        (f"{GRANT}&client_id=ID&client_secret=", {}),
        (f"{GRANT}&client_id=client_nobody&client_secret=SECRET", {}),
        (f"{GRANT}&client_id=%00&client_secret=SECRET", {}),
        (GRANT, {"Authorization": "Bearer x"}),
        (GRANT, {"Authorization": "Basic"}),
        (GRANT, {"Authorization": "Basic !!!!"}),
        (GRANT, {"Authorization": "Basic " + b64encode(b"\xff\xfe:x").decode()}),
        (GRANT, {"Authorization": "Basic " + b64encode(b"no colon").decode()}),
        (GRANT, {"Authorization": basic("%ff", "x")}),
        ("grant_type=password&client_id=ID&client_secret=WRONG", {}),
    ],
)
def test_who_does_not_prove_to_be_a_client_is_refused(
    issuer: IssuerServer, body: str, headers: dict[str, str]
) -> None:
    filled = (
        body.replace("ID", issuer.client.id)
        .replace("SECRET", issuer.secret)
        .replace("WRONG", WRONG)
    )
    answer = issuer.post(filled, **headers)
    assert answer.status_code == 401
    assert answer.json()["error"] == "invalid_client"
    assert answer.headers["www-authenticate"] == 'Basic realm="forwardc"'
    assert answer.headers["cache-control"] == "no-store"
    assert issuer.secret not in answer.text
    assert issuer.client.id not in answer.text


@pytest.mark.parametrize(
    ("more", "error"),
    [
        ("&scope=dashboard-admin", "invalid_scope"),
        ("&scope=payment-sharing%20dashboard-admin", "invalid_scope"),
        ("&scope=%20", "invalid_scope"),
        ("&grant_type=client_credentials", "invalid_request"),
        ("&client_id=ID", "invalid_request"),
        ("&scope=%ff", "invalid_request"),
        ("&more", "invalid_request"),
        ("".join(f"&a{number}=1" for number in range(20)), "invalid_request"),
        (f"&more={'x' * 5000}", "invalid_request"),
        ("é", "invalid_request"),
    ],
)
def test_what_is_wrong_with_a_request(issuer: IssuerServer, more: str, error: str) -> None:
    answer = issuer.post(issuer.posted + more.replace("ID", issuer.client.id))
    assert answer.status_code == 400
    assert answer.json()["error"] == error
    assert issuer.secret not in answer.text


def test_only_client_credentials_are_taken(issuer: IssuerServer) -> None:
    for grant in ("password", "authorization_code", "refresh_token", ""):
        body = issuer.posted.replace("client_credentials", grant)
        assert issuer.post(body).json()["error"] == "unsupported_grant_type"


def test_a_client_says_once_who_it_is(issuer: IssuerServer) -> None:
    assert (
        issuer.post(issuer.posted, Authorization=issuer.basic).json()["error"] == "invalid_request"
    )
    other = issuer.post(f"{GRANT}&client_id=other", Authorization=issuer.basic)
    assert other.json()["error"] == "invalid_request"
    same = issuer.post(f"{GRANT}&client_id={quote(issuer.client.id)}", Authorization=issuer.basic)
    assert same.status_code == 200


@pytest.mark.parametrize("kind", ["application/json", "multipart/form-data", "", "text/plain"])
def test_only_forms_are_read(issuer: IssuerServer, kind: str) -> None:
    answer = issuer.post(issuer.posted, Content_Type=kind)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


def test_the_charset_may_be_named(issuer: IssuerServer) -> None:
    assert issuer.post(issuer.posted, Content_Type=f"{FORM}; charset=UTF-8").status_code == 200


@pytest.mark.parametrize("method", ["get", "put", "delete"])
def test_only_post_asks_for_a_token(issuer: IssuerServer, method: str) -> None:
    answer = issuer(lambda client, _: getattr(client, method)("/oauth/token"))
    assert answer.status_code == 405


def test_guessing_is_slowed_down(issuer: IssuerServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("forwardc.server.oauth.token_endpoint._PER_ADDRESS", 4)
    body = urlencode({"grant_type": "client_credentials", "client_id": "x", "client_secret": "y"})

    async def work(client: httpx.AsyncClient, _: Authentication) -> list[httpx.Response]:
        sent = {"Content-Type": FORM}
        return [await client.post("/oauth/token", content=body, headers=sent) for _ in range(6)]

    answers = issuer(work)
    assert [answer.status_code for answer in answers] == [401] * 4 + [429] * 2
    assert answers[-1].headers["content-type"] == "application/problem+json"
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 60


def test_a_client_is_slowed_down_from_everywhere(
    issuer: IssuerServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("forwardc.server.oauth.token_endpoint._PER_CLIENT", 2)
    found = []
    for number in range(3):
        issuer.address = f"2001:db8:{number}::1"
        found.append(issuer.post(issuer.posted).status_code)
    assert found == [200, 200, 429]


def test_who_has_no_secret_does_not_use_up_a_clients_tokens(
    issuer: IssuerServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("forwardc.server.oauth.token_endpoint._PER_CLIENT", 2)
    for number in range(3):
        issuer.address = f"2001:db8:{number}::1"
        wrong = issuer.posted.replace(issuer.secret, new_secret())
        assert issuer.post(wrong).status_code == 401
    assert issuer.post(issuer.posted).status_code == 200


def test_addresses_of_one_ipv6_network_are_one_neighbour(
    issuer: IssuerServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("forwardc.server.oauth.token_endpoint._PER_ADDRESS", 2)
    found = []
    for number in range(3):
        issuer.address = f"2001:db8::{number}"
        found.append(issuer.post(issuer.posted).status_code)
    assert found == [200, 200, 429]


def test_while_the_history_is_away_nobody_gets_a_token(
    issuer: IssuerServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    from forwardc.runtime.history.errors import HistoryUnavailableError

    def away(*_: object) -> None:
        raise HistoryUnavailableError("it is away")

    monkeypatch.setattr(issuer.store.database, "write", away)
    answer = issuer.post(issuer.posted)
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0
    assert "away" not in answer.text


def test_a_scope_that_no_client_can_have_is_refused_at_the_start(
    file_store: Store, keys: ServerKeys
) -> None:
    commits = file_store.commits
    with pytest.raises(ValueError, match=r"issuer\.scope"):
        open_authentication(settings(issuer={"scope": "other"}), keys, commits, RateLimits(commits))


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ({}, "http://127.0.0.1:8457"),
        ({"server": {"host": "::1", "port": 9}}, "http://[::1]:9"),
        ({"server": {"names": ["pay.shop.example", "b"]}}, "https://pay.shop.example"),
        ({"server": {"tls_certificate": "a", "tls_key": "b"}}, "https://127.0.0.1:8457"),
        (
            {"issuer": {"url": "https://id.example/", "jwks": "https://id.example/k"}},
            "https://id.example/",
        ),
    ],
)
def test_who_issues_is_the_same_on_every_machine(given: dict[str, Any], url: str) -> None:
    assert issuer_url(settings(**given)) == url
