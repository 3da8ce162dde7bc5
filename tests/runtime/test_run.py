"""What a run does with each kind of answer, and what it refuses before it sends."""

import json
from collections.abc import Callable
from dataclasses import replace

import httpx
import pytest

from forwardc.core.terms.terms import Lit
from forwardc.plan.model import Plan
from forwardc.runtime.run.request import RunRequest
from forwardc.runtime.run.result import exit_code, shown_data

SOURCE = "src_" + "a" * 26
TOKEN = "tok_" + "b" * 26
PAID = RunRequest(source=SOURCE, texts={"amount": "1000", "currency": "EUR"})
APPROVED = {"resultCode": "Authorised", "pspReference": "P1", "shopper": "Ann"}


def test_the_request_that_leaves(forward: Plan, execute, forwarded) -> None:
    request = replace(
        PAID,
        inputs={"cvv_token": TOKEN},
        reference="order 1",
        texts={**PAID.texts, "email": "ann@shop.example"},
    )
    ran = execute(forward, "card", request, lambda _: forwarded(200, APPROVED))
    (sent,) = ran.requests
    assert str(sent.url) == "https://forward.sandbox.checkout.com/forward"
    assert sent.headers["authorization"].startswith("Bearer sk_sbox_")
    body = json.loads(sent.content)
    assert body["source"] == {"type": "id", "id": SOURCE, "cvv_token": TOKEN}
    assert body["reference"] == "order 1"
    inner = json.loads(body["destination_request"]["body"])
    assert inner["amount"] == {"value": 1000, "currency": "EUR"}
    assert inner["shopperEmail"] == "ann@shop.example"
    assert inner["paymentMethod"]["cvc"] == "{{card_cvv}}"
    assert "merchantOrderReference" not in inner
    keys = ran.done.steps[0].keys
    assert body["destination_request"]["headers"]["raw"]["Idempotency-Key"] == keys.destination
    assert keys.destination != keys.vault


def test_what_is_absent_is_left_out(forward: Plan, execute, forwarded) -> None:
    without_input = execute(forward, "card", PAID, lambda _: forwarded(200, APPROVED))
    named = replace(PAID, inputs={"cvv_token": TOKEN}, without=frozenset({"card.holder_name"}))
    without_name = execute(forward, "card", named, lambda _: forwarded(200, APPROVED))
    methods = [
        json.loads(json.loads(ran.requests[0].content)["destination_request"]["body"])[
            "paymentMethod"
        ]
        for ran in (without_input, without_name)
    ]
    assert "cvc" not in methods[0]
    assert methods[0]["holderName"] == "{{cardholder_name}}"
    assert methods[1]["cvc"] == "{{card_cvv}}"
    assert "holderName" not in methods[1]


def test_what_came_is_there_for_the_caller(forward: Plan, execute, forwarded) -> None:
    told = forwarded(200, APPROVED, X_Trace="t-1")
    came = execute(forward, "card", PAID, lambda _: told).done.raw_response
    assert (came.status, came.vault_status, came.headers["x-trace"]) == (200, 200, "t-1")
    assert came.body == told.content
    refused = httpx.Response(422, json={"error_codes": ["secret_not_found"]})
    came = execute(forward, "card", PAID, lambda _: refused).done.raw_response
    assert (came.status, came.vault_status, dict(came.headers)) == (None, 422, {})
    assert came.body == refused.content
    assert (
        execute(forward, "card", PAID, lambda _: httpx.ConnectError("x")).done.raw_response is None
    )


@pytest.mark.parametrize(
    ("status", "body", "outcome", "code"),
    [
        (200, APPROVED, "approved", 0),
        (200, APPROVED | {"resultCode": "Refused"}, "declined", 10),
        (200, APPROVED | {"resultCode": "RedirectShopper"}, "pending", 14),
        (422, {"errorCode": "702"}, "rejected", 12),
        (401, "no JSON", "rejected", 12),
        (503, {}, "unknown", 13),
        (302, {}, "unknown", 13),
        (200, {"resultCode": "Authorised"}, "unknown", 13),
        (200, {"resultCode": "Authorised", "pspReference": {"a": 1}}, "unknown", 13),
        (200, {"resultCode": "Refused"}, "declined", 10),
        (200, "<html>", "unknown", 13),
    ],
)
def test_outcomes_of_the_destination(
    forward: Plan, execute, forwarded, status: int, body: object, outcome: str, code: int
) -> None:
    ran = execute(forward, "card", PAID, lambda _: forwarded(status, body))
    assert ran.done.outcome == outcome
    assert exit_code(ran.done) == code
    assert ran.done.steps[0].vault_status == 200
    assert ran.done.steps[0].status == status
    assert ran.done.steps[0].request_id == "fwd_1"


