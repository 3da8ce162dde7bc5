"""Keys of another issuer: fetched by https, kept while the issuer is down, asked for seldom."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bearer import Signer, Time, ec_signer
from forwardc.runtime.history.store import Store
from forwardc.server.http.problems import ProblemError, ProblemKind
from forwardc.server.http.rate_limits import RateLimits
from forwardc.server.oauth.bearer_tokens import TokenGate
from forwardc.server.oauth.remote_keys import RemoteKeys, open_remote_keys
from forwardc.server.oauth.server_keys import ServerKeys
from forwardc.server.oauth.verification_keys import KeysUnavailableError
from forwardc.server.settings import settings_from
from forwardc.server.wiring.components import Authentication, open_authentication
from loopback import served
from patience import LONG_S

ONE, TWO = ec_signer("one"), ec_signer("two")
ALGORITHMS = ("ES256", "RS256")


@dataclass
class Chunks(httpx.AsyncByteStream):
    body: bytes

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for at in range(0, len(self.body), 4096):
            yield self.body[at : at + 4096]


@dataclass
class Issuer:
    """Another issuer's JWKS, behind a transport that counts."""

    signers: list[Signer] = field(default_factory=lambda: [ONE])
    status: int = 200
    body: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)
    slow: float = 0
    broken: bool = False
    asked: list[httpx.Request] = field(default_factory=list)

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        await asyncio.sleep(self.slow)
        if self.broken:
            raise httpx.ConnectError("no way", request=request)
        body = self.body
        if body is None:
            body = json.dumps({"keys": [signer.jwk() for signer in self.signers]}).encode()
        return httpx.Response(self.status, stream=Chunks(body), headers=self.headers)


def with_keys(issuer: Issuer, clock: Time, work: Callable[[RemoteKeys], Awaitable[None]]) -> None:
    async def run() -> None:
        client = httpx.AsyncClient(transport=httpx.MockTransport(issuer))
        keys = RemoteKeys("https://issuer.example/jwks", ALGORITHMS, client, clock)
        await work(keys)
        await keys.close()

    asyncio.run(run())


async def settle() -> None:
    """Let what runs beside come to its end."""
    for _ in range(20):
        await asyncio.sleep(0)


async def ids(keys: RemoteKeys, kid: str | None) -> list[str | None]:
    return [key.kid for key in await keys.candidates(kid)]


def test_keys_are_fetched_once_and_kept(time: Time) -> None:
    issuer = Issuer([ONE, TWO])

    async def work(keys: RemoteKeys) -> None:
        assert await ids(keys, "one") == ["one"]
        assert await ids(keys, None) == ["one", "two"]
        time.now += 59
        assert await ids(keys, "two") == ["two"]
        assert len(issuer.asked) == 1

    with_keys(issuer, time, work)


ODD: list[Any] = [
    *(
        None,
        7,
        "x",
        [],
        {},
        {"kty": ["EC"]},
        {"kty": "AKP", "pub": "x"},
        {"kty": "oct", "k": "AAAA"},
    ),
    {**ONE.jwk(), "kid": "odd", "d": "AAAA"},
    {**ONE.jwk(), "kid": "odd", "use": "enc"},
    {**ONE.jwk(), "kid": "odd", "use": 5},
    {**ONE.jwk(), "kid": "odd", "key_ops": 5},
    {**ONE.jwk(), "kid": "odd", "x": None},
    {**ONE.jwk(), "kid": "odd", "crv": {}},
    {**ONE.jwk(), "kid": 5},
]


def test_odd_members_are_passed_over(time: Time) -> None:
    issuer = Issuer(body=json.dumps({"keys": [*ODD, ONE.jwk(), ONE.jwk(), *ODD]}).encode())

    async def work(keys: RemoteKeys) -> None:
        assert await ids(keys, None) == ["one"]
        assert await ids(keys, "odd") == []

    with_keys(issuer, time, work)


