"""Made-up secrets are what a plan asks for, and what they seal can be opened."""

import asyncio
import base64
import json
from datetime import date
from hashlib import sha256, sha512
from pathlib import Path
from typing import Any

import httpx
import pytest
from jwcrypto import jwe
from jwcrypto.jwk import JWK

from forwardc.cli.main import run as command
from forwardc.cli.sandbox.link import store_secrets
from forwardc.cli.sandbox.project import project_data
from forwardc.core.diagnostics.sink import Sink
from forwardc.plan.build_folder import read_plan
from forwardc.plan.lock import Lock
from forwardc.plan.model import Plan
from forwardc.runtime.http.jwk_sets import VaultKeys
from forwardc.runtime.http.send import Sender
from forwardc.runtime.run.context import RunDependencies
from forwardc.runtime.run.request import ClockAndIds, RunRequest
from forwardc.runtime.run.run import run
from forwardc.runtime.secret_providers.made_up import beginning
from forwardc.runtime.secret_providers.plan_secrets import sandbox_resolver
from forwardc.sandbox.app import create_app
from forwardc.sandbox.project import read
from forwardc.sandbox.world import World

PROJECT = """forwardc: 1
merchant: {name: Newcomer}
environments:
  sandbox:
    vaults: {checkout: {processing_channel_id: pc_sandbox0000000000000000000}}
"""
DESTINATION = """forwardc: 1
name: keys
title: Keys
docs: https://keys.example/docs
environments:
  sandbox: {base_url: "https://in.keys-gate.com"}
secrets:
  whole: {description: A symmetric JWK, as_key: jwk}
  public: {description: An RSA key, as_key: jwk}
  bare: {description: An RSA key without as_key}
  octets: {description: The key's own octets, as_key: base64url}
  hashed: {description: Any text, as_key: sha256_base64url}
  member: {description: The member k of a JWK}
  login: {description: What follows Basic}
  user: {description: user and password}
  token: {description: Any text, shape: {sandbox: "^(tk|rk)_demo_[A-Z]{2}"}}
operations:
  put:
    initiator: customer
    steps:
      put:
        let:
          map: {kty: oct, k: "${secrets.member}"}
        request:
          POST: /cards
          headers:
            Authorization: "Basic ${secrets.login}"
            X-User: "Basic ${base64(secrets.user)}"
            X-Token: ${secrets.token}
          json:
            whole: ${jwe(card.number, key=secrets.whole, alg='A256GCMKW', enc='A256GCM')}
            public: ${jwe(card.number, key=secrets.public, alg='RSA-OAEP-256', enc='A256GCM')}
            bare: ${jwe(card.number, key=secrets.bare, alg='RSA-OAEP', enc='A128GCM')}
            octets: ${jwe(card.number, key=secrets.octets, alg='A256GCMKW', enc='A128GCM')}
            hashed: ${jwe(card.number, key=secrets.hashed, alg='A256GCMKW', enc='A256GCM')}
            member: ${jwe(card.number, key=map, alg='A256GCMKW', enc='A256CBC-HS512')}
        response:
          outcome: by_status
"""


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    folder = tmp_path_factory.mktemp("keys")
    (folder / "destinations").mkdir()
    (folder / "forwardc.yaml").write_text(PROJECT, encoding="utf-8")
    (folder / "destinations/keys.yaml").write_text(DESTINATION, encoding="utf-8")
    assert command(["build", "--project", str(folder)]) == 0
    found = read_plan(Path(folder) / "build", "checkout", "keys", "sandbox", Sink())
    assert found is not None
    return found


def played(
    plan: Plan, source: str = "visa_approved", outcome: str = "approved"
) -> tuple[World, dict[str, Any]]:
    """The world after a run, and the credentials that it was handed."""
    data = project_data([plan], Lock(), date(2026, 11, 30))
    world = World(project=read(data))

    async def go() -> Any:
        transport = httpx.ASGITransport(create_app(world))
        async with Sender(transport) as sender:
            await store_secrets(plan, "put", sender)
            means = RunDependencies(sender, VaultKeys(sender), ClockAndIds(emulated=True))
            request = RunRequest(source="src_" + source.ljust(26, "0"))
            return await run(plan, "put", request, sandbox_resolver(plan), means, Sink())

    result = asyncio.run(go())
    assert result is not None
    assert str(result.outcome) == outcome
    (holder,) = data["holders"]
    return world, holder["secrets"]


def opened(compact: str, key: JWK) -> str:
    token = jwe.JWE(algs=["RSA-OAEP", "RSA-OAEP-256", "A256GCMKW", *ENCRYPTIONS])
    token.deserialize(compact, key)
    return token.payload.decode()


