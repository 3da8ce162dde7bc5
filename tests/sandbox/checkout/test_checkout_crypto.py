"""Encrypted headers, jwe_encrypt and signatures, as the destination sees them."""

import json
from typing import Any

import pytest
from jwcrypto.jwe import JWE
from jwcrypto.jwk import JWK

from forwardc.sandbox.checkout.template import ENCS
from forwardc.sandbox.crypto import dlocal, jwe, visa

SHARED = "example-shared-secret"
OCT = JWK(kty="oct", k=JWK.from_password("x" * 32).export(as_dict=True)["k"])


def encrypted(vault: Any, content: Any, alg: str = "RSA-OAEP-256", **header: Any) -> str:
    keys = vault.send("GET", f"{vault.FORWARD}/.well-known/jwks", key="").json()
    key = JWK(**keys["keys"][0])
    protected = {"alg": alg, "enc": "A256GCM", "kid": key.get("kid")} | header
    message = JWE(json.dumps(content).encode(), json.dumps(protected), recipient=key)
    return message.serialize(compact=True)


def test_the_key_set_is_public_and_has_no_private_part(vault: Any) -> None:
    reply = vault.send("GET", f"{vault.FORWARD}/.well-known/jwks", key="")
    (key,) = reply.json()["keys"]
    assert set(key) == {"kty", "use", "alg", "kid", "n", "e"}
    assert (key["kty"], key["use"], key["alg"]) == ("RSA", "enc", "RSA-OAEP-256")


@pytest.mark.parametrize("alg", ["RSA-OAEP-256", "RSA-OAEP"])
def test_encrypted_headers_reach_the_destination_and_are_redacted(vault: Any, alg: str) -> None:
    compact = encrypted(vault, {"Authorization": "Bearer made-up-9"}, alg)
    headers = {"raw": {"Accept": "*/*"}, "encrypted": compact}
    reply = vault.forward(vault.request(headers=headers))
    assert ("authorization", "Bearer made-up-9") in vault.last.headers
    shown = vault.send("GET", f"{vault.FORWARD}/forward/{reply.json()['request_id']}").json()
    assert shown["destination_request"]["headers"] == {
        "Accept": "*/*",
        "Authorization": "***redacted***",
    }


def test_encrypted_headers_are_no_templates(vault: Any) -> None:
    compact = encrypted(vault, {"X-A": "{{card_number}}"})
    vault.forward(vault.request(headers={"raw": {}, "encrypted": compact}))
    assert ("x-a", "{{card_number}}") in vault.last.headers


@pytest.mark.parametrize(
    "content", [["a"], {"A": 1}, {"A b": "x"}, {"Content-Length": "9"}, "text"]
)
def test_encrypted_headers_must_be_an_object_of_strings(vault: Any, content: Any) -> None:
    headers = {"raw": {}, "encrypted": encrypted(vault, content)}
    assert vault.forward(vault.request(headers=headers)).codes == ["headers_encrypted_invalid"]


def test_encrypted_headers_under_an_unknown_key_id_are_refused(vault: Any) -> None:
    headers = {"raw": {}, "encrypted": encrypted(vault, {"A": "b"}, kid="another")}
    assert vault.forward(vault.request(headers=headers)).codes == ["headers_encrypted_invalid"]


def test_a_header_given_raw_and_encrypted_is_refused(vault: Any, lenient: Any) -> None:
    for party, status in ((vault, 422), (lenient, 200)):
        compact = encrypted(party, {"x-a": "hidden"})
        headers = {"raw": {"X-A": "open"}, "encrypted": compact}
        assert party.forward(party.request(headers=headers)).status == status
    assert [value for name, value in lenient.last.headers if name == "x-a"] == ["hidden"]


