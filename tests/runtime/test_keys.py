"""Which key of a vault's key set is used for encrypted headers."""

import json
from typing import Any

import httpx
import pytest
from jwcrypto import jwe, jwk

from forwardc.plan.codec import from_json
from forwardc.plan.model import Plan
from forwardc.runtime.keys import NoKey, encryption_key
from forwardc.runtime.shapes import RunRequest

LONG = jwk.JWK.generate(kty="RSA", size=2048)
SHORT = jwk.JWK.generate(kty="RSA", size=1024)


def public(key: jwk.JWK, **members: Any) -> dict[str, Any]:
    return key.export_public(as_dict=True) | members


def key_set(*keys: dict[str, Any]) -> bytes:
    return json.dumps({"keys": keys}).encode()


def test_the_encryption_key_is_chosen() -> None:
    chosen = encryption_key(
        key_set(
            public(LONG, use="sig", kid="signing"),
            public(SHORT, use="enc", kid="short"),
            public(LONG, kid="unsaid"),
            public(LONG, use="enc", alg="RSA-OAEP-256", kid="right"),
        )
    )
    assert json.loads(chosen)["kid"] == "right"


def test_private_members_are_not_kept() -> None:
    key = LONG.export_private(as_dict=True) | {"use": "enc"}
    assert "d" not in json.loads(encryption_key(key_set(key)))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b'{"keys": 1}',
        key_set(),
        key_set(public(SHORT, use="enc")),
        key_set(public(LONG, use="sig")),
        key_set(public(LONG, use="enc", alg="RSA1_5")),
        key_set(public(LONG, use="enc", key_ops=["verify"])),
        key_set({"kty": "oct", "k": "AAAA", "use": "enc"}),
        key_set({"kty": "RSA", "use": "enc", "n": "your-public-key-modulus", "e": "AQAB"}),
        key_set({"kty": "RSA", "use": "enc"}),
    ],
)
def test_unfit_key_sets_are_refused(data: bytes) -> None:
    with pytest.raises(NoKey):
        encryption_key(data)


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
    changed = step.model_copy(update={"http": step.http.model_copy(update={"body": body})})
    updated = operation.model_copy(
        update={"steps": (changed,), "runtime_secrets": ("adyen_api_key",)}
    )
    return forward.model_copy(update={"operations": {"card": updated}})


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
