"""docs/cookbook.md: each recipe is checked, compiled for each vault, and sent through the sandbox.

The emulated vault fills in the card and delivers; the sandbox's echo refuses what a real
destination could not read, with 400. The answer that the vault then gives is the one that the
recipe's gateway would send.
"""

import json
import re
from functools import cache
from hashlib import sha256, sha512
from pathlib import Path
from typing import Final

import pytest

from arranged import Built, built
from forwardc.runtime.run.result import RunResult
from forwardc.sandbox.world import OutboundRequest
from gateway_answers import answered_run

ROOT: Final = Path(__file__).resolve().parents[2]
PROJECT: Final = ROOT / "docs/examples/cookbook"
PAGE: Final = ROOT / "docs/cookbook.md"
NAMES: Final = sorted(path.stem for path in (PROJECT / "destinations").glob("*.yaml"))
SOURCES: Final = {
    "checkout": "src_visa_approved".ljust(30, "0"),
    "stripe": "pm_sandbox_visa",
}
PARAMS: Final = {
    "amount": "1999",
    "country": "NO",
    "currency": "EUR",
    "kind": "gift",
    "order": 'O "7" & <8> {{card_number}}',
}
FEWEST_LINES, MOST_LINES = 15, 40

SOAP: Final = (
    '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>{}</e:Body>'
    "</e:Envelope>"
)
TOLD: Final = (
    '<p:answer xmlns:p="urn:example:pay"><p:code>{}</p:code><p:text>{}</p:text></p:answer>'
)
FAULT: Final = "<e:Fault><faultcode>SOAP-ENV:{}</faultcode><faultstring>why</faultstring></e:Fault>"
XML: Final = '<payAnswer id="t1"><code>{}</code><text>{}</text></payAnswer>'

# Recipe, status and body of the answer, then outcome and reason.
ANSWERS: Final = (
    ("basic_auth", 200, "{}", "approved", None),
    ("basic_auth", 402, '{"error": "expired card"}', "declined", "expired card"),
    ("basic_auth", 401, '{"error": "who are you"}', "rejected", "who are you"),
    ("basic_auth", 503, "<html>", "unknown", "answered 503"),
    ("oauth_first", 201, "{}", "approved", None),
    ("oauth_first", 402, "{}", "declined", "answered 402"),
    ("xml_gateway", 200, XML.format("00", ""), "approved", None),
    ("xml_gateway", 200, XML.format("51", "Insufficient funds"), "declined", "Insufficient funds"),
    ("xml_gateway", 200, XML.format("30", "Format error"), "rejected", "Format error"),
    ("xml_gateway", 200, XML.format("99", "odd"), "unknown", "odd"),
    ("soap", 200, SOAP.format(TOLD.format("0", "")), "approved", None),
    ("soap", 200, SOAP.format(TOLD.format("51", "No funds")), "declined", "No funds"),
    ("soap", 500, SOAP.format(FAULT.format("Client")), "rejected", "why"),
    ("soap", 500, SOAP.format(FAULT.format("Server")), "unknown", "why"),
    ("graphql", 200, '{"data": {"charge": {"id": "1", "state": "SETTLED"}}}', "approved", None),
    (
        *("graphql", 200, '{"data": {"charge": {"state": "DECLINED", "code": "51"}}}'),
        *("declined", "51"),
    ),
    ("graphql", 200, '{"data": null, "errors": [{"message": "bad"}]}', "rejected", "bad"),
    ("checksum", 200, "{}", "approved", None),
    ("checksum", 402, "{}", "declined", "answered 402"),
    ("checksum", 403, "{}", "rejected", "answered 403"),
    ("brand_codes", 200, "{}", "approved", None),
    ("brand_codes", 402, "{}", "declined", "answered 402"),
    ("decline_reasons", 200, '{"id": "1", "state": "paid"}', "approved", None),
    (
        *("decline_reasons", 200),
        '{"state": "declined", "decline": {"code": "51", "text": "No funds"}}',
        *("declined", "insufficient funds"),
    ),
    ("decline_reasons", 200, '{"state": "paid", "decline": {"code": "1"}}', "unknown", "1"),
    ("decline_reasons", 402, '{"decline": {"code": "41"}}', "declined", "41"),
    ("decline_reasons", 422, '{"error": "no order"}', "rejected", "no order"),
    ("decline_reasons", 200, '{"state": "review"}', "pending", "answered 200"),
    ("polling", 200, '{"id": "c1", "state": "paid"}', "approved", None),
    ("polling", 200, '{"id": "c1", "state": "declined"}', "declined", "answered 200"),
    ("polling", 402, '{"id": "c1", "state": "?"}', "declined", "answered 402"),
)


