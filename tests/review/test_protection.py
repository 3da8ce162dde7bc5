"""What is encrypted and what is signed, as the page tells it; compared with what is really done."""

import base64
import hmac
from hashlib import sha256, sha512
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compiled import assessed, program_of
from forwardc.compile.ir.features import SCHEMES as OF_THE_LANGUAGE
from forwardc.compile.ir.program import ProgramBody, ProgramRequest, ProgramSignature
from forwardc.compile.review.page.protection import on_the_way, protections
from forwardc.compile.review.page.schemes import SCHEMES
from forwardc.compile.review.page.summary import card_data
from forwardc.compile.review.page.values import ValueKind, values
from forwardc.compile.review.page.wording import atom_words, glossary
from forwardc.compile.vaults.assess import Assessment
from forwardc.core.atoms import ATOMS
from forwardc.core.terms.functions import FUNCTIONS, WEAK_DIGESTS
from forwardc.core.terms.terms import Call, Encoding, Lit, Map, Ref, Seq, Term
from forwardc.runtime.run.signing import (
    dlocal_authorization,
    gate_signature,
    gate_text,
    x_pay_token,
)
from one_rule import one_rule

VENDOR = {name: name for name in ATOMS}
CASES = Path(__file__).resolve().parent.parent / "cases" / "emit"
HEAD = """\
forwardc: 1
name: shop
title: A shop
environments: {sandbox: {base_url: "https://api.shop.example"}}
DECLAREDoperations:
  pay:
    initiator: customer
    steps:
      send:
"""
DECLARED = {
    "params.id": "params: {id: {type: string, max_length: 20}}\n",
    "secrets.mac_key": "secrets: {mac_key: {description: Key of the HMAC}}\n",
    "secrets.seal_key": "secrets: {seal_key: {description: A key, as_key: sha256_base64url}}\n",
}
TAIL = "        response: {outcome: by_status}\n"
JWE = "key=secrets.seal_key, alg='A256GCMKW', enc='A256GCM'"


def shop(step: str, vault: str = "checkout") -> Assessment:
    """The shop with one step's lines, at a vault that carries it."""
    lines = "".join(f"        {line}\n" for line in step.splitlines())
    declared = "".join(text for name, text in DECLARED.items() if name in step)
    head = HEAD.replace("DECLARED", f"{declared}")
    (one,) = assessed(program_of(head + lines + TAIL), vault)
    assert one.emission, [found.reason for found in one.findings]
    return one


def of_case(name: str, vault: str, operation: str) -> Assessment:
    program = program_of((CASES / name / "destination.yaml").read_bytes())
    found = {one.context.operation.name: one for one in assessed(program, vault)}
    return found[operation]


def protected(one: Assessment) -> tuple[Any, Any]:
    return protections(one, {})[0]


def request(body: Term | None, scheme: str, **options: Any) -> ProgramRequest:
    sign = ProgramSignature(scheme, Ref("secrets.key"), **options)
    made = None if body is None else ProgramBody(Encoding.JSON, body)
    return ProgramRequest("POST", Lit("https://api.shop.example/vts/cards"), (), (), made, sign)


def test_every_scheme_of_the_language_is_described() -> None:
    assert tuple(SCHEMES) == OF_THE_LANGUAGE


@pytest.mark.parametrize("prefix", [None, "/vts/", "vts"])
def test_visa_signs_the_listed_parts_in_this_order(prefix: str | None) -> None:
    parts = SCHEMES["visa-x-pay-token"].parts(
        request(Map(()), "visa-x-pay-token", remove_path_prefix=prefix), {}
    )
    (time, _), (path_words, path), (_, query), (_, body) = parts
    assert (time, query, body) == ("time", "empty", "the whole JSON body")
    assert ("without /vts before it" in path_words) is (prefix is not None)
    text = "1700000000" + path + "" + "{}"
    expected = hmac.new(b"k", text.encode(), sha256).hexdigest()
    token = x_pay_token("https://api.shop.example/vts/cards", b"{}", "k", 1_700_000_000, prefix)
    (header,) = SCHEMES["visa-x-pay-token"].headers
    written = header[1].replace("<time>", "1700000000").replace("<signature>", expected)
    assert (header[0], written) == ("x-pay-token", token)


def test_dlocal_signs_the_listed_parts_in_this_order() -> None:
    one = of_case("direct-signatures", "direct", "dlocal")
    (found,) = protected(one)[1]
    assert [what.partition(",")[0] for what, _ in found.parts] == [
        *("header X-Login", "header X-Date", "body"),
    ]
    assert found.parts[0][1] == "a"
    digest = hmac.new(b"k", b"a" + b"DATE" + b"{}", sha256).hexdigest()
    written = dict(found.headers)["Authorization"].replace("<signature>", digest)
    assert written == dlocal_authorization("a", "DATE", b"{}", "k")
    assert found.by == "our runtime"


