"""Each named scheme, signed by a run and judged by the sandbox's own code over what arrived."""

import base64
import re
from collections.abc import Callable
from functools import cache

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from compiled import plan_of, program_of
from forwardc.core.documents.reading import read_part
from forwardc.core.recognizer.cards import holds_card
from forwardc.plan.model import Plan
from forwardc.runtime.secret_providers.plan_secrets import SecretResolver
from signed_runs import NOW, Arrivals, Change, Headers

DESTINATION = """\
forwardc: 1
name: shop
title: Signed requests of a shop
environments: {sandbox: {base_url: "https://api.shop.example/v1"}}
settings: {key: {type: string, default: k-1}}
params:
  id: {type: string, max_length: 40}
  tag: {type: string, max_length: 40, optional: true}
secrets:
  mac: {description: Shared secret}
  encoded: {description: Shared secret in base64}
  rsa: {description: Private key}
  curve: {description: Private key}
  edwards: {description: Private key}
  salt: {description: Long secret, high_entropy: true}
operations:
"""
SIGNS = {
    "cybersource": "{scheme: cybersource-http-signature, secret: '${secrets.encoded}', "
    "key_id: '${settings.key}', merchant_id: shop_1}",
    "cybersource_old": "{scheme: cybersource-http-signature, secret: '${secrets.encoded}', "
    "key_id: k, merchant_id: shop_1, request_target: (request-target)}",
    "mastercard": "{scheme: mastercard-oauth1, secret: '${secrets.rsa}', consumer_key: 'a-b!c'}",
    "aws": "{scheme: aws-sigv4, secret: '${secrets.mac}', access_key_id: AKI, region: eu-west-1, "
    "service: pay}",
    **{
        name: "{scheme: rfc9421, secret: '${secrets.SECRET}', alg: ALG, key_id: k, nonce: true, "
        "components: ['@method', '@target-uri', '@authority', '@scheme', '@request-target', "
        "'@path', '@query', x-order, content-digest]}".replace("SECRET", secret).replace("ALG", alg)
        for name, secret, alg in (
            ("hmac", "mac", "hmac-sha256"),
            ("hmac_base64", "encoded", "hmac-sha256, key_form: base64, content_digest: sha-512"),
            ("rsa", "rsa", "rsa-v1_5-sha256"),
            ("pss", "rsa", "rsa-pss-sha512"),
            ("ecdsa", "curve", "ecdsa-p256-sha256"),
            ("ed25519", "edwards", "ed25519"),
        )
    },
}
BODIES = """\
          headers: {X-Order: "o-${params.id}"}
          query: {z: "1", id: "${params.id}", tag: "${params.tag?}", a: "b c"}
          json: {id: "${params.id}", tag: "${params.tag?}", note: "{x} é", list: [1, 2.50, true]}
"""
CHECKSUMS = {
    "nuvei": """\
          POST: /payment.do
          json:
            {merchantId: "1", merchantSiteId: 22, clientRequestId: "${params.id}", amount: 10.50,
             currency: EUR, timeStamp: "20270102030405", other: "${params.tag?}"}
          sign: {scheme: nuvei-checksum, secret: "${secrets.salt}", request: payment}
""",
    "ogone": """\
          POST: /orderdirect.asp
          form:
            {PSPID: shop, orderID: "${params.id}", A_B: x, AB: z, A1: "", ALIAS: "${params.tag?}"}
          sign: {scheme: ogone-shasign, secret: "${secrets.salt}", hash: sha1}
""",
}


def destination(requests: dict[str, str]) -> str:
    operations = "".join(
        f"  {name}:\n    initiator: merchant\n    steps:\n      pay:\n        request:\n{text}"
        "        response: {outcome: by_status}\n"
        for name, text in requests.items()
    )
    return DESTINATION + operations


REQUESTS = {
    **{
        name: f"          POST: /pay/x~y/{name}\n{BODIES}          sign: {sign}\n"
        for name, sign in SIGNS.items()
    },
    **CHECKSUMS,
}


@cache
def compiled(vault: str = "direct") -> Plan:
    return read_part(Plan, plan_of(program_of(destination(REQUESTS)), vault))


NAMES = [*SIGNS, *CHECKSUMS]


@pytest.mark.parametrize("name", NAMES)
@given(text=st.text(max_size=12), tag=st.one_of(st.none(), st.text(max_size=6)))
@example("a/../b {x} é&=+", None)
@example("%2a~*'()", "")
def test_what_a_run_signs_fits_what_arrives(name: str, text: str, tag: str | None) -> None:
    arrivals = Arrivals(name, compiled())
    result = arrivals.run(id=text, **({} if tag is None else {"tag": tag}))
    if result is None:
        # What no header or URL can hold is refused before; a card number, too.
        assert (
            not text.isascii() or not text.isprintable() or text != text.strip() or holds_card(text)
        )
        return
    assert result.outcome == "approved", result.steps[-1]


def body(old: bytes, new: bytes) -> Change:
    """The request with other bytes in its body."""
    return lambda headers, text: (headers, text.replace(old, new))


