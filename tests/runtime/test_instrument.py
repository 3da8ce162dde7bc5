"""What a run asks of its instrument before it sends, what leaves of it, and what is kept."""

import asyncio
import json
from typing import Any
from uuid import UUID

import httpx
import pytest

from attempted import NOW, SOURCE, TOKEN, Network, Notes, Went, go
from compiled import plan_of, program_of
from forwardc.compile.vaults.encode import to_bytes
from forwardc.core.diagnostics.sink import Sink
from forwardc.core.instrument import BRANDS, FUNDINGS, INSTRUMENT
from forwardc.plan.digests import approval_digest, behaviour_digest
from forwardc.plan.model import Plan, load_plan
from forwardc.runtime.http.jwk_sets import VaultKeys
from forwardc.runtime.http.send import Sender
from forwardc.runtime.run.context import RunDependencies
from forwardc.runtime.run.request import ClockAndIds, RunRequest
from forwardc.runtime.run.result import RunResult, StepReport
from forwardc.runtime.run.run import resume
from forwardc.runtime.run.run_record import RunProgress, StepProgress
from forwardc.runtime.secret_providers.plan_secrets import sandbox_resolver

HEAD = """forwardc: 1
name: guard
title: Order screening
environments: {sandbox: {base_url: https://api.guard.example}}
operations:
"""
ALL = """  screen:
    initiator: customer
    steps:
      send:
        request:
          POST: /orders
          headers: {X-Brand: "${instrument.brand}"}
          json:
            number: ${card.number}
            bin: ${instrument.bin}
            last4: ${instrument.last4}
            funding: ${instrument.funding}
            country: ${instrument.country}
        response: {outcome: by_status, outputs: {echo: {at: /echo, optional: true}}}
"""
MAYBE = """  screen:
    initiator: customer
    steps:
      send:
        request:
          POST: /orders
          json:
            number: ${card.number}
            brand: ${instrument.brand?}
            known: ${present(instrument.country, 'yes')}
        response: {outcome: by_status}
"""
TOKENS = """  token:
    initiator: customer
    fallback: card
    steps:
      send:
        request:
          POST: /orders
          json: {number: "${network_token.number}", brand: "${instrument.brand}"}
        response: {outcome: by_status}
  card:
    initiator: customer
    steps:
      send:
        request:
          POST: /orders
          json: {number: "${card.number}", last4: "${instrument.last4}"}
        response: {outcome: by_status}
"""
TWO_STEPS = """  screen:
    initiator: customer
    steps:
      first:
        request: {POST: /first, json: {number: "${card.number}"}}
        response: {outcome: by_status}
      second:
        request: {POST: /second, json: {number: "${card.number}", brand: "${instrument.brand}"}}
        response: {outcome: by_status}
"""
RULED = """  screen:
    initiator: customer
    steps:
      send:
        request: {POST: /orders, json: {number: "${card.number}"}}
        response:
          outcome:
            - {when: "${response.status == 200 and instrument.brand == 'visa'}", is: approved}
            - {when: "${response.status == 200}", is: declined}
"""
CARD = {
    "id": SOURCE,
    "scheme": "Visa",
    "bin": "454347",
    "last4": "2249",
    "card_type": "Credit",
    "issuer_country": "DE",
}
PM = "pm_1QwErTyUiOp"


def plan(text: str, vault: str = "checkout") -> Plan:
    return load_plan(to_bytes(plan_of(program_of(HEAD + text), vault)))


def told(**changes: Any) -> httpx.Response:
    document = {name: value for name, value in {**CARD, **changes}.items() if value is not None}
    return httpx.Response(200, json=document)


def sent(went: Went) -> Any:
    """The body of the destination's request, out of the last one to Checkout.com."""
    return json.loads(json.loads(went.requests[-1].content)["destination_request"]["body"])


def asked_only(went: Went) -> bool:
    return [request.method for request in went.requests] == ["GET"]