def jwe_request(vault: Any, key: str, alg: str, call: str = "", headers: str = "") -> Any:
    call = call or f"data=payload, key=k, alg='{alg}', enc='A256GCM', headers=h"
    variables = [
        {"name": "payload", "value": '{"pan":"{{card_number}}","m":"{{card_expiry_month_mm}}"}'},
        {"name": "k", "value": key},
        {"name": "h", "value": headers or '{"kid":"kid-1","iat":"1700000000"}'},
    ]
    return vault.request(f'{{"enc":"{{{{ jwe_encrypt({call}) }}}}"}}', variables=variables)


def opened(body: bytes, key: JWK) -> tuple[dict[str, Any], dict[str, Any]]:
    message = JWE()
    message.deserialize(json.loads(body)["enc"], key)
    return json.loads(message.payload), message.jose_header


@pytest.mark.parametrize("alg", ["RSA-OAEP", "RSA-OAEP-256", "A256GCMKW"])
def test_jwe_encrypt_is_opened_by_another_implementation(vault: Any, alg: str) -> None:
    key = OCT if alg == "A256GCMKW" else JWK.generate(kty="RSA", size=2048)
    vault.store("jwk", key.export(private_key=alg == "A256GCMKW"))
    reply = vault.forward(jwe_request(vault, "{{ secret_jwk }}", alg))
    assert reply.status == 200, reply.text
    payload, header = opened(vault.last.body, key)
    assert payload == {"pan": "4242424242424242", "m": "08"}
    assert (header["kid"], header["iat"], header["alg"]) == ("kid-1", "1700000000", alg)


def test_the_first_argument_may_stand_without_a_name(vault: Any) -> None:
    call = "payload, key=k, alg='A256GCMKW', enc='A128CBC-HS256'"
    assert vault.forward(jwe_request(vault, OCT.export(), "", call)).status == 200
    assert opened(vault.last.body, OCT)[0]["m"] == "08"


@pytest.mark.parametrize(
    ("key", "alg", "headers", "code"),
    [
        ('{"kty":"RSA","e":"AQAB","n":"your-public-key"}', "RSA-OAEP", "", "jwe_encrypt_failed"),
        ('{"kty":"oct","k":"c2hvcnQ"}', "A256GCMKW", "", "jwe_encrypt_failed"),
        ('{"kty":"oct","k":"<your key>"}', "A256GCMKW", "", "jwe_encrypt_failed"),
        ("not json", "A256GCMKW", "", "jwe_encrypt_key_invalid"),
        (OCT.export(), "A256GCMKW", "[]", "jwe_encrypt_headers_invalid"),
        (OCT.export(), "dir", "", "jwe_encrypt_alg_invalid"),
        (OCT.export(), "A192GCMKW", "", "jwe_encrypt_alg_invalid"),
    ],
)
def test_unusable_keys_are_refused(vault: Any, key: str, alg: str, headers: str, code: str) -> None:
    reply = vault.forward(jwe_request(vault, key, alg, headers=headers))
    assert reply.status == 422
    assert code in reply.codes
    assert key not in reply.text


@pytest.mark.parametrize("enc", sorted(jwe.ENCS))
def test_jwe_encrypt_takes_what_the_guide_lists(vault: Any, enc: str) -> None:
    """The table of the compiler says the same: tests/vaults/test_encryptions.py compares them."""
    call = f"payload, key=k, alg='A256GCMKW', enc='{enc}'"
    reply = vault.forward(jwe_request(vault, OCT.export(), "", call))
    if enc in ENCS:
        assert (reply.status, opened(vault.last.body, OCT)[0]["m"]) == (200, "08")
    else:
        assert (reply.status, reply.codes) == (422, ["jwe_encrypt_enc_invalid"])


def test_encrypted_headers_take_no_other_encryption(vault: Any) -> None:
    (key,) = vault.send("GET", f"{vault.FORWARD}/.well-known/jwks").json()["keys"]
    for enc, status in (("A256GCM", 200), ("A192GCM", 422)):
        compact = jwe.encrypt(b'{"X-A":"b"}', key, alg="RSA-OAEP-256", enc=enc)
        headers = {"raw": {}, "encrypted": compact}
        assert vault.forward(vault.request(headers=headers)).status == status