def test_a_rule_reads_headers_whatever_their_case(forward: Plan, execute, forwarded) -> None:
    ran = execute(forward, "card", PAID, lambda _: forwarded(200, APPROVED, x_wait="yes"))
    assert ran.done.outcome == "pending"


def test_outputs_and_sensitive_outputs(forward: Plan, execute, forwarded) -> None:
    ran = execute(forward, "card", PAID, lambda _: forwarded(200, APPROVED))
    outputs = ran.done.steps[0].outputs
    assert outputs == {"psp_reference": "P1", "result_code": "Authorised", "shopper": "***"}


@pytest.mark.parametrize(
    ("answer", "outcome", "code"),
    [
        (httpx.Response(401), "rejected", 11),
        (httpx.Response(422, json={"error_codes": ["x"]}), "rejected", 11),
        (httpx.Response(422, json={"error_codes": ["half_sent"]}), "unknown", 13),
        (httpx.Response(402, json={"error": {"code": "retryable"}}), "rejected", 11),
        (httpx.Response(500), "unknown", 13),
        (httpx.Response(302, headers={"location": "https://elsewhere.example"}), "unknown", 13),
        (httpx.Response(200, json={"request_id": "fwd_1"}), "unknown", 13),
        (httpx.Response(200, json={"destination_response": {"status": "ok"}}), "unknown", 13),
        (httpx.Response(200, json={"destination_response": {"status": True}}), "unknown", 13),
        (httpx.Response(200, text="[" * 100_000), "unknown", 13),
        (httpx.Response(200, text="x" * 70_000), "unknown", 13),
        (httpx.Response(200, headers={"content-encoding": "gzip"}, content=b""), "unknown", 13),
        (httpx.Response(200, headers={"content-length": "9"}, content=b"{}"), "unknown", 13),
        (httpx.ConnectError("no"), "rejected", 11),
        (httpx.ConnectTimeout("no"), "rejected", 11),
        (httpx.ReadTimeout("no"), "unknown", 13),
        (httpx.WriteTimeout("no"), "unknown", 13),
        (httpx.RemoteProtocolError("no"), "unknown", 13),
        (httpx.ReadError("no"), "unknown", 13),
    ],
    ids=lambda value: f"{type(value).__name__}-{getattr(value, 'status_code', value)}",
)
def test_outcomes_of_the_vault(
    forward: Plan, execute, answer: httpx.Response | Exception, outcome: str, code: int
) -> None:
    ran = execute(forward, "card", PAID, lambda _: answer)
    assert ran.done.outcome == outcome
    assert exit_code(ran.done) == code
    assert ran.done.reason
    assert ran.done.steps[0].status is None
    assert len(ran.requests) == 1


def test_a_used_up_cvc_is_told_where_one_was_asked_for(forward: Plan, execute) -> None:
    answer = httpx.Response(402, json={"error": {"code": "retryable"}})
    with_cvc = replace(PAID, inputs={"cvv_token": TOKEN})
    ran = execute(forward, "card", with_cvc, lambda _: answer)
    assert "a CVC, if the vault had one, is used up" in str(ran.done.reason)
    # Nobody has told that there was one.
    assert "the CVC is used up" not in str(ran.done.reason)
    left_out = replace(with_cvc, without=frozenset({"card.cvc"}))
    for request in (PAID, left_out):
        ran = execute(forward, "card", request, lambda _: answer)
        assert "sent nothing to the destination" in str(ran.done.reason)
        assert "CVC" not in str(ran.done.reason)


def test_a_card_number_in_an_answer_is_masked_and_changes_nothing(
    forward: Plan, execute, forwarded
) -> None:
    body = {"resultCode": "Authorised", "pspReference": "4242424242424242"}
    ran = execute(forward, "card", PAID, lambda _: forwarded(200, body))
    (step,) = ran.done.steps
    assert ran.done.outcome == "approved"
    assert step.cards_masked == 1
    assert step.outputs["psp_reference"] == "*" * 16
    assert step.withheld == ("psp_reference",)
    assert "4242424242424242" not in repr(ran.done)


def test_a_card_number_in_an_answer_of_a_refusal_is_masked(
    forward: Plan, execute, forwarded
) -> None:
    body = {"resultCode": "Refused", "pspReference": "4242\u00a04242\u00a04242\u00a04242"}
    ran = execute(forward, "card", PAID, lambda _: forwarded(422, {**body, "resultCode": 7}))
    (step,) = ran.done.steps
    assert step.cards_masked == 1
    assert "42424242" not in repr(ran.done)
    assert "*" * 16 in str(step.answer)


