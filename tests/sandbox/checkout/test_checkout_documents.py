"""The calls that Checkout.com's own documents print, as the vault takes them.

The documents contradict themselves and the SDKs (facts/checkout.md section 2), so several are
refused by default, and with `lenient` only those that cannot work at all.
"""

import json
from typing import Any

import pytest

OK = ""
# Place in the list of examples: (refused with, refused with by lenient).
EXPECTED = {
    "sandbox: url is a word": ("destination_request_url_invalid",) * 2,
    "variables": (OK, OK),
    "query": (OK, OK),
    "jwe with a placeholder for a key": ("jwe_encrypt_failed", "jwe_encrypt_failed"),
    "jwe with a placeholder for a secret key": ("jwe_encrypt_failed", "jwe_encrypt_failed"),
    "secret with a hyphen": ("template_invalid", OK),
    "key in a secret with a hyphen": ("template_invalid", OK),
    "network token, customer": (OK, OK),
    "network token, merchant": (OK, OK),
    "network token only": (OK, OK),
    "network token unavailable, no JSON": (OK, OK),
    "stripe payment method, encrypted is empty": ("headers_encrypted_invalid", OK),
    "stripe intent, encrypted is an object": ("destination_request_headers_encrypted_invalid", OK),
    "stripe confirm, a placeholder in the URL": ("destination_request_url_invalid",) * 2,
    "adyen": (OK, OK),
}


def examples(shared: Any) -> list[dict[str, Any]]:
    text = shared("facts/data/checkout/docs_examples.json").read_text(encoding="utf-8")
    calls = [example.get("json") for example in json.loads(text)["examples"]]
    return [call for call in calls if isinstance(call, dict) and "destination_request" in call]


def test_every_example_is_tried(shared: Any) -> None:
    assert len(examples(shared)) == len(EXPECTED)


@pytest.mark.parametrize("mode", ["vault", "lenient"])
@pytest.mark.parametrize("name", EXPECTED)
def test_example(
    shared: Any, request: pytest.FixtureRequest, name: str, mode: str, public_jwk: str
) -> None:
    party = request.getfixturevalue(mode)
    call = examples(shared)[list(EXPECTED).index(name)]
    if mode == "lenient":
        party.store("destination-api-key", "made-up")
        party.store("partner-public-key", public_jwk)
    reply = party.forward(call | {"source": living(party, call["source"])})
    code = EXPECTED[name][mode == "lenient"]
    assert reply.status == (422 if code else 200), reply.text
    assert not code or code in reply.codes


def living(party: Any, source: dict[str, Any]) -> dict[str, Any]:
    """The source with ids that exist here, in the form that the example has."""
    ids = {
        "id": party.fixed("visa_network_token") if source["type"] == "id" else party.card_token(),
        "token": party.card_token(),
        "cvv_token": party.cvv_token(),
    }
    return {name: ids.get(name, value) for name, value in source.items()}


@pytest.fixture(scope="module")
def public_jwk() -> str:
    from jwcrypto.jwk import JWK

    return JWK.generate(kty="RSA", size=2048).export_public()