def test_what_the_vault_tells_leaves_as_it_is_called_here(forwarded) -> None:
    answers = [
        told(scheme="AMERICAN  EXPRESS", card_type="DEFERRED_DEBIT"),
        forwarded(200, {}),
    ]
    went = go(plan(ALL), "screen", RunRequest(source=SOURCE), answers)
    assert went.done.outcome == "approved"
    assert went.requests[0].url.path == f"/instruments/{SOURCE}"
    assert sent(went) == {
        "number": "{{card_number}}",
        "bin": "454347",
        "last4": "2249",
        "funding": "unknown",
        "country": "DE",
    }
    raw = json.loads(went.requests[-1].content)["destination_request"]["headers"]["raw"]
    assert raw["X-Brand"] == "amex"


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (told(scheme="Obscure Club"), "instrument.brand"),
        (told(scheme=None), "instrument.brand"),
        (told(scheme=7), "instrument.brand"),
        (told(bin="45434"), "instrument.bin"),
        (told(bin="4543474002249996"), "instrument.bin"),
        (told(last4="٢٢٤٩"), "instrument.last4"),
        (told(card_type="Gift"), "instrument.funding"),
        (told(issuer_country="de"), "instrument.country"),
        (told(issuer_country="QQ"), "instrument.country"),
        (httpx.Response(404), "knows no such instrument"),
        (httpx.Response(403), "no permission"),
        (httpx.Response(429), "no more questions"),
        (httpx.Response(503, json=CARD), "answered 503"),
        (httpx.Response(200, text="<html>"), "no description"),
        (httpx.Response(200, json=[CARD]), "no description"),
        (httpx.ReadTimeout("no"), "cannot be asked"),
        (httpx.ConnectError("no"), "cannot be asked"),
    ],
    ids=range(17),
)
def test_without_what_is_needed_nothing_is_sent(answer: Any, why: str) -> None:
    went = go(plan(ALL), "screen", RunRequest(source=SOURCE), [answer])
    assert (went.done.outcome, went.done.rejected_by) == ("rejected", "vault")
    assert why in str(went.done.reason)
    assert "nothing was sent" in str(went.done.reason)
    assert asked_only(went)
    assert went.notes.told == []
    # What it told besides stays untold: it may be anything.
    assert "454347" not in str(went.done.reason)


@pytest.mark.parametrize("scheme", [None, "Obscure Club", "", 7])
def test_what_may_be_absent_is_left_out(forwarded, scheme: Any) -> None:
    answers = [told(scheme=scheme, issuer_country=None), forwarded(200, {})]
    went = go(plan(MAYBE), "screen", RunRequest(source=SOURCE), answers)
    assert sent(went) == {"number": "{{card_number}}"}
    went = go(plan(MAYBE), "screen", RunRequest(source=SOURCE), [told(), forwarded(200, {})])
    assert sent(went) == {"number": "{{card_number}}", "brand": "visa", "known": "yes"}


def test_a_question_that_fails_is_no_absence() -> None:
    went = go(plan(MAYBE), "screen", RunRequest(source=SOURCE), [httpx.Response(500)])
    assert went.done.rejected_by == "vault"
    assert asked_only(went)


def test_a_token_is_not_asked_about(forwarded) -> None:
    went = go(plan(MAYBE), "screen", RunRequest(source=TOKEN), [forwarded(200, {})])
    assert sent(went) == {"number": "{{card_number}}"}
    went = go(plan(ALL), "screen", RunRequest(source=TOKEN), [])
    assert went.result is None
    assert [found.code for found in went.sink.sorted()] == ["FC0802"]
    assert went.requests == []


@pytest.mark.parametrize(
    ("state", "body"),
    [
        ("active", {"number": "{{network_token_number}}", "brand": "visa"}),
        ("suspended", {"number": "{{card_number}}", "last4": "2249"}),
    ],
)
def test_the_fallback_is_chosen_by_the_same_answer(forwarded, state: str, body: Any) -> None:
    answers = [told(network_token={"state": state}), forwarded(200, {})]
    went = go(plan(TOKENS), "token", RunRequest(source=SOURCE), answers)
    assert went.done.fell_back is (state != "active")
    assert sent(went) == body
    assert [request.method for request in went.requests] == ["GET", "POST"]


def test_a_fallback_that_needs_what_is_not_told_does_not_run() -> None:
    answers = [told(network_token=None, last4=None)]
    went = go(plan(TOKENS), "token", RunRequest(source=SOURCE), answers)
    assert "instrument.last4" in str(went.done.reason)
    assert asked_only(went)


def test_stripe_is_asked_of_the_payment_method() -> None:
    text = ALL.replace("            bin: ${instrument.bin}\n", "")
    card = {"brand": "eftpos_au", "last4": "0007", "funding": "prepaid", "country": "AU"}
    answers = [
        httpx.Response(200, json={"id": PM, "livemode": False, "card": card}),
        httpx.Response(
            200, json={"id": "fwdreq_1", "livemode": False, "response_details": {"status": 200}}
        ),
    ]
    went = go(plan(text, "stripe"), "screen", RunRequest(source=PM), answers)
    assert went.requests[0].url.path == f"/v1/payment_methods/{PM}"
    form = httpx.QueryParams(went.requests[1].content.decode())
    assert json.loads(form["request[body]"]) == {
        "number": "",
        "last4": "0007",
        "funding": "prepaid",
        "country": "AU",
    }
    assert form["request[headers][0][value]"] == "eftpos_au"


def test_a_rule_reads_it(forwarded) -> None:
    for scheme, outcome in (("Visa", "approved"), ("Mastercard", "declined")):
        answers = [told(scheme=scheme), forwarded(200, {})]
        went = go(plan(RULED), "screen", RunRequest(source=SOURCE), answers)
        assert went.done.outcome == outcome


