"""Which key of a vault's key set is used for encrypted headers, and for how long."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jwcrypto import jwe, jwk

from forwardc.core.diagnostics.sink import Sink
from forwardc.core.terms.codec import from_json
from forwardc.plan.model import Plan
from forwardc.runtime.http.jwk_sets import VaultKeyError, VaultKeys
from forwardc.runtime.http.send import Sender
from forwardc.runtime.run.context import RunDependencies
from forwardc.runtime.run.request import RunRequest
from forwardc.runtime.run.result import RunResult
from forwardc.runtime.run.run import run
from forwardc.runtime.secret_providers.plan_secrets import sandbox_resolver
from forwardc.server.oauth.verification_keys import read_verification_key

LONG = jwk.JWK.generate(kty="RSA", size=2048)
OTHER = jwk.JWK.generate(kty="RSA", size=2048)
SHORT = jwk.JWK.generate(kty="RSA", size=1024)


def public(key: jwk.JWK, **members: Any) -> dict[str, Any]:
    return key.export_public(as_dict=True) | members


def key_set(*keys: dict[str, Any]) -> bytes:
    return json.dumps({"keys": keys}).encode()


class Clock:
    """Seconds, as a test sets them."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Vault(httpx.AsyncBaseTransport):
    """Publishes `keys`, and forwards what its own private key opens; the rest it refuses."""

    keys: Any = field(default_factory=list)
    private: jwk.JWK = LONG
    headers: dict[str, str] = field(default_factory=dict)
    status: int = 200
    refusal: int = 422
    asked: int = 0
    refused: int = 0
    slow: float = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        await asyncio.sleep(self.slow)
        answer = self.publish() if request.method == "GET" else self.forward(request)
        return httpx.Response(answer.status_code, headers=answer.headers, stream=answer.stream)

    def publish(self) -> httpx.Response:
        self.asked += 1
        body = self.keys if isinstance(self.keys, bytes) else key_set(*self.keys)
        return httpx.Response(self.status, content=body, headers=self.headers)

    def forward(self, request: httpx.Request) -> httpx.Response:
        token = jwe.JWE()
        try:
            token.deserialize(json.loads(request.content)["encrypted"], self.private)
        except (jwe.InvalidJWEData, ValueError):
            self.refused += 1
            return httpx.Response(self.refusal, json={"error_type": "request_invalid"})
        said = json.dumps({"pspReference": "P", "resultCode": "Authorised"})
        inner = {"status": 200, "headers": {}, "body": said}
        return httpx.Response(200, json={"request_id": "fwd_1", "destination_response": inner})


URL = "https://forward.sandbox.checkout.com/.well-known/jwks"
HOSTS = ("forward.sandbox.checkout.com",)


def chosen(*keys: dict[str, Any] | Any, raw: bytes | None = None) -> dict[str, Any]:
    """The key that is chosen out of a set."""
    vault = Vault(list(keys) if raw is None else raw)

    async def go() -> str:
        async with Sender(vault) as sender:
            return await VaultKeys(sender).key(URL, HOSTS)

    found: dict[str, Any] = json.loads(asyncio.run(go()))
    return found


def test_the_encryption_key_is_chosen() -> None:
    found = chosen(
        public(LONG, use="sig", kid="signing"),
        public(SHORT, use="enc", kid="short"),
        public(LONG, kid="unsaid"),
        public(LONG, use="enc", alg="RSA-OAEP-256", kid="right"),
    )
    assert found["kid"] == "right"