def test_keys_that_share_an_id_are_each_a_candidate(time: Time) -> None:
    same = TWO.jwk() | {"kid": "one"}
    issuer = Issuer(body=json.dumps({"keys": [ONE.jwk(), same]}).encode())

    async def work(keys: RemoteKeys) -> None:
        found = await keys.candidates("one")
        assert len({key.key.export_public() for key in found}) == 2

    with_keys(issuer, time, work)


def test_fifty_calls_at_once_ask_once(time: Time) -> None:
    issuer = Issuer(slow=0.01)

    async def work(keys: RemoteKeys) -> None:
        found = await asyncio.gather(*(ids(keys, "one") for _ in range(50)))
        assert found == [["one"]] * 50
        assert len(issuer.asked) == 1

    with_keys(issuer, time, work)


def test_a_new_key_is_found_when_a_token_names_it(time: Time) -> None:
    issuer = Issuer()

    async def work(keys: RemoteKeys) -> None:
        assert await ids(keys, "one") == ["one"]
        issuer.signers = [TWO]
        time.now += 31
        assert await ids(keys, "two") == ["two"]
        assert await ids(keys, "one") == []

    with_keys(issuer, time, work)


def test_made_up_ids_make_nobody_ask_more_than_twice_a_minute(time: Time) -> None:
    issuer = Issuer()

    async def work(keys: RemoteKeys) -> None:
        for number in range(120):
            assert await ids(keys, f"made up {number}") == []
            time.now += 1
        assert len(issuer.asked) <= 5

    with_keys(issuer, time, work)


@pytest.mark.parametrize(
    ("control", "fresh"),
    [
        ("", 60),
        ("max-age=1", 60),
        ("public, max-age=600", 600),
        ('Max-Age="600"', 600),
        ("s-maxage=600", 60),
        ("max-age=999999", 3600),
        ("no-store, max-age=-5", 60),
    ],
)
def test_the_issuer_says_how_long_keys_are_fresh(time: Time, control: str, fresh: int) -> None:
    issuer = Issuer(headers={"Cache-Control": control} if control else {})

    async def work(keys: RemoteKeys) -> None:
        await keys.candidates("one")
        time.now += fresh - 1
        await keys.candidates("one")
        await settle()
        assert len(issuer.asked) == 1
        time.now += 1
        await keys.candidates("one")
        await settle()
        assert len(issuer.asked) == 2

    with_keys(issuer, time, work)


