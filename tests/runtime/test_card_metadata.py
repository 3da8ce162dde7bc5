"""What a vault tells of a card by the way: kept where it has the form of one, else dropped."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from forwardc.cli.main import run as cli
from forwardc.plan.answers import CardMetadata, LogAt
from forwardc.plan.model import Plan
from forwardc.runtime.run.answer import log_url
from forwardc.runtime.run.card_metadata import card_facts, card_of_outputs
from forwardc.runtime.run.request import RunRequest
from forwardc.runtime.run.result import CardFacts

TELLS = CardMetadata(scheme="/card/scheme", issuing_country="/card/issuer_country")
LOG = LogAt(at="/error/request_log_url", host="dashboard.stripe.com")
SOURCE = "src_" + "a" * 26
PAID = RunRequest(
    source=SOURCE,
    inputs={"cvv_token": "tok_" + "b" * 26},
    texts={"amount": "1000", "currency": "EUR"},
)


@pytest.mark.parametrize("scheme", ["Visa", "American Express", "Cartes_Bancaires-2", "x" * 40])
def test_a_scheme_is_short_plain_text(scheme: str) -> None:
    assert card_facts(TELLS, {"card": {"scheme": scheme}}) == CardFacts(scheme=scheme)


@pytest.mark.parametrize(
    "scheme", ["", "x" * 41, "Visa\n", "\x1b[31mVisa", "<b>", "4242424242424242", 7, None, ["Visa"]]
)
def test_what_is_no_scheme_is_dropped(scheme: Any) -> None:
    assert card_facts(TELLS, {"card": {"scheme": scheme}}) == CardFacts()


@pytest.mark.parametrize(("country", "kept"), [("GB", True), ("gb", False), ("XX", False)])
def test_a_country_is_a_code_of_iso_3166(country: str, kept: bool) -> None:
    found = card_facts(TELLS, {"card": {"issuer_country": country}})
    assert found.issuing_country == (country if kept else None)


@pytest.mark.parametrize("document", [None, [], "text", {"card": "Visa"}, {"card": {}}])
def test_an_answer_of_another_form_tells_nothing(document: Any) -> None:
    assert card_facts(TELLS, document) == CardFacts()
    assert card_facts(CardMetadata(), document) == CardFacts()


@pytest.mark.parametrize("state", ["active", "inactive"])
def test_the_answer_about_an_instrument_tells_of_its_card(
    forward: Plan, execute, forwarded, state: str
) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            told = {"state": state, "scheme": "Visa", "issuer_country": "GB"}
            return httpx.Response(200, json=told)
        return forwarded(200, {"resultCode": "Authorised", "pspReference": "P1"})

    ran = execute(forward, "card_with_cvc", PAID, answer)
    assert len(ran.requests) == 2
    (step,) = ran.done.steps
    assert (step.scheme, step.issuing_country) == ("Visa", "GB")


def test_nobody_is_asked_only_for_that(forward: Plan, execute, forwarded) -> None:
    ran = execute(forward, "card", PAID, lambda _: forwarded(200, {"resultCode": "Authorised"}))
    assert len(ran.requests) == 1
    assert ran.done.steps[0].scheme is None


@pytest.mark.parametrize(
    ("operation", "source", "told"),
    [
        ("network_token_cit", "src_visa_suspended_token000000", ("Visa", "US")),
        # Nobody was asked; the destination's answer has the brand.
        ("card_cit", "src_visa_adyen_approved0000000", ("visa", None)),
    ],
)
def test_what_was_told_is_shown_and_recorded(
    root: Path,
    capfd: pytest.CaptureFixture[str],
    operation: str,
    source: str,
    told: tuple[str | None, str | None],
) -> None:
    given = {"amount": "1", "currency": "EUR", "reference": "r", "return_url": "https://s.example"}
    params = [part for name, value in given.items() for part in ("-p", f"{name}={value}")]
    through = ("--via", "checkout", "--env", "sandbox", "--build", str(root / "build"))
    command = ["run", f"adyen.{operation}", *through, "--source", source, *params, "--sandbox"]
    assert cli([*command, "--json"]) == 0
    ran = json.loads(capfd.readouterr().out)
    assert cli(["history", "show", ran["run_id"], "--json"]) == 0
    recorded = json.loads(capfd.readouterr().out)
    for (step,) in (ran["steps"], recorded["steps"]):
        assert (step["scheme"], step["issuing_country"]) == told
    for again in (command, ["history", "show", ran["run_id"]]):
        assert cli(again) == 0
        lines = capfd.readouterr().out.splitlines()
        assert any(line.split() == ["card", "Visa,", "US"] for line in lines) is (told[0] == "Visa")


@pytest.mark.parametrize(
    "url",
    [
        "https://dashboard.stripe.com/test/logs/req_1?t=1700000000",
        "https://dashboard.stripe.com/logs/req_AbC-1",
    ],
)
def test_a_vaults_own_page(url: str) -> None:
    assert log_url(LOG, {"error": {"request_log_url": url}}) == url


@pytest.mark.parametrize(
    "url",
    [
        "http://dashboard.stripe.com/logs/req_1",
        "https://dashboard.stripe.com.evil.example/logs/req_1",
        "https://dashboard.stripe.com@evil.example/logs/req_1",
        "https://user@dashboard.stripe.com/logs/req_1",
        "https://dashboard.stripe.com:444/logs/req_1",
        "https://dashboard.stripe.com\\@evil.example/",
        "https://evil.example/https://dashboard.stripe.com/",
        "javascript:alert(1)",
        "https://dashboard.stripe.com/logs/<b>",
        "https://dashboard.stripe.com/logs/4242424242424242",
        "https://dashboard.stripe.com/logs/req_1#x",
        "https://dashboard.stripe.com/logs/\nreq_1",
        "https://dashboard.stripe.com/" + "a" * 400,
        "",
        None,
        7,
        ["https://dashboard.stripe.com/logs/req_1"],
    ],
    ids=range(17),
)
def test_what_is_no_page_of_the_vault(url: object) -> None:
    assert log_url(LOG, {"error": {"request_log_url": url}}) is None


def test_a_plan_without_such_a_place_has_no_page() -> None:
    answer = {"error": {"request_log_url": "https://dashboard.stripe.com/logs/req_1"}}
    assert log_url(None, answer) is None


def test_a_destination_tells_by_outputs_of_two_names() -> None:
    outputs = {"card_scheme": "visa", "card_issuing_country": "FR", "other": "x"}
    assert card_of_outputs(outputs) == CardFacts("visa", "FR")


@pytest.mark.parametrize(
    "outputs",
    [
        {"card_scheme": "4242424242424242", "card_issuing_country": "France"},
        {"card_scheme": 7, "card_issuing_country": True},
        {"card_scheme": "***", "card_issuing_country": None},
        {"scheme": "visa", "country": "FR"},
        {},
    ],
    ids=["card", "types", "masked", "names", "none"],
)
def test_what_a_destination_does_not_tell_of_a_card(outputs: dict[str, object]) -> None:
    assert card_of_outputs(outputs) == CardFacts()