@cache
def project() -> Built:
    return built(PROJECT)


def sent(
    vault: str, name: str, answer: tuple[int, str] | None = None
) -> tuple[RunResult, OutboundRequest]:
    """A run through an emulated vault, and what it delivered; `answer` in place of the echo's."""
    plan = project().plan(vault, name, "sandbox")
    return answered_run(plan, SOURCES[vault], PARAMS, answer)


def test_every_recipe_checks_and_is_compiled_for_each_vault() -> None:
    assert project().found == []
    lacking = [
        (vault, name)
        for vault in SOURCES
        for name in NAMES
        if f"{vault}/{name}/sandbox.plan.json" not in project().files
    ]
    assert lacking == []


def test_every_recipe_is_short_and_stands_whole_in_the_page() -> None:
    page = PAGE.read_text("utf-8")
    for name in NAMES:
        path = PROJECT / "destinations" / f"{name}.yaml"
        text = path.read_text("utf-8")
        assert FEWEST_LINES <= len(text.splitlines()) <= MOST_LINES, name
        block = f"```yaml {path.relative_to(ROOT).as_posix()}\n{text}```"
        assert block in page, f"docs/cookbook.md does not show {name}.yaml as it is"


def test_the_page_says_what_coverage_prints() -> None:
    """Each section ends with its coverage, and the codes of what is lost or unconfirmed."""
    page = PAGE.read_text("utf-8")
    for name in NAMES:
        section = page.partition(f"destinations/{name}.yaml\n")[2].partition("\n## ")[0]
        assert f"\n{_coverage(name)}\n" in section, name


def _coverage(name: str) -> str:
    told = []
    for one in project().compiled.assessments:
        vault, destination, _ = one.place
        if destination == name and vault in SOURCES:
            codes = sorted({finding.code for finding in one.findings})
            told.append(f"{vault} {one.level}" + (f" ({', '.join(codes)})" if codes else ""))
    return f"*Coverage: {'; '.join(sorted(told))}.*"


def test_every_recipe_has_answers_of_each_kind() -> None:
    for name in NAMES:
        outcomes = {row[3] for row in ANSWERS if row[0] == name}
        assert outcomes >= {"approved", "declined"}, name


@pytest.mark.costly
@pytest.mark.parametrize("vault", SOURCES)
@pytest.mark.parametrize("name", NAMES)
def test_what_its_gateway_answers(name: str, vault: str) -> None:
    for recipe, status, body, outcome, why in ANSWERS:
        if recipe != name:
            continue
        result, arrived = sent(vault, name, (status, body))
        assert str(result.outcome) == outcome, (status, body, result.reason)
        assert (why in (result.reason or "")) if why else result.reason is None
        assert b"4242424242424242" in arrived.body


@pytest.mark.parametrize("vault", SOURCES)
def test_what_arrives(vault: str) -> None:
    """What each recipe is for, read at the destination."""
    bodies = {name: sent(vault, name)[1] for name in ("brand_codes", "checksum", "xml_gateway")}
    codes = bodies["brand_codes"].body.decode()
    wanted = {
        *('"cardType":"001"', '"last4":"4242"', '"currency":"978"', '"country":"NOR"'),
        '"kind":"P"',
    }
    assert [text for text in wanted if text not in codes.replace('": "', '":"')] == []
    # docs/sandbox.md says which value the sandbox makes up for a secret.
    made_up = sha256(b"forwardc-sandbox:checksum:checksum_salt").hexdigest()[:40]
    text = f"SHOP1|{PARAMS['order']}|19.99|EUR|sbx_{made_up}"
    assert (
        json.loads(bodies["checksum"].body)["checksum"] == sha512(text.encode()).hexdigest().upper()
    )
    assert re.search(rb"<expiry>\d\d/\d\d</expiry>", bodies["xml_gateway"].body)
    assert b'<amount currency="978">19.99</amount>' in bodies["xml_gateway"].body


def test_one_token_serves_the_run() -> None:
    """The token that the echo gave is what the charge carries."""
    _, arrived = sent("checkout", "oauth_first")
    (bearer,) = [value for key, value in arrived.headers if key.lower() == "authorization"]
    assert re.fullmatch(r"Bearer \S+", bearer)