BROKEN: dict[str, Callable[[Issuer], None]] = {
    "does not answer": lambda issuer: setattr(issuer, "broken", True),
    "answers 500": lambda issuer: setattr(issuer, "status", 500),
    "sends elsewhere": lambda issuer: (
        setattr(issuer, "status", 302),
        issuer.headers.update(Location="https://evil.example/jwks"),
    )[0],
    "is not JSON": lambda issuer: setattr(issuer, "body", b"<html>"),
    "is a list": lambda issuer: setattr(issuer, "body", b"[]"),
    "is deep": lambda issuer: setattr(issuer, "body", b'{"keys":' + b"[" * 100_000),
    "has no keys": lambda issuer: setattr(issuer, "body", b'{"keys": []}'),
    "has shared secrets only": lambda issuer: setattr(
        issuer, "body", b'{"keys": [{"kty": "oct", "k": "AAAA"}]}'
    ),
    "has too many keys": lambda issuer: setattr(issuer, "signers", [ONE] * 65),
    "is too large": lambda issuer: setattr(
        issuer, "body", json.dumps({"keys": [ONE.jwk()]}).encode() + b" " * 300_000
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_keys_that_were_understood_survive_a_day(
    time: Time, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    issuer = Issuer()

    async def work(keys: RemoteKeys) -> None:
        assert await ids(keys, "one") == ["one"]
        BROKEN[name](issuer)
        time.now += 61
        assert await ids(keys, "one") == ["one"]
        await settle()
        assert len(issuer.asked) == 2
        time.now += 86_400 - 62
        assert await ids(keys, "one") == ["one"]
        await settle()
        time.now += 1
        with pytest.raises(KeysUnavailableError):
            await keys.candidates("one")

    with caplog.at_level(logging.WARNING):
        with_keys(issuer, time, work)
    assert "cannot be had" in caplog.text
    assert not [one for one in issuer.asked if one.url.host != "issuer.example"]


@pytest.mark.parametrize("name", BROKEN)
def test_without_keys_nothing_is_believed(time: Time, name: str) -> None:
    issuer = Issuer()
    BROKEN[name](issuer)

    async def work(keys: RemoteKeys) -> None:
        for _ in range(2):
            with pytest.raises(KeysUnavailableError):
                await keys.candidates("one")
        time.now += 31
        issuer.__init__()  # type: ignore[misc]
        assert await ids(keys, "one") == ["one"]

    with_keys(issuer, time, work)


def test_an_issuer_that_hangs_is_left(time: Time, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("forwardc.server.oauth.remote_keys._TIMEOUT_S", 0.05)

    async def work(keys: RemoteKeys) -> None:
        with pytest.raises(KeysUnavailableError):
            await keys.candidates("one")

    with_keys(Issuer(slow=60), time, work)


def test_one_question_is_under_way_at_a_time(time: Time) -> None:
    issuer = Issuer(slow=0.05)

    async def work(keys: RemoteKeys) -> None:
        first = asyncio.ensure_future(ids(keys, "one"))
        await settle()
        time.now += 3
        assert await ids(keys, "one") == await first == ["one"]
        assert len(issuer.asked) == 1

    with_keys(issuer, time, work)


def test_while_the_issuer_is_asked_again_known_keys_serve(time: Time) -> None:
    issuer = Issuer()

    async def work(keys: RemoteKeys) -> None:
        await keys.candidates("one")
        issuer.slow = 60
        time.now += 61
        async with asyncio.timeout(LONG_S):
            assert await ids(keys, "one") == ["one"]

    with_keys(issuer, time, work)


@pytest.mark.parametrize(
    "url",
    [
        "http://issuer.example/jwks",
        "http://127.0.0.1.example/jwks",
        "http://0x7f.1/jwks",
        "ftp://issuer.example",
        "https://[",
        "https://user:password@issuer.example/jwks",
    ],
)
def test_keys_come_by_https_only(url: str) -> None:
    with pytest.raises(ValueError, match="issuer") as caught:
        open_remote_keys(url, ALGORITHMS)
    assert "password@" not in str(caught.value)


def test_a_gate_for_another_issuer(file_store: Store, keys: ServerKeys) -> None:
    """All of it over a connection: an issuer on this machine, its keys, its tokens, no others."""
    now = 1_790_000_000

    async def jwks(_: Request) -> Response:
        return Response(json.dumps({"keys": [ONE.jwk()]}), media_type="application/jwk-set+json")

    def token(signer: Signer, **changed: Any) -> str:
        claims = {"iss": url, "aud": ["forwardc"], "azp": "rokt", "scope": "payment-sharing"}
        return signer.token({**claims, "iat": now, "exp": now + 300, **changed}, typ="JWT")

    async def work(auth: Authentication) -> None:
        found = await auth.gate.caller(f"Bearer {token(ONE)}")
        assert found.client_id == "rokt"
        impostor = Signer(TWO.key, "ES256", {"kid": "one"})
        for bad in (token(impostor), token(ONE, aud="x"), token(ONE, exp=now + 1000)):
            with pytest.raises(ProblemError) as caught:
                await auth.gate.caller(f"Bearer {bad}")
            assert caught.value.kind is ProblemKind.INVALID_TOKEN

    async def run(settings: Any) -> None:
        commits = file_store.commits
        auth = open_authentication(settings, keys, commits, RateLimits(commits))
        assert auth.routes == ()
        assert isinstance(auth.gate, TokenGate)
        auth.gate.clock = lambda: now
        await work(auth)
        await auth.close()

    with served(Starlette(routes=[Route("/jwks", jwks)])) as url:
        settings = settings_from(
            None,
            forwardc=1,
            run={"environment": "sandbox"},
            destinations={"COM.ROKT.CATALOG": {"run": "rokt.share"}},
            lookup={"kind": "csv", "file": "lookup.csv"},
            issuer={"url": url, "jwks": f"{url}/jwks"},
        )
        asyncio.run(run(settings))