def test_the_visa_signature_covers_the_final_request(vault: Any) -> None:
    vault.store("shared", SHARED)
    request = vault.request(
        '{"n":"{{card_number}}"}',
        url="https://cert.api.example.com/vts/provisionedTokens",
        query=[{"name": "apiKey", "value": "k 1"}],
        signature={"type": "visa", "visa_parameters": {"shared_secret": "{{ secret_shared }}"}},
    )
    assert vault.forward(request).status == 200
    token = dict(vault.last.headers)["x-pay-token"]
    url = f"https://cert.api.example.com{vault.last.target}"
    assert vault.last.target == "/vts/provisionedTokens?apiKey=k%201"
    now = vault.world.now()
    assert visa.verify(token, secret=SHARED, url=url, body=vault.last.body, now=now) is None


def test_the_visa_signature_drops_a_prefix_of_the_path(vault: Any) -> None:
    parameters = {"shared_secret": SHARED, "remove_resource_path_prefix": "/vdp/"}
    signature = {"type": "visa", "visa_parameters": parameters}
    url = "https://cert.api.example.com/vdp/x/y"
    assert vault.forward(vault.request(url=url, signature=signature)).status == 200
    assert visa.verify(
        dict(vault.last.headers)["x-pay-token"],
        secret=SHARED, url=url, body=b"{}", now=vault.world.now(), remove_prefix="/vdp/",
    ) is None  # fmt: skip
    refused = vault.forward(vault.request(signature=signature))
    assert refused.codes == ["remove_resource_path_prefix_invalid"]


def dlocal_request(vault: Any, **raw: str) -> Any:
    signature = {"type": "dlocal", "dlocal_parameters": {"secret_key": SHARED}}
    return vault.request('{"n":"{{card_number}}"}', headers={"raw": raw}, signature=signature)


def test_the_dlocal_signature_adds_date_and_authorization(vault: Any) -> None:
    raw = {"X-Login": "login1"} | {f"X-{i}": "v" for i in range(15)}
    assert vault.forward(dlocal_request(vault, **raw)).status == 200
    headers = dict(vault.last.headers)
    assert headers["x-date"] == "2026-09-21T14:13:20.000Z"
    assert dlocal.verify(
        headers["authorization"],
        secret=SHARED,
        x_login="login1",
        x_date=headers["x-date"],
        body=vault.last.body,
    )


def test_the_dlocal_signature_needs_its_login_and_its_header_free(vault: Any) -> None:
    assert vault.forward(dlocal_request(vault)).codes == ["x_login_header_required"]
    given = dlocal_request(vault, **{"X-Login": "a", "authorization": "b"})
    assert vault.forward(given).codes == ["signature_header_given"]


def test_pci_data_does_not_come_back(vault: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from forwardc.sandbox.world import EmulatedAnswer

    async def echo(outbound: Any) -> EmulatedAnswer:
        return EmulatedAnswer(200, (("x-echo", outbound.body.decode()),), outbound.body, 1)

    vault.world.send = echo
    source = {"type": "id", "id": vault.fixed("visa_approved"), "cvv_token": vault.cvv_token("737")}
    body = '{"n":"{{card_number}}","cvc":"{{card_cvv}}","amount":7370,"x":"card[cvc]={{card_cvv}}"}'
    reply = vault.forward(vault.request(body, source))
    shown = reply.json()["destination_response"]
    assert "4242424242424242" not in reply.text
    assert json.loads(shown["body"]) == {
        "n": "***redacted***",
        "cvc": "***redacted***",
        "amount": 7370,
        "x": "card[cvc]=***redacted***",
    }
    assert shown["headers"]["X-Echo"] == [shown["body"]]