KEYS = st.sampled_from(["a", "b:c", "10", "9", "signature", "frame_mode", "Z"])
BODIES = st.recursive(
    st.text("xyz;:", max_size=3) | st.booleans() | st.none() | st.integers(-9, 99),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)


def term_of(value: Any) -> Term:
    if isinstance(value, dict):
        return Map(tuple((key, term_of(item)) for key, item in value.items()))
    return Seq(tuple(map(term_of, value))) if isinstance(value, list) else Lit(value)


@given(st.dictionaries(KEYS, BODIES, min_size=1, max_size=4))
def test_rocketpay_signs_the_listed_lines_in_this_order(body: dict[str, Any]) -> None:
    listed = SCHEMES["rocketpay-gate"].parts(request(term_of(body), "rocketpay-gate"), {})
    words = {"null": "", "true": "1", "false": "0"}
    text = ";".join(f"{path}{words.get(value, value)}" for path, value in listed)
    assert text == gate_text(body)
    digest = base64.b64encode(hmac.new(b"k", text.encode(), sha512).digest()).decode()
    assert gate_signature(body, "k") == digest


def test_a_signature_in_the_body_names_its_place_and_its_lines() -> None:
    one = of_case("direct-signatures", "direct", "gate")
    (found,) = protected(one)[1]
    assert (found.place, found.into) == ("body/general/signature", "/general/signature")
    assert found.parts == [("general:id:", "params.id")]


def test_visa_through_a_vault_is_signed_there() -> None:
    one = of_case("visa-signature", "checkout", "pay")
    (found,) = protected(one)[1]
    assert found.by == "Checkout.com"
    assert found.place == "header x-pay-token"
    rows = {
        row.place: row for row in values(one.context.operation.steps[0], one.context, VENDOR, "V")
    }
    assert rows["header x-pay-token"].kind is ValueKind.SECRET
    assert "does not leave" in rows["header x-pay-token"].handling


def test_an_hmac_in_a_header_is_described() -> None:
    mac = "hmac_sha256(secrets.mac_key, params.id + ':' + run.id)"
    one = shop(
        f'request:\n  POST: /c\n  headers: {{X-Mac: "v=${{hex({mac})}}"}}\n'
        '  json: {pan: "${card.number}"}',
        "stripe",
    )
    (found,) = protected(one)[1]
    assert (found.place, found.algorithm) == ("header X-Mac", "HMAC-SHA256")
    assert [value for _, value in found.parts] == ["params.id", '":"', "run.id"]
    assert (found.secret, found.by) == ("mac_key", "our runtime")
    assert found.written.startswith('"v=" + hex(hmac_sha256(')


def test_an_hmac_in_a_body_is_described() -> None:
    mac = "base64url(hmac_sha512('k', params.id))"
    one = shop(
        f'request:\n  POST: /c\n  form: {{pan: "${{card.number}}", a: {{mac: "${{{mac}}}"}}}}'
    )
    (found,) = protected(one)[1]
    assert (found.place, found.algorithm) == ("body a[mac]", "HMAC-SHA512")


@pytest.mark.parametrize("function", ["sha256", "sha512", "sha1", "md5"])
def test_a_hash_over_a_secret_is_described_and_a_weak_one_named(function: str) -> None:
    checksum = f"upper(hex({function}(params.id + '~' + secrets.mac_key)))"
    one = shop(
        f'request:\n  POST: /c\n  json: {{sum: "${{{checksum}}}", '
        f'none: "${{hex({function}(params.id))}}"}}',
        "direct",
    )
    (found,) = protected(one)[1]
    assert (found.place, found.secret, found.by) == ("body/sum", "mac_key", "our runtime")
    assert [value for _, value in found.parts] == ["params.id", '"~"', "secrets.mac_key"]
    assert ("weak" in found.algorithm) is (function in WEAK_DIGESTS)


def test_a_weak_hash_is_named_in_the_glossary() -> None:
    for function in sorted(WEAK_DIGESTS):
        (words,) = glossary([Call(function, (Lit("a"), Lit("b")))])
        assert words.endswith("a weak digest, because the vendor asks for it")


def test_an_hmac_inside_a_jwe_is_found_there() -> None:
    one, _ = jwes(
        'inside: {pan: "${card.number}", mac: "${hex(hmac_sha256(\'k\', params.id))}"}',
        f'json: {{sealed: "${{jwe(inside, {JWE})}}"}}',
    )
    (found,) = protected(one)[1]
    assert found.place == "body/sealed › /mac"


def jwes(*lines: str) -> tuple[Assessment, Any]:
    text = "\n".join(("let:", *(f"  {line}" for line in lines[:-1]), "request:", "  POST: /c"))
    one = shop(f"{text}\n  {lines[-1]}")
    return one, protected(one)[0]