def test_no_record_and_no_report_holds_digits_of_the_card(forwarded) -> None:
    """Not even where the destination repeats them."""
    echo = {"echo": "card 454347...2249", "card": {"first": "454347", "last": "2249"}}
    went = go(plan(ALL), "screen", RunRequest(source=SOURCE), [told(), forwarded(200, echo)])
    assert went.done.outcome == "approved"
    kept = repr((went.notes.runs, went.notes.intents, went.notes.reports, went.notes.results))
    assert "454347" not in kept
    assert "2249" not in kept
    shown = went.notes.intents[0].shown.body
    assert shown is not None
    assert shown.count("***") == 5
    assert "visa" not in repr(went.notes.intents)


def _continued(past: RunProgress, answers: list[Any]) -> tuple[RunResult | None, Network, Sink]:
    network, sink = Network(answers), Sink()
    request = RunRequest(source=SOURCE, run_id=UUID(int=7, version=4))
    held = plan(TWO_STEPS)

    async def work() -> RunResult | None:
        async with Sender(network) as sender:
            means = RunDependencies(sender, VaultKeys(sender), ClockAndIds(lambda: NOW), Notes())
            return await resume(held, "screen", past, request, sandbox_resolver(held), means, sink)

    return asyncio.run(work()), network, sink


def _decided(outcome: str) -> RunProgress:
    went = go(plan(TWO_STEPS), "screen", RunRequest(source=SOURCE), [told(), *_TWICE])
    first, second = went.done.steps
    steps: dict[str, StepReport] = {"first": first} | ({"second": second} if outcome else {})
    return RunProgress(steps={name: StepProgress(report=step) for name, step in steps.items()})


_INNER = {"status": 200, "headers": {}, "body": "{}"}
_TWICE = [httpx.Response(200, json={"request_id": "f", "destination_response": _INNER})] * 2


def test_a_run_that_is_continued_asks_again() -> None:
    result, network, _ = _continued(_decided(""), [told(scheme="JCB"), _TWICE[0]])
    assert result is not None
    assert result.outcome == "approved"
    body = json.loads(network.requests[-1].content)["destination_request"]["body"]
    assert json.loads(body)["brand"] == "jcb"


def test_a_run_that_cannot_ask_again_stays_as_it_is() -> None:
    result, network, sink = _continued(_decided(""), [httpx.Response(404)])
    assert result is None
    assert [found.code for found in sink.sorted()] == ["FC0851"]
    assert [request.method for request in network.requests] == ["GET"]


def test_a_run_whose_steps_are_decided_asks_nothing() -> None:
    result, network, _ = _continued(_decided("all"), [])
    assert result is not None
    assert network.requests == []


def _as_json(held: Plan) -> Any:
    return json.loads(to_bytes(plan_of(program_of(HEAD + ALL), held.vault)))


@pytest.mark.parametrize("change", ["at", "kinds", "url", "gone"])
def test_an_approval_covers_the_question(change: str) -> None:
    held = plan(ALL)
    document = _as_json(held)
    reading = document["operations"]["screen"]["instrument"]
    match change:
        case "at":
            reading["values"]["bin"]["at"] = "/number"
        case "kinds":
            reading["kinds"] = ["src_", "tok_"]
        case "url":
            reading["http"]["url"] = "https://api.sandbox.checkout.com/other"
        case _:
            del document["operations"]["screen"]["instrument"]
    other = load_plan(json.dumps(document).encode())
    assert approval_digest(held, "screen") != approval_digest(other, "screen")


def test_how_an_answer_is_read_decides() -> None:
    held, document = plan(ALL), _as_json(plan(ALL))
    document["operations"]["screen"]["instrument"]["values"]["brand"]["words"]["visa"] = "jcb"
    other = load_plan(json.dumps(document).encode())
    assert behaviour_digest(held, "screen") != behaviour_digest(other, "screen")


@pytest.mark.parametrize("vault", ["checkout", "stripe"])
@pytest.mark.parametrize(("name", "words"), [("brand", BRANDS), ("funding", FUNDINGS)])
def test_the_words_of_a_vault_are_among_those_of_the_language(
    vault: str, name: str, words: tuple[str, ...]
) -> None:
    operation = plan(ALL.replace("            bin: ${instrument.bin}\n", ""), vault).operations
    reading = operation["screen"].instrument
    assert reading is not None
    assert set(reading.values[name].words.values()) <= set(words)
    assert all(INSTRUMENT[name].is_one(word) for word in words)


def test_every_brand_is_told_by_some_vault() -> None:
    text = ALL.replace("            bin: ${instrument.bin}\n", "")
    plans = (plan(text, vault) for vault in ("checkout", "stripe"))
    readings = [held.operations["screen"].instrument for held in plans]
    told_words = {
        word for reading in readings if reading for word in reading.values["brand"].words.values()
    }
    assert told_words == set(BRANDS)


def test_a_plan_reads_no_other_value() -> None:
    document = _as_json(plan(ALL))
    values = document["operations"]["screen"]["instrument"]["values"]
    values["number"] = {"at": "/number"}
    with pytest.raises(ValueError, match="damaged"):
        load_plan(json.dumps(document).encode())