def test_the_next_step_gets_what_looks_like_a_card_number(direct: Plan, execute) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v1/orders":
            return httpx.Response(200, json={"id": "4242424242424242", "token": "t-1"})
        return httpx.Response(200, json={"status": "done"})

    request = RunRequest(texts={"code": "c", "note": "n"}, idempotency_key="k1")
    ran = execute(direct, "two_steps", request, answer)
    assert ran.done.outcome == "approved"
    assert "4242424242424242" in str(ran.requests[1].url)
    assert "4242424242424242" not in repr(ran.done)


def test_a_vaults_id_stays_whole_and_is_shown_masked(forward: Plan, execute, forwarded) -> None:
    def answer(_: httpx.Request) -> httpx.Response:
        told = forwarded(200, {"resultCode": "Authorised", "pspReference": "P1"}).json()
        return httpx.Response(200, json={**told, "request_id": "fwd_4242424242424242"})

    ran = execute(forward, "card", PAID, answer)
    assert ran.done.steps[0].request_id == "fwd_4242424242424242"
    assert shown_data(ran.done)["steps"][0]["request_id"] == "fwd_" + "*" * 16


def test_steps_follow_each_other_and_stop(direct: Plan, execute) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v1/orders":
            return httpx.Response(200, json={"id": "o/1?x", "token": "t-1"})
        return httpx.Response(200, json={"status": "done"})

    request = RunRequest(texts={"code": "c", "note": "n"}, idempotency_key="k1")
    ran = execute(direct, "two_steps", request, answer)
    assert ran.done.outcome == "approved"
    create, confirm = ran.requests
    assert confirm.url.raw_path == b"/v1/orders/o%2F1%3Fx/confirm"
    assert json.loads(confirm.content) == {"token": "t-1", "run": ran.done.run_id}
    assert create.headers["idempotency-key"] == "k1-create"
    assert confirm.headers["idempotency-key"] == "k1-confirm"
    assert [step.outputs for step in ran.done.steps] == [
        {"id": "o/1?x", "token": "***"},
        {"status": "done"},
    ]

    stopped = execute(direct, "two_steps", request, lambda _: httpx.Response(402, json={}))
    assert len(stopped.requests) == 1
    assert exit_code(stopped.done) == 12

    lost = execute(direct, "two_steps", request, lambda _: httpx.Response(200, json={"id": "1"}))
    assert len(lost.requests) == 1
    assert lost.done.outcome == "unknown"
    assert "token" in str(lost.done.reason)


def test_an_output_that_would_change_the_path_stops_the_run(direct: Plan, execute) -> None:
    request = RunRequest(texts={"code": "c", "note": "n"})
    ran = execute(
        direct, "two_steps", request, lambda _: httpx.Response(200, json={"id": "..", "token": "t"})
    )
    assert len(ran.requests) == 1
    assert ran.done.outcome == "unknown"
    assert ran.codes == ["FC0807"]


@pytest.mark.parametrize(("state", "with_cvc"), [("active", True), ("inactive", False)])
def test_the_fallback_is_chosen_before_anything_is_sent(
    forward: Plan, execute, forwarded, state: str, with_cvc: bool
) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return httpx.Response(200, json={"state": state})
        return forwarded(200, APPROVED)

    request = replace(PAID, inputs={"cvv_token": TOKEN})
    ran = execute(forward, "card_with_cvc", request, answer)
    question, sent = ran.requests
    assert question.url.path == f"/instruments/{SOURCE}"
    assert ("with_cvc" in json.loads(sent.content)) is with_cvc
    assert ran.done.fell_back is not with_cvc
    assert ran.done.operation == ("card_with_cvc" if with_cvc else "card")


def test_a_question_without_answer_sends_nothing(forward: Plan, execute) -> None:
    request = replace(PAID, inputs={"cvv_token": TOKEN})
    ran = execute(forward, "card_with_cvc", request, lambda _: httpx.ReadTimeout("no"))
    assert len(ran.requests) == 1
    assert exit_code(ran.done) == 11


def test_the_fallbacks_own_needs_are_known_first(forward: Plan, execute) -> None:
    request = RunRequest(source=SOURCE, inputs={"cvv_token": TOKEN})
    ran = execute(forward, "card_with_cvc", request, lambda _: httpx.Response(200))
    assert ran.requests == []
    assert ran.codes == ["FC0803", "FC0803"]


def _no_answer(_: httpx.Request) -> httpx.Response:
    raise AssertionError("nothing may be sent")