GOOD = public(LONG, use="enc", kid="right")
ODD: list[Any] = [
    *(None, 7, "x", [], {}, {"kty": ["RSA"]}, {"kty": "AKP", "pub": "x"}, {"kty": "EC", "crv": 5}),
    {"kty": "oct", "k": "AAAA", "use": "enc"},
    {"kty": "RSA", "use": "enc"},
    {"kty": "RSA", "use": "enc", "n": "your-public-key-modulus", "e": "AQAB"},
    {"kty": "RSA", "use": "enc", "n": "not base64 url!", "e": "AQAB"},
    {"kty": "RSA", "use": "enc", "n": "\u0661" * 400, "e": "AQAB"},
    *({**GOOD, "kid": "odd", name: odd} for name in ("n", "e") for odd in (None, 5, [], "", "A")),
    *({**GOOD, "kid": "odd", name: 5} for name in ("use", "key_ops", "alg", "kty")),
    *({**GOOD, "kid": odd} for odd in (5, [], {}, True)),
    {**GOOD, "kid": "odd", "use": ["enc"]},
    {**GOOD, "kid": "odd", "key_ops": [["encrypt"], None]},
    {**GOOD, "kid": "odd", "alg": "RSA1_5"},
    {**GOOD, "kid": "odd", "e": "AQ"},
    {**GOOD, "kid": "odd", "e": "_" * 400},
    {**GOOD, "kid": "odd", "n": "_" * 20_000},
    public(SHORT, use="enc", kid="odd"),
    LONG.export_private(as_dict=True) | {"use": "enc", "kid": "odd"},
]


@pytest.mark.parametrize("odd", ODD, ids=range(len(ODD)))
def test_an_odd_member_is_passed_over(odd: Any) -> None:
    assert chosen(odd, GOOD, odd)["kid"] == "right"
    with pytest.raises(VaultKeyError, match="none of its keys can be used"):
        chosen(odd)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)
NAMES = st.sampled_from(["kty", "use", "key_ops", "alg", "kid", "n", "e", "d", "k", "x", "crv"])


@pytest.mark.costly
@settings(max_examples=60, deadline=None)
@given(st.lists(st.dictionaries(NAMES, JSON | st.sampled_from(["RSA", "enc", "AQAB"]))))
def test_no_member_raises_or_hides_a_good_one(members: list[dict[str, Any]]) -> None:
    members = members[:60]
    assert chosen(*members, GOOD)["n"] == GOOD["n"]
    for member in members:
        read_verification_key(member, ("RS256", "ES256", "EdDSA"))


def test_only_public_parts_that_are_known_are_kept() -> None:
    found = chosen(GOOD | {"x5c": ["MII"], "extra": {"a": 1}, "alg": None, "exp": 5})
    assert set(found) == {"kty", "use", "kid", "n", "e"}


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"null", b'{"keys": 1}', b'{"keys": {}}', key_set(), b"\xff", b"<html>"]
)
def test_what_is_no_set_is_refused(data: bytes) -> None:
    with pytest.raises(VaultKeyError, match="cannot be had"):
        chosen(raw=data)


@pytest.fixture
def encrypting(forward: Plan) -> Plan:
    """The card operation with a header that only Checkout.com can read."""
    data = {
        "$call": "jwe",
        "args": [{"X-Key": {"$": "secrets.adyen_api_key"}}],
        "named": {"key": {"$": "vault.jwk"}, "alg": "RSA-OAEP-256", "enc": "A256GCM"},
    }
    operation = forward.operations["card"]
    step = operation.steps[0]
    body = from_json({"$json": {"source": {"$source": True}, "encrypted": data}})
    changed = replace(step, http=replace(step.http, body=body))
    updated = replace(operation, steps=(changed,), runtime_secrets=("adyen_api_key",))
    return replace(forward, operations={"card": updated})


REQUEST = RunRequest(source="src_" + "a" * 26, texts={"amount": "1", "currency": "EUR"})


def test_the_vault_can_read_the_encrypted_header(encrypting: Plan, execute, forwarded) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/.well-known/jwks":
            keys = key_set(public(LONG, use="enc", alg="RSA-OAEP-256", kid="key-1"))
            return httpx.Response(200, content=keys)
        return forwarded(200, {"pspReference": "P", "resultCode": "Authorised"})

    ran = execute(encrypting, "card", REQUEST, answer)
    assert [request.url.path for request in ran.requests] == ["/.well-known/jwks", "/forward"]
    token = jwe.JWE()
    token.deserialize(json.loads(ran.requests[1].content)["encrypted"], LONG)
    assert json.loads(token.objects["protected"])["kid"] == "key-1"
    assert json.loads(token.payload)["X-Key"].startswith("sbx_")
    assert json.loads(ran.done.steps[0].request.body)["encrypted"] == "***"