def test_the_members_the_header_and_the_key_of_a_jwe() -> None:
    one, (found,) = jwes(
        'inside: {pan: "${card.number}", until: {month: "${card.expiry.MM}"}, cvc: "${card.cvc?}"}',
        'head: {kid: key-7, iat: "${unix(run.now)}"}',
        f'json: {{box: {{sealed: "${{jwe(inside, {JWE}, headers=head)}}"}}}}',
    )
    assert (found.place, found.alg, found.enc) == ("body/box/sealed", "A256GCMKW", "A256GCM")
    assert found.key == "SHA-256 of the secret seal_key"
    assert found.by == "Checkout.com"
    assert found.inside == [
        ("pan", "card.number"),
        ("until/month", "card.expiry.MM"),
        ("cvc", "card.cvc (may be left out)"),
    ]
    assert dict(found.header) == {
        "alg": "A256GCMKW",
        "enc": "A256GCM",
        "kid": "key-7",
        "iat": "unix(run.now)",
        "iv": "made with the key",
        "tag": "made with the key",
    }
    assert all(sent.sealed for sent in card_data(one))


def test_what_also_leaves_in_clear_is_not_called_encrypted() -> None:
    one, _ = jwes(
        'pan: "${card.number}"',
        'inside: {pan: "${pan}", month: "${card.expiry.MM}"}',
        f'json: {{pan: "${{pan}}", sealed: "${{jwe(inside, {JWE})}}"}}',
    )
    assert {sent.words: sent.sealed for sent in card_data(one)} == {
        "card number (PAN)": False,
        "expiry date": True,
    }


def test_a_jwe_inside_a_jwe_has_its_own_entry() -> None:
    step = (
        f'let:\n  inner: {{id: "${{params.id}}"}}\n  outer: {{sealed: "${{jwe(inner, {JWE})}}"}}\n'
        f'request:\n  POST: /c\n  json: {{box: "${{jwe(outer, {JWE})}}"}}'
    )
    outer, inner = protected(shop(step, "direct"))[0]
    assert outer.inside == [("sealed", "a JWE, described by itself")]
    assert (inner.place, inner.inside) == ("body/box › /sealed", [("id", "params.id")])
    assert outer.by == inner.by == "our runtime"


def test_a_public_key_is_named_by_its_thumbprint_only() -> None:
    found, again = protected(of_case("jwe-rsa", "checkout", "pay"))[0]
    assert found.key == again.key
    assert found.key.startswith("public key of the destination, RSA, thumbprint ")
    assert "pm6Wws" not in repr(found.key)
    assert [(one.alg, one.enc) for one in (found, again)] == [
        *(("RSA-OAEP-256", "A128CBC-HS256"), ("RSA-OAEP", "A256GCM")),
    ]


def test_a_jwe_over_values_of_the_run_is_made_by_our_runtime() -> None:
    (found,) = protected(of_case("jwe-at-run", "stripe", "note"))[0]
    assert found.by == "our runtime"


def test_text_alone_and_a_form() -> None:
    (found,) = protected(of_case("jwe-with-names", "checkout", "name_alone"))[0]
    assert (found.place, found.inside) == ("body name", [("text", "card.holder_name")])
    assert not found.is_json


CARRIED = [
    one
    for path in sorted(CASES.glob("*/checkout.json"))
    for one in assessed(program_of((path.parent / "destination.yaml").read_bytes()), "checkout")
    if one.emission is not None and (path.parent / "runs.yaml").exists() is False
]


@one_rule("one", CARRIED)
def test_every_name_has_a_row_and_every_jwe_its_entry(one: Assessment) -> None:
    steps = zip(one.context.operation.steps, protections(one, {}), strict=True)
    for step, (found, _) in steps:
        rows = values(step, one.context, VENDOR, "V")
        names = {name for row in rows for name in row.names}
        used = {node.name for node in (*step.request.atoms, *step.request.refs)}
        assert used <= names
        jwes = [node for node in step.request.nodes if getattr(node, "function", "") == "jwe"]
        assert len(found) == len(jwes)
        for row in rows:
            if row.kind in (ValueKind.ACCOUNT, ValueKind.CARDHOLDER):
                assert row.filled == "V"
                assert row.form


def test_headers_that_travel_encrypted_to_the_vault() -> None:
    one = of_case("secret-computed", "checkout", "pay")
    (found,) = on_the_way(one.emitted_steps[0])
    assert found["headers"] == "Authorization, X-Plain"
    assert (found["alg"], found["enc"]) == ("RSA-OAEP-256", "A256GCM")


def test_every_name_of_the_language_has_words() -> None:
    assert all(atom_words(name) for name in ATOMS)
    # What only the compiler makes is shown in the author's words.
    written = [one.name for one in FUNCTIONS.values() if not (one.rules_only or one.internal)]
    folded = {"jwe", "iso", "exponent", "decimal", "pick"}
    for name in set(written) - folded:
        call = Call(name, (Ref("params.id"),))
        assert any(words.startswith(name) for words in glossary([call])), name
