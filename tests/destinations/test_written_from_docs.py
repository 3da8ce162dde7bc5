"""Two destinations that were written from the documents alone: SOAP 1.2, and a checksum.

What a user of docs/add-a-destination.md, docs/cookbook.md and docs/reference/ would write for a
gateway that none of them shows. Digests are recomputed here from what arrived.
"""

import base64
import hashlib
import hmac
from functools import cache
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs
from xml.etree import ElementTree

import pytest

from arranged import Built, built
from gateway_answers import answered_run

PROJECT: Final = Path(__file__).parent / "written_from_docs"
SOURCE: Final = "src_visa_approved".ljust(30, "0")
PARAMS: Final = {
    "amount": "4500",
    "currency": "EUR",
    "invoice": 'I "7" & <8> {{card_number}}',
    "order_no": "A7",
}
ENVELOPE: Final = (
    '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>{}</s:Body></s:Envelope>'
)
TOLD: Final = (
    '<authoriseResponse xmlns="urn:fjord:2024" authCode="77"><result>{}</result>'
    "<message>{}</message></authoriseResponse>"
)
FAULT: Final = (
    "<s:Fault><s:Code><s:Value>s:Sender</s:Value></s:Code>"
    "<s:Reason><s:Text>no such shop</s:Text></s:Reason></s:Fault>"
)
ANSWERS: Final = (
    ("fjord", 200, ENVELOPE.format(TOLD.format("OK", "")), "approved", None),
    ("fjord", 200, ENVELOPE.format(TOLD.format("BLOCKED", "stolen")), "declined", "stolen"),
    ("fjord", 400, ENVELOPE.format(FAULT), "rejected", "no such shop"),
    ("fjord", 500, ENVELOPE.format(FAULT), "unknown", "no such shop"),
    ("lumen", 200, "status=1&msg=ok", "approved", None),
    ("lumen", 200, "status=0&msg=Do+not+honour", "declined", "Do not honour"),
    ("lumen", 200, "status=7", "unknown", "no rule holds"),
)
NAMES: Final = {
    "env": "http://www.w3.org/2003/05/soap-envelope",
    "f": "urn:fjord:2024",
    "wsse": "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd",
    "wsu": "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd",
}


@cache
def project() -> Built:
    return built(PROJECT)


def made_up(destination: str, secret: str) -> str:
    """The sandbox's value of a secret, by the rule of docs/sandbox.md."""
    name = f"forwardc-sandbox:{destination}:{secret}".encode()
    return f"sbx_{hashlib.sha256(name).hexdigest()[:40]}"


def test_they_have_no_mistake() -> None:
    assert project().found == []


@pytest.mark.parametrize(
    ("name", "status", "body", "outcome", "why"),
    ANSWERS,
    ids=[f"{row[0]}-{index}" for index, row in enumerate(ANSWERS)],
)
def test_what_an_answer_means(
    name: str, status: int, body: str, outcome: str, why: str | None
) -> None:
    plan = project().plan("checkout", name, "sandbox")
    result, _ = answered_run(plan, SOURCE, PARAMS, (status, body))
    assert str(result.outcome) == outcome, result.reason
    assert (why in (result.reason or "")) if why else result.reason is None


def test_the_envelope_is_what_its_gateway_reads() -> None:
    _, arrived = answered_run(project().plan("checkout", "fjord", "sandbox"), SOURCE, PARAMS)
    root = ElementTree.fromstring(arrived.body)  # noqa: S314 - made by this test

    def text(path: str) -> str:
        return root.findtext(path, "", NAMES)

    token = "env:Header/wsse:Security/wsse:UsernameToken"
    nonce = base64.b64decode(text(f"{token}/wsse:Nonce"))
    proof = (
        nonce + text(f"{token}/wsu:Created").encode() + made_up("fjord", "fjord_password").encode()
    )
    digest = hashlib.sha1(proof, usedforsecurity=False).digest()
    assert text(f"{token}/wsse:Password") == base64.b64encode(digest).decode()
    assert text(f"{token}/wsse:Username") == made_up("fjord", "fjord_user")
    order = "env:Body/f:authorise"
    assert text(f"{order}/f:invoice") == PARAMS["invoice"]
    assert text(f"{order}/f:amount") == "45.00"
    assert text(f"{order}/f:card/f:pan") == "4242424242424242"
    assert text(f"{order}/f:card/f:validTo") == "2030-08"


def test_the_signature_is_over_the_fields_that_arrive() -> None:
    _, arrived = answered_run(project().plan("checkout", "lumen", "sandbox"), SOURCE, PARAMS)
    fields = {name: values[0] for name, values in parse_qs(arrived.body.decode()).items()}
    order = ("account", "amount", "currency", "order", "ts")
    text = "&".join(f"{name}={fields[name]}" for name in order)
    key = made_up("lumen", "lumen_key").encode()
    assert fields["signature"] == hmac.new(key, text.encode(), "sha256").hexdigest()
    assert (fields["pan"], fields["exp"], fields["amount"]) == ("4242424242424242", "0830", "4500")


def test_where_a_vault_cannot_its_reason_is_told() -> None:
    told = {
        name: sorted(
            {
                finding.code
                for one in project().compiled.assessments
                if one.place[:2] == ("stripe", name)
                for finding in one.findings
                if finding.verdict == "refused"
            }
        )
        for name in ("fjord", "lumen")
    }
    assert told == {"fjord": ["FC0605", "FC0619"], "lumen": ["FC0603", "FC0604", "FC0619"]}
