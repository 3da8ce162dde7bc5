"""SOAP through every vault that can carry it: what arrives, and what each answer means.

`UPDATE_CASES=1 python -m pytest tests/cases/test_soap.py` writes what arrived: read the difference.
"""

import os
from functools import cache
from pathlib import Path
from typing import Final
from xml.etree import ElementTree

import pytest

from answered import Body, enveloped, ran
from arranged import Built, built, sent

SOAP: Final = Path(__file__).parent / "soap"
SOURCES: Final = {"checkout": "src_visa_approved".ljust(30, "0"), "stripe": "pm_sandbox_visa"}
OPERATIONS: Final = {"cybersource_soap": "pay", "sabre": "book", "tour_soap": "pay"}
CARRIED: Final = [
    ("cybersource_soap", "checkout"),
    ("sabre", "checkout"),
    ("tour_soap", "checkout"),
    ("tour_soap", "stripe"),
]
PARAMS: Final = {
    "cybersource_soap": {"order_id": "a & <b>", "amount": "1999", "currency": "EUR"},
    "sabre": {"conversation": 'C "7"', "session": "made-up-token", "hotel": "3", "vendor": "VI"},
    "tour_soap": {"note": '5 < 6 & "7" {{card_number}}', "items": "2"},
}
REFUSED: Final = {
    ("cybersource_soap", "stripe"): "refused FC0605 the vault takes the destination's credentials",
    ("sabre", "stripe"): "refused FC0619 a blank stands alone",
}


@cache
def made() -> Built:
    return built(SOAP)


@pytest.mark.parametrize(("name", "vault"), CARRIED)
def test_what_arrives(name: str, vault: str) -> None:
    plan = made().plan(vault, name, "sandbox")
    result, arrived = sent(plan, OPERATIONS[name], SOURCES[vault], **PARAMS[name])
    # The sandbox's own reader has judged every prefix: it answers 400 where one means nothing.
    assert result.steps[0].status == 200, result
    kept = {"content-type", "soapaction"}
    headers = [f"{key}: {value}" for key, value in arrived.headers if key.lower() in kept]
    shown = "\n".join([f"{arrived.method} {arrived.url}", *headers, "", arrived.body.decode(), ""])
    expected = SOAP / "arrived" / f"{name}.{vault}.txt"
    if os.environ.get("UPDATE_CASES") == "1":
        expected.parent.mkdir(exist_ok=True)
        expected.write_text(shown, encoding="utf-8")
    assert shown == expected.read_text(encoding="utf-8")


def test_a_reader_with_namespaces_finds_what_was_meant() -> None:
    _, arrived = sent(
        made().plan("stripe", "tour_soap", "sandbox"),
        *("pay", SOURCES["stripe"]),
        **PARAMS["tour_soap"],
    )
    root = ElementTree.fromstring(arrived.body)  # noqa: S314 - made by this test
    pay = root.find("{http://www.w3.org/2003/05/soap-envelope}Body/{urn:tour:2026}Pay")
    assert pay is not None
    assert pay.get("{http://www.w3.org/XML/1998/namespace}lang") == "en"
    assert pay.get("{urn:tour:2026}note") == PARAMS["tour_soap"]["note"]
    assert pay.findtext("{urn:tour:2026}Card/{urn:tour:2026}cardNumber") == "4242424242424242"
    assert pay.findtext("{urn:tour:lines}Line/{urn:tour:lines}Text") == PARAMS["tour_soap"]["note"]
    (plain,) = pay.findall("{urn:tour:2026}Line")
    assert plain.findtext("{urn:tour:plain}Größe") == "L"
    assert plain.findtext("inner/Text") == "none"


@pytest.mark.parametrize(("name", "vault"), sorted(REFUSED))
def test_the_reason_where_a_vault_cannot(name: str, vault: str) -> None:
    reasons = [
        f"{finding.verdict} {finding.code} {finding.reason}"
        for one in made().compiled.assessments
        if (one.vault.name, one.context.program.destination) == (vault, name)
        for finding in one.findings
    ]
    assert any(reason.startswith(REFUSED[name, vault]) for reason in reasons), reasons
    assert f"{vault}/{name}/sandbox.plan.json" not in made().files


ENVELOPE: Final = '<{p}:Envelope xmlns:{p}="{uri}"><{p}:Body>{inner}</{p}:Body></{p}:Envelope>'
SOAP_11: Final = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP_12: Final = "http://www.w3.org/2003/05/soap-envelope"
REPLY: Final = (
    '<c:replyMessage xmlns:c="urn:schemas-cybersource-com:transaction-data-1.219">'
    "<c:decision>{}</c:decision><c:reasonCode>{}</c:reasonCode></c:replyMessage>"
)
RESERVED: Final = (
    '<OTA_HotelResRS xmlns="http://webservices.sabre.com/sabreXML/2011/10">'
    '<{p}:ApplicationResults xmlns:{p}="{uri}" status="Complete"/></OTA_HotelResRS>'
)
STL: Final = "http://services.sabre.com/STL/v01"
PAID: Final = '<Paid xmlns="urn:tour:2026"><state>paid</state></Paid>'
ANSWERS: Final = [
    ("cybersource_soap", SOAP_11, "soap", REPLY.format("ACCEPT", 100), "approved"),
    ("cybersource_soap", SOAP_11, "s", REPLY.format("REJECT", 204), "declined"),
    ("cybersource_soap", SOAP_12, "soap", REPLY.format("ACCEPT", 100), "unknown"),
    ("sabre", SOAP_11, "soap-env", RESERVED.format(p="stl", uri=STL), "approved"),
    ("sabre", SOAP_11, "x", RESERVED.format(p="ns2", uri=STL), "approved"),
    ("sabre", SOAP_11, "x", RESERVED.format(p="stl", uri="urn:other"), "unknown"),
    ("tour_soap", SOAP_12, "S", PAID, "approved"),
    ("tour_soap", SOAP_12, "t", "<t:Fault/>", "rejected"),
]


@pytest.mark.parametrize(
    ("name", "uri", "prefix", "inner", "outcome"),
    ANSWERS,
    ids=[f"{row[0]}-{index}" for index, row in enumerate(ANSWERS)],
)
def test_an_answer_means_the_same_with_any_prefix(
    name: str, uri: str, prefix: str, inner: str, outcome: str
) -> None:
    plan = made().plan("checkout", name, "sandbox")
    (operation,) = plan.operations
    body = Body(ENVELOPE.format(p=prefix, uri=uri, inner=inner))
    result = ran(plan, operation, "checkout", enveloped("checkout", body), **PARAMS[name])
    assert str(result.outcome) == outcome, result