def header(name: bytes, old: bytes, new: bytes) -> Change:
    """The request with another value of one header."""

    def change(headers: Headers, text: bytes) -> tuple[Headers, bytes]:
        return [(at, v.replace(old, new) if at == name else v) for at, v in headers], text

    return change


def as_read(name: str, encode: Callable[[str], str]) -> Callable[[SecretResolver], SecretResolver]:
    """A resolver whose secret is used as if it were written in another way."""

    def other(look_up: SecretResolver) -> SecretResolver:
        def changed(variable: str) -> str | None:
            value = look_up(variable)
            return encode(value) if value and variable.endswith(name) else value

        return changed

    return other


def base64_text(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


BODY = body(b"order-1", b"order-2")
SPACE = body(b":[", b": [")
REFUSED: list[tuple[str, Change, str]] = [
    *((name, BODY, "of another body") for name in SIGNS),
    ("cybersource", SPACE, "Digest is of another body"),
    ("nuvei", BODY, "of other fields"),
    ("ogone", BODY, "of other fields"),
    (
        "cybersource",
        header(b"signature", b"date request-target", b"date (request-target)"),
        "name the target differently",
    ),
    ("cybersource", header(b"signature", b"host date", b"date"), "lacks one that must be signed"),
    ("cybersource", header(b"v-c-merchant-id", b"1", b"2"), "of another text"),
    ("hmac", header(b"x-order", b"1", b"2"), "of another text"),
    ("hmac", header(b"signature-input", b' "@path"', b""), "the list of components"),
    ("ed25519", header(b"x-order", b"1", b"2"), "by another key"),
    ("ecdsa", header(b"x-order", b"1", b"2"), "by another key"),
    ("aws", header(b"authorization", b"eu-west-1", b"eu-west-2"), "another key, day, region"),
    ("mastercard", header(b"authorization", b"a-b!c", b"a-b!d"), "the consumer key"),
    ("nuvei", lambda h, b: (h, _cased(b, str.upper)), "in lower case"),
    ("ogone", lambda h, b: (h, _cased(b, str.lower)), "in capitals"),
    ("aws", lambda h, b: ([(n, _cased(v, str.upper)) for n, v in h], b), "in lower case"),
]


def _cased(text: bytes, case: Callable[[str], str]) -> bytes:
    """The bytes with the hexadecimal text of the signature in another case."""
    pattern = r'(?<=Signature=)\w+|(?<="checksum":")\w+|(?<=SHASIGN=)\w+'
    return re.sub(pattern, lambda found: case(found[0]), text.decode()).encode()


@pytest.mark.parametrize(
    ("name", "change", "reason"), REFUSED, ids=[f"{n}-{i}" for i, (n, _, _) in enumerate(REFUSED)]
)
def test_what_was_changed_on_the_way_is_refused(name: str, change: Change, reason: str) -> None:
    result = Arrivals(name, compiled()).run(change, id="order-1")
    assert result.outcome == "rejected", result.outcome
    assert reason in result.steps[-1].answer, result.steps[-1].answer


@pytest.mark.parametrize("name", sorted(SIGNS))
def test_a_stale_time_is_refused(name: str) -> None:
    arrivals = Arrivals(name, compiled())
    arrivals.world.now = lambda: NOW.timestamp() + 3_600
    result = arrivals.run(id="order-1")
    assert "stale time" in result.steps[-1].answer


@pytest.mark.parametrize("name", ["mastercard", "hmac", "pss"])
def test_a_nonce_serves_once(name: str) -> None:
    arrivals, sent = Arrivals(name, compiled()), []

    def kept(headers: Headers, text: bytes) -> tuple[Headers, bytes]:
        sent.append((headers, text))
        return sent[0]

    assert arrivals.run(kept, id="order-1").outcome == "approved"
    again = arrivals.run(kept, id="order-1")
    assert "the nonce was used before" in again.steps[-1].answer
    assert len({dict(headers)[SIGNED[name]] for headers, _ in sent}) == 2


SIGNED = {"mastercard": b"authorization", "hmac": b"signature", "pss": b"signature"}


def test_the_other_reading_of_a_secret_is_named() -> None:
    arrivals = Arrivals("cybersource", compiled(), other_secrets=as_read("ENCODED", base64_text))
    result = arrivals.run(id="order-1")
    text = result.steps[-1].answer
    assert "the secret was read as text, and it is base64" in text


@pytest.mark.parametrize("name", ["cybersource", "mastercard", "ecdsa", "ed25519"])
def test_a_secret_of_another_form_ends_the_run_before_anything_is_sent(name: str) -> None:
    def none_of_it(look_up: SecretResolver) -> SecretResolver:
        return lambda variable: look_up(variable) and "not-a-key-of-any-kind!"

    arrivals = Arrivals(name, compiled(), other_secrets=none_of_it)
    assert arrivals.run(id="order-1") is None
    assert arrivals.world.received == []
    (problem, *_) = arrivals.problems
    assert problem.code == "FC0807"
    assert "not-a-key" not in problem.message