@pytest.mark.parametrize(
    "answer", [httpx.Response(500), httpx.Response(200, json={"keys": []}), httpx.ReadTimeout("no")]
)
def test_without_a_key_nothing_is_sent(encrypting: Plan, execute, answer: Any) -> None:
    ran = execute(encrypting, "card", REQUEST, lambda _: answer)
    assert len(ran.requests) == 1
    assert ran.done.outcome == "rejected"
    assert ran.done.rejected_by == "vault"
    assert "nothing was sent" in str(ran.done.reason)


Go = Callable[[], Awaitable[str]]


def living(
    encrypting: Plan, vault: Vault, clock: Clock, work: Callable[[Go], Awaitable[None]]
) -> None:
    """One process that runs on: `work` is given a run, which says what it came to."""

    async def go() -> None:
        async with Sender(vault) as sender:
            means = RunDependencies(sender, VaultKeys(sender, clock))

            async def once() -> str:
                values = sandbox_resolver(encrypting)
                result: RunResult | None = await run(
                    encrypting, "card", REQUEST, values, means, Sink()
                )
                assert result is not None
                return result.outcome

            await work(once)

    asyncio.run(go())


def fit(key: jwk.JWK, kid: str) -> dict[str, Any]:
    return public(key, use="enc", alg="RSA-OAEP-256", kid=kid)


@pytest.mark.parametrize("refusal", [400, 422, 500])
def test_after_a_refusal_the_next_run_knows_the_key_that_the_vault_took_since(
    encrypting: Plan, refusal: int
) -> None:
    vault, clock = Vault([fit(LONG, "1")], refusal=refusal), Clock()
    vault.headers = {"Cache-Control": "max-age=3600"}

    async def work(once: Go) -> None:
        assert await once() == "approved"
        vault.keys, vault.private = [fit(OTHER, "2")], OTHER
        clock.now += 31
        assert await once() != "approved"
        assert (vault.asked, vault.refused) == (1, 1)
        assert [await once() for _ in range(3)] == ["approved"] * 3
        assert (vault.asked, vault.refused) == (2, 1)

    living(encrypting, vault, clock, work)


def test_a_key_is_renewed_when_the_vault_says_so(encrypting: Plan) -> None:
    vault, clock = Vault([fit(LONG, "1")], headers={"Cache-Control": "max-age=600"}), Clock()

    async def work(once: Go) -> None:
        assert await once() == "approved"
        clock.now += 599
        assert await once() == "approved"
        assert vault.asked == 1
        vault.keys, vault.private = [fit(OTHER, "2")], OTHER
        clock.now += 1
        assert await once() == "approved"
        assert (vault.asked, vault.refused) == (2, 0)

    living(encrypting, vault, clock, work)


def test_refusals_make_nobody_ask_more_than_once_in_thirty_seconds(encrypting: Plan) -> None:
    vault, clock = Vault([fit(OTHER, "1")], slow=0.001), Clock()

    async def work(once: Go) -> None:
        for _ in range(10):
            for outcome in await asyncio.gather(*(once() for _ in range(5))):
                assert outcome == "rejected"
            clock.now += 12
        assert vault.refused == 50
        assert vault.asked == 4

    living(encrypting, vault, clock, work)


@pytest.mark.parametrize(
    "broken", [{"status": 500}, {"keys": b"<html>"}, {"keys": []}, {"keys": b"[" * 300_000}]
)
def test_an_outage_is_bridged_for_a_day(
    encrypting: Plan, broken: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    vault, clock = Vault([fit(LONG, "1")]), Clock()

    async def work(once: Go) -> None:
        assert await once() == "approved"
        for name, value in broken.items():
            setattr(vault, name, value)
        clock.now += 86_399
        assert await once() == "approved"
        clock.now += 1
        assert await once() == "rejected"

    with caplog.at_level(logging.WARNING):
        living(encrypting, vault, clock, work)
    assert "the vault's keys cannot be renewed" in caplog.text


def test_fifty_runs_at_once_ask_once(encrypting: Plan) -> None:
    vault = Vault([fit(LONG, "1")], slow=0.001)

    async def work(once: Go) -> None:
        assert set(await asyncio.gather(*(once() for _ in range(50)))) == {"approved"}
        assert vault.asked == 1

    living(encrypting, vault, Clock(), work)