ENCRYPTIONS = ("A128GCM", "A256GCM", "A256CBC-HS512")


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@pytest.mark.costly
def test_what_made_up_keys_seal_is_opened_by_what_the_sandbox_is_handed(plan: Plan) -> None:
    world, secrets = played(plan)
    body = json.loads(world.received[-1].body)
    assert set(body) == {"whole", "public", "bare", "octets", "hashed", "member"}
    for name in ("public", "bare"):
        assert opened(body[name], JWK(**secrets[name]["private"])) == "4242424242424242"
    assert opened(body["whole"], JWK.from_json(secrets["whole"]["text"])) == "4242424242424242"
    for name in ("octets", "hashed", "member"):
        key = JWK(kty="oct", k=secrets[name]["text"])
        assert opened(body[name], key) == "4242424242424242"


@pytest.mark.costly
@pytest.mark.parametrize(
    ("source", "outcome"),
    [
        ("visa_broken", "unknown"),
        ("visa_timeout", "unknown"),
        ("mastercard_malformed", "unknown"),
        ("mastercard_server_error", "unknown"),
        ("visa_declined", "rejected"),
    ],
)
def test_a_card_keeps_its_promise_inside_what_is_sealed(
    source: str, outcome: str, plan: Plan
) -> None:
    played(plan, source, outcome)


def test_values_follow_from_names_by_the_rule_of_the_document(plan: Plan) -> None:
    def raw(name: str) -> str:
        return "sbx_" + sha256(f"forwardc-sandbox:keys:{name}".encode()).hexdigest()[:40]

    look_up = sandbox_resolver(plan)

    def given(name: str) -> str | None:
        return look_up(f"FORWARDC_SECRET__SANDBOX__KEYS__{name.upper()}")

    assert json.loads(given("whole") or "")["k"] == b64(sha256(raw("whole").encode()).digest())
    assert given("octets") == sha512(raw("octets").encode()).hexdigest()[:32]
    assert given("hashed") == raw("hashed")
    assert given("member") == b64(sha256(raw("member").encode()).digest())
    assert given("login") == base64.b64encode(f"sandbox:{raw('login')}".encode()).decode()
    assert given("user") == f"sandbox:{raw('user')}"
    assert given("token") == "tk_demo_AA" + raw("token").removeprefix("sbx_")
    modulus = base64.urlsafe_b64decode(json.loads(given("public") or "")["n"] + "==")
    number = int.from_bytes(modulus, "big")
    assert number.bit_length() == 2048
    # The first prime is at or above the number that the name gives, and near it.
    blocks = [sha256(f"forwardc-sandbox:keys:public:p:{at}".encode()).digest() for at in range(4)]
    start = int.from_bytes(b"".join(blocks), "big") | 3 << 1022 | 1
    assert any(number % (start + step) == 0 for step in range(0, 20_000, 2))


def test_two_names_have_two_keys(plan: Plan) -> None:
    _, secrets = played(plan)
    texts = [one["text"] for one in secrets.values()]
    assert len(set(texts)) == len(texts)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("^(sk|rk)_test_", "sk_test_"),
        ("sk_(?:sbox)_[a-z2-7]{3,}x?", "sk_sbox_aaa"),
        ("AQE[A-Z]+$", "AQEA"),
        (r"\d{4}-\.", "0000-."),
        ("a*b+", "b"),
        ("[^a]", None),
        ("(?i)abc", None),
        ("(a", None),
        ("*", None),
        ("a{999}", None),
        (r"\bx", None),
    ],
)
def test_a_shape_gives_a_beginning(pattern: str, text: str | None) -> None:
    assert beginning(pattern) == text


def test_no_made_up_secret_is_shown_in_what_was_received(plan: Plan) -> None:
    world, secrets = played(plan)

    async def get() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(create_app(world))) as client:
            return await client.get("http://127.0.0.1/_sandbox/received")

    shown = asyncio.run(get()).text
    assert "in.keys-gate.com" in shown
    assert [name for name, one in secrets.items() if one["text"] in shown] == []


def test_a_secret_that_a_destination_puts_anywhere_is_masked_by_value() -> None:
    text = "tk_demo_AA0123456789"
    holder = {"host": "a.example", "owner": "a", "secrets": {"t": {"text": text, "places": []}}}
    world = World(project=read({"requests": [], "holders": [holder]}))

    async def send() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(create_app(world))) as client:
            await client.post(f"https://a.example/x?q={text}", json={"note": f"<{text}>"})
            return await client.get("http://127.0.0.1/_sandbox/received")

    (row,) = asyncio.run(send()).json()["data"]
    assert row["target"] == "/x?q=***"
    assert row["body"] == '{"note":"<***>"}'
