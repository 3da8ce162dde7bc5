"""What the review page says of a named signature is what a run signs."""

import hashlib
from pathlib import Path
from typing import Any

import pytest

from compiled import assessed, program_of
from forwardc.compile.review.page.protection import protections
from forwardc.core.signatures import cybersource, http_messages, nuvei, ogone
from forwardc.core.signatures.request_text import RequestText

FOLDER = Path(__file__).parent / "destinations"
HEAD = """\
forwardc: 1
name: shop
title: Signed requests of a shop
environments: {sandbox: {base_url: "https://api.shop.example"}}
secrets: {mac: {description: Shared secret, high_entropy: true}}
operations:
  pay:
    initiator: merchant
    steps:
      pay:
        request:
          POST: /pay
"""
TAIL = "        response: {outcome: by_status}\n"


def described(*lines: str) -> Any:
    """The one signature of a request, in words."""
    text = HEAD + "".join(f"          {line}\n" for line in lines) + TAIL
    (one,) = assessed(program_of(text), "direct")
    ((_, (signature,)),) = protections(one, {})
    assert signature.by == "our runtime"
    assert signature.secret == "mac"
    return signature


def test_cybersources_lines_are_listed_in_their_order() -> None:
    for target in ("request-target", "(request-target)"):
        signature = described(
            'query: {b: "2"}',
            "json: {a: 1}",
            "sign: {scheme: cybersource-http-signature, secret: '${secrets.mac}', key_id: k, "
            f"merchant_id: m, request_target: {target}}}",
        )
        request = RequestText(
            "POST",
            "https://api.shop.example/pay",
            (("b", "2"),),
            body='{"a":1}',
            options={"merchant_id": "m", "request_target": target},
        )
        lines = cybersource.lines(request)
        assert [name for name, _ in signature.parts] == [f"{name}: " for name, _ in lines]
        shown, signed = dict(signature.parts), dict(lines)
        assert shown[f"{target}: "] == signed[target]
        assert shown["v-c-merchant-id: "] == signed["v-c-merchant-id"]
        assert "the whole JSON body" in shown["digest: "]


def test_nuveis_fields_are_listed_in_their_order() -> None:
    fields = {"timeStamp": "T", "merchantSiteId": "2", "merchantId": "1", "clientRequestId": "R"}
    body = ", ".join(f'{name}: "{value}"' for name, value in fields.items())
    signature = described(
        f"json: {{{body}}}",
        "sign: {scheme: nuvei-checksum, secret: '${secrets.mac}', request: getSessionToken}",
    )
    assert signature.place == "body/checksum"
    *parts, (last, where) = signature.parts
    assert (last, where) == ("secret", "at the end")
    text = "".join(value.strip('"') for _, value in parts) + "hush"
    request = RequestText("POST", "", fields=fields, options={"request": "getSessionToken"})
    assert nuvei.checksum(request, "hush") == hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize("name", ["sha1", "sha256", "sha512"])
def test_ogones_fields_are_listed_as_they_are_sorted(name: str) -> None:
    fields = {"b_1": "x", "AB": "z", "a1": "w"}
    body = ", ".join(f"{at}: {value}" for at, value in fields.items())
    signature = described(
        f"form: {{{body}}}",
        f"sign: {{scheme: ogone-shasign, secret: '${{secrets.mac}}', hash: {name}}}",
    )
    assert signature.place == "body SHASIGN"
    assert ("weak digest, because the vendor asks for it" in signature.algorithm) is (
        name == "sha1"
    )
    text = "".join(
        f"{at}{value.partition(',')[0].strip(chr(34))}hush" for at, value in signature.parts
    )
    expected = hashlib.new(name, text.encode(), usedforsecurity=False).hexdigest().upper()
    assert ogone.shasign(
        RequestText("POST", "", fields=fields, options={"hash": name}), "hush"
    ) == (expected)


def test_the_components_are_listed_as_they_are_signed() -> None:
    components = ["@query", "@path", "x-order", "@method", "@request-target"]
    quoted = ", ".join(f"'{name}'" for name in components)
    signature = described(
        "headers: {X-Order: o-1}",
        'query: {b: "2"}',
        "json: {a: 1}",
        "sign: {scheme: rfc9421, secret: '${secrets.mac}', alg: hmac-sha256, key_id: k, "
        f"components: [{quoted}]}}",
    )
    request = RequestText(
        "POST",
        "https://api.shop.example/pay",
        (("b", "2"),),
        (("X-Order", "o-1"),),
        options={"components": components, "key_id": "k"},
    )
    *signed, _ = http_messages.base(request).splitlines()
    *shown, (params, _) = signature.parts
    assert [f"{name}{value.strip(chr(34))}" for name, value in shown] == signed
    assert params == '"@signature-params": '


@pytest.mark.parametrize("destination", ["cybersource", "mdes", "nuvei", "ogone"])
def test_every_signature_is_described(destination: str) -> None:
    text = (FOLDER / f"{destination}.yaml").read_text(encoding="utf-8")
    for one in assessed(program_of(text), "direct"):
        for step in one.context.operation.steps:
            if step.request.sign and step.request.sign.card is None and one.emission:
                (signatures,) = [found for _, found in protections(one, {})]
                assert [each for each in signatures if each.source]