@pytest.mark.parametrize(
    ("operation", "request_", "codes"),
    [
        ("card", replace(PAID, source=None), ["FC0802"]),
        ("card", replace(PAID, source="4242424242424242"), ["FC0802"]),
        ("card", replace(PAID, source=SOURCE + "\n"), ["FC0802"]),
        ("card", replace(PAID, source="src_" + "é" * 26), ["FC0802"]),
        ("card", replace(PAID, inputs={"cvv": "1"}), ["FC0805"]),
        ("card", replace(PAID, inputs={"cvv_token": "tok_1"}), ["FC0804"]),
        ("card", replace(PAID, without=frozenset({"card.number"})), ["FC0801"]),
        ("card", replace(PAID, without=frozenset({"card.expiry"})), ["FC0805"]),
        ("card", replace(PAID, reference="x" * 81), ["FC0804"]),
        ("card", replace(PAID, reference="4242 4242 4242 4242"), ["FC0812"]),
        ("card", replace(PAID, idempotency_key="a b"), ["FC0811"]),
        ("card", replace(PAID, idempotency_key="4242424242424242"), ["FC0811"]),
        ("twice", RunRequest(source=TOKEN), ["FC0802"]),
        ("twice", RunRequest(source=SOURCE, idempotency_key="k" * 64), ["FC0811"]),
        ("card_with_cvc", PAID, ["FC0801"]),
        ("card_with_cvc", replace(PAID, source=TOKEN), ["FC0802"]),
        ("card", RunRequest(), ["FC0802", "FC0803", "FC0803"]),
        (
            "card",
            RunRequest(source="x", texts={"amount": "1.5", "curency": "EUR"}),
            ["FC0802", "FC0803", "FC0804", "FC0805"],
        ),
        (
            "card",
            replace(PAID, texts={**PAID.texts, "order": "4242424242424242"}),
            ["FC0812"],
        ),
        ("card", replace(PAID, texts={**PAID.texts, "order": "\ud800"}), ["FC0807"]),
        ("card", replace(PAID, texts={**PAID.texts, "email": "x" * 20_000}), ["FC0808"]),
    ],
)
def test_every_problem_is_found_before_sending(
    forward: Plan, execute, operation: str, request_: RunRequest, codes: list[str]
) -> None:
    ran = execute(forward, operation, request_, _no_answer)
    assert ran.result is None
    assert ran.codes == codes
    assert "4242" not in "".join(problem.message for problem in ran.sink.sorted())


def test_a_space_in_a_source_that_nobody_sees_is_named(forward: Plan, execute) -> None:
    ran = execute(forward, "card", replace(PAID, source=SOURCE + "\u00a0"), _no_answer)
    assert [problem.hint for problem in ran.sink.sorted()] == [
        "it holds a no-break space (U+00A0): delete it"
    ]


def test_missing_credentials_are_all_named(direct: Plan, execute) -> None:
    request = RunRequest(texts={"code": "c", "note": "n"})
    ran = execute(direct, "two_steps", request, _no_answer, lambda _: None)
    hints = " ".join(str(problem.hint) for problem in ran.sink.sorted())
    assert ran.codes == ["FC0806", "FC0806"]
    assert "FORWARDC_SECRET__SANDBOX__SHOP__KEY" in hints
    assert "FORWARDC_SECRET__SANDBOX__SHOP__SIGNING" in hints


def test_a_public_key_is_refused_as_credential(forward: Plan, execute) -> None:
    ran = execute(forward, "card", PAID, _no_answer, lambda _: "pk_sbox_" + "a" * 27)
    assert ran.codes == ["FC0614"]


def test_production_is_refused_before_anything_else(forward: Plan, execute) -> None:
    def no_secret(_: str) -> str:
        raise AssertionError("no secret may be read")

    plan = replace(forward, environment="production")
    ran = execute(plan, "card", RunRequest(), _no_answer, no_secret)
    assert ran.codes == ["FC0814"]
    assert ran.requests == []


@pytest.mark.parametrize(
    "url",
    [
        "http://forward.sandbox.checkout.com/forward",
        "https://evil.example/forward",
        "https://forward.sandbox.checkout.com@evil.example/forward",
        "https://forward.sandbox.checkout.com:8443/forward",
        "https://forward.sandbox.checkout.com/a/../forward",
    ],
)
def test_only_the_plans_hosts_are_called(
    forward: Plan, execute: Callable[..., object], url: str
) -> None:
    operation = forward.operations["card"]
    step = operation.steps[0]
    changed = replace(step, http=replace(step.http, url=Lit(url)))
    plan = replace(forward, operations={"card": replace(operation, steps=(changed,))})
    ran = execute(plan, "card", PAID, _no_answer)
    assert ran.codes == ["FC0810"]
