"""What is sent again, under which keys, and what a run says after an attempt in doubt."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import httpx
import pytest

from attempted import (
    APPROVED,
    NOW,
    PAID,
    TOKEN,
    Network,
    Notes,
    changed,
    destination_keys,
    failure,
    go,
    vault_keys,
    with_failures,
)
from forwardc.core.diagnostics.sink import Sink
from forwardc.core.documents.reading import read_part
from forwardc.core.outcome import Outcome
from forwardc.plan.answers import CodeAt, Failure
from forwardc.plan.model import Plan
from forwardc.runtime.http.circuit_breaker import CircuitBreaker
from forwardc.runtime.http.jwk_sets import VaultKeys
from forwardc.runtime.http.send import Sender
from forwardc.runtime.run.context import RunDependencies
from forwardc.runtime.run.request import ClockAndIds, IdempotencyKeys, RunRequest
from forwardc.runtime.run.result import RunResult, StepReport
from forwardc.runtime.run.retries import RetryPolicy
from forwardc.runtime.run.run import resume
from forwardc.runtime.run.run_record import Doubt, RunProgress, StepProgress
from forwardc.runtime.secret_providers.plan_secrets import sandbox_resolver


@pytest.fixture
def idempotent(forward: Plan) -> Plan:
    return changed(forward, "card", idempotent=True)


@pytest.fixture
def alone(forward: Plan) -> Plan:
    """The destination does not honour our key."""
    return changed(forward, "card", idempotent=False)


def test_the_intent_is_recorded_before_anything_is_sent(alone: Plan, forwarded) -> None:
    went = go(alone, "card", PAID, [forwarded(200, APPROVED)])
    step = alone.operations["card"].steps[0].name
    assert went.notes.told == [("begin",), ("intent", step), ("answered", step), ("finish",)]
    (intent,) = went.notes.intents
    assert intent.keys == went.done.steps[0].keys
    assert intent.keys.destination != intent.keys.vault


@pytest.mark.parametrize("fails", ["begin", "intent"])
def test_what_cannot_be_recorded_is_not_sent(alone: Plan, fails: str) -> None:
    went = go(alone, "card", PAID, [], Notes(fails=fails))
    assert went.result is None
    assert went.requests == []
    assert [one.code for one in went.sink.sorted()] == ["FC0819"]


@pytest.mark.parametrize("fails", ["answered", "finish"])
def test_an_outcome_that_cannot_be_recorded_is_still_told(
    alone: Plan, forwarded, fails: str
) -> None:
    went = go(alone, "card", PAID, [forwarded(200, APPROVED)], Notes(fails=fails))
    assert went.done.outcome == "approved"
    assert [one.code for one in went.sink.sorted()] == ["FC0819"]
    assert not went.sink.has_errors


def test_a_refused_connection_is_tried_again_under_a_new_key(alone: Plan, forwarded) -> None:
    down = httpx.ConnectError("no")
    went = go(alone, "card", PAID, [down, down, forwarded(200, APPROVED)])
    assert went.done.outcome == "approved"
    assert went.done.steps[0].attempts == 3
    assert len(set(vault_keys(went))) == 3
    assert len(destination_keys(went)) == 1
    assert went.waits == [0.5, 1.0]


def test_three_attempts_are_enough(alone: Plan) -> None:
    went = go(alone, "card", PAID, [httpx.ConnectError("no")] * 3)
    assert went.done.outcome == "rejected"
    assert len(went.requests) == 3
    assert [kind for kind, *_ in went.notes.told].count("not_sent") == 3


def test_a_lost_answer_is_not_asked_for_again_without_idempotency(alone: Plan) -> None:
    went = go(alone, "card", PAID, [httpx.ReadTimeout("no")])
    assert went.done.outcome == "unknown"
    assert len(went.requests) == 1


def test_a_lost_answer_is_asked_for_again_where_the_destination_knows_our_key(
    idempotent: Plan, forwarded
) -> None:
    went = go(idempotent, "card", PAID, [httpx.ReadTimeout("no"), forwarded(200, APPROVED)])
    assert went.done.outcome == "approved"
    assert len(set(vault_keys(went))) == 2
    bodies = [json.loads(request.content)["destination_request"] for request in went.requests]
    keys = {body["headers"]["raw"]["Idempotency-Key"] for body in bodies}
    assert keys == destination_keys(went)


@pytest.mark.parametrize("status", [400, 401, 409, 422])
def test_a_refusal_of_a_second_request_says_nothing_of_the_first(
    idempotent: Plan, forwarded, status: int
) -> None:
    lost = httpx.ReadTimeout("no")
    by_destination = go(idempotent, "card", PAID, [lost, forwarded(status, {})])
    by_vault = go(idempotent, "card", PAID, [lost, httpx.Response(status)])
    unreachable = go(idempotent, "card", PAID, [lost, *[httpx.ConnectError("no")] * 2])
    for went in (by_destination, by_vault, unreachable):
        assert went.done.outcome == "unknown"
        assert "an earlier attempt may have reached the destination" in str(went.done.reason)


def test_a_vault_that_keeps_answers_is_asked_again_under_the_same_key(
    forward: Plan, forwarded
) -> None:
    plan = changed(forward, "card", idempotent=False, vault_key_hours=24)
    went = go(plan, "card", PAID, [httpx.ReadTimeout("no"), forwarded(422, {})])
    assert len(set(vault_keys(went))) == 1
    assert went.done.outcome == "rejected"
    with_cvc = replace(PAID, inputs={"cvv_token": TOKEN})
    went = go(
        changed(plan, "card", uses_cvc=True),
        "card",
        with_cvc,
        [httpx.ReadTimeout("no"), forwarded(200, APPROVED)],
    )
    assert went.done.outcome == "approved"
    assert len(set(vault_keys(went))) == 1


def test_a_request_in_flight_is_asked_for_under_its_own_key(forward: Plan, forwarded) -> None:
    plan = with_failures(forward, failure(409, "unknown", "same_key"), idempotent=False)
    went = go(plan, "card", PAID, [httpx.Response(409), forwarded(200, APPROVED)])
    assert went.done.outcome == "approved"
    assert len(set(vault_keys(went))) == 1


def test_a_rate_limit_is_waited_for(forward: Plan, forwarded) -> None:
    plan = with_failures(forward, failure(429, "no", "same_key"))
    busy = httpx.Response(429, headers={"Retry-After": "7"})
    went = go(plan, "card", PAID, [busy, forwarded(200, APPROVED)])
    assert went.done.outcome == "approved"
    assert went.waits == [7.5]


def test_a_wait_beyond_the_deadline_is_none(forward: Plan) -> None:
    plan = with_failures(forward, failure(429, "no", "same_key"))
    went = go(plan, "card", PAID, [httpx.Response(429, headers={"Retry-After": "600"})])
    assert went.waits == []
    assert went.done.outcome == "rejected"


@pytest.mark.parametrize(("inputs", "sent"), [({}, 2), ({"cvv_token": TOKEN}, 1)])
def test_a_used_up_cvc_is_not_sent_again(
    forward: Plan, forwarded, inputs: dict[str, str], sent: int
) -> None:
    not_connected = failure(402, "no", "new_key", consumes_cvc=True)
    plan = with_failures(forward, not_connected, uses_cvc=True)
    request = replace(PAID, inputs=inputs)
    answers = [httpx.Response(402), forwarded(200, APPROVED)]
    assert len(go(plan, "card", request, answers).requests) == sent


@pytest.mark.parametrize(
    ("request_", "uses_cvc"),
    [(replace(PAID, inputs={"cvv_token": TOKEN}), True), (replace(PAID, source=TOKEN), False)],
)
def test_what_serves_once_is_not_sent_again_in_doubt(
    idempotent: Plan, request_: RunRequest, uses_cvc: bool
) -> None:
    plan = changed(idempotent, "card", uses_cvc=uses_cvc)
    went = go(plan, "card", request_, [httpx.ReadTimeout("no")])
    assert len(went.requests) == 1
    assert went.done.outcome == "unknown"


def test_an_undocumented_failure_is_not_tried_again(idempotent: Plan) -> None:
    for status in (401, 403, 422):
        assert len(go(idempotent, "card", PAID, [httpx.Response(status)]).requests) == 1


def test_nothing_is_sent_while_paused(forward: Plan) -> None:
    for name in (forward.vault, forward.destination):
        went = go(forward, "card", PAID, [], Notes(pauses={name}))
        assert went.result is None
        assert went.notes.told == []
        assert [one.code for one in went.sink.sorted()] == ["FC0822"]


def test_a_pause_between_two_steps_stops_the_run(direct: Plan) -> None:
    notes = Notes()

    def answers() -> Iterator[httpx.Response]:
        notes.pauses = {direct.destination}
        yield httpx.Response(200, json={"id": "o1", "token": "t"})

    request = RunRequest(texts={"code": "c", "note": "n"})
    went = go(direct, "two_steps", request, answers(), notes)
    assert len(went.requests) == 1
    assert went.done.stopped
    assert went.done.outcome == "unknown"
    assert went.done.steps[0].withheld == ("token",)


def test_a_later_step_that_cannot_be_reached_stops_the_run(direct: Plan) -> None:
    first = httpx.Response(200, json={"id": "o1", "token": "t"})
    request = RunRequest(texts={"code": "c", "note": "n"})
    went = go(direct, "two_steps", request, [first, *[httpx.ConnectError("no")] * 3])
    assert went.done.stopped
    assert went.done.outcome == "rejected"


def test_a_host_that_fails_is_given_a_rest(alone: Plan, forwarded) -> None:
    seconds = [0.0]
    breaker = CircuitBreaker(failures=2, rest_s=30, clock=lambda: seconds[0])
    assert len(go(alone, "card", PAID, [httpx.ConnectError("no")] * 2, None, breaker).requests) == 2
    resting = go(alone, "card", PAID, [], None, breaker)
    assert resting.done.outcome == "rejected"
    assert "given a rest" in str(resting.done.reason)
    assert resting.notes.intents == []
    seconds[0] = 31
    probe = go(alone, "card", PAID, [httpx.ConnectError("no")], None, breaker)
    assert len(probe.requests) == 1
    assert go(alone, "card", PAID, [], None, breaker).requests == []
    seconds[0] = 62
    assert go(alone, "card", PAID, [forwarded(200, APPROVED)], None, breaker).done.outcome
    assert go(alone, "card", PAID, [forwarded(200, APPROVED)], None, breaker).requests


def test_a_broken_destination_does_not_stop_its_vault(alone: Plan, forwarded) -> None:
    breaker = CircuitBreaker(failures=2)
    for _ in range(2):
        go(alone, "card", PAID, [forwarded(503, {})], None, breaker)
    assert breaker.refuses("checkout-test.adyen.com")
    assert not breaker.refuses("forward.sandbox.checkout.com")


def test_the_record_holds_nothing_sensitive(forward: Plan, forwarded) -> None:
    notes = Notes()
    request = replace(
        PAID, texts={**PAID.texts, "email": "ann@shop.example"}, inputs={"cvv_token": TOKEN}
    )
    go(forward, "card", request, [forwarded(200, APPROVED)], notes)
    (new,) = notes.runs
    sensitive = [name for name, spec in forward.params.items() if spec.sensitive]
    assert not set(sensitive) & set(new.params)
    assert {f"params.{name}" for name in sensitive if name in request.texts} == set(
        new.sensitive_params
    )
    assert new.inputs == {"cvv_token": TOKEN}
    assert new.params["amount"] == "1000"
    assert "sk_sbox_" not in repr((new, notes.intents))


def test_policies_are_bounded() -> None:
    policy = RetryPolicy(attempts=10)
    waits = [policy.wait(number, 0, None, lambda: 1.0) for number in range(1, 10)]
    assert waits[:3] == [0.5, 1.0, 2.0]
    assert max(wait for wait in waits if wait is not None) == policy.longest_wait_s
    assert policy.wait(10, 0, None, lambda: 0.0) is None
    assert policy.wait(1, 120.1, None, lambda: 0.0) is None


def test_a_code_decides_which_failure_it_is() -> None:
    code = read_part(CodeAt, {"at": "/error/code", "in": ("x",)})
    assert Failure(status=(402,), code=code, sent="no").retry == "never"


@pytest.mark.parametrize(
    ("hours", "same_key"), [(0.0, True), (22.9, True), (23.1, False), (-0.5, True), (-2.0, False)]
)
def test_a_key_of_the_vault_is_used_again_while_it_is_kept_for_certain(
    forward: Plan, forwarded, hours: float, same_key: bool
) -> None:
    plan = changed(forward, "card", idempotent=False, vault_key_hours=24)
    step = plan.operations["card"].steps[0].name
    doubt = Doubt(("vault-key-1",), NOW - timedelta(hours=hours))
    past = RunProgress(steps={step: StepProgress(doubt=doubt)})
    network, sink, notes = Network([forwarded(200, APPROVED)]), Sink(), Notes()
    request = replace(PAID, run_id=UUID(int=7, version=4))

    async def work() -> RunResult | None:
        async with Sender(network) as sender:
            means = RunDependencies(
                sender, VaultKeys(sender), ClockAndIds(lambda: NOW), notes, RetryPolicy()
            )
            return await resume(plan, "card", past, request, sandbox_resolver(plan), means, sink)

    result = asyncio.run(work())
    assert result is not None
    if same_key:
        assert [intent.keys.vault for intent in notes.intents] == ["vault-key-1"]
        assert result.outcome == "approved"
    else:
        assert network.requests == []
        assert result.outcome == "unknown"


def test_an_output_that_no_record_holds_is_not_made_up(direct: Plan) -> None:
    report = StepReport(
        "create",
        "direct",
        "POST x",
        IdempotencyKeys("a", "b"),
        Outcome.APPROVED,
        withheld=("token",),
    )
    past = RunProgress(steps={"create": StepProgress(report=report)})
    network, sink = Network([]), Sink()
    request = RunRequest(texts={"code": "c", "note": "n"}, run_id=UUID(int=7, version=4))

    async def work() -> RunResult | None:
        async with Sender(network) as sender:
            means = RunDependencies(sender, VaultKeys(sender))
            look_up = sandbox_resolver(direct)
            return await resume(direct, "two_steps", past, request, look_up, means, sink)

    assert asyncio.run(work()) is None
    assert network.requests == []
    assert [problem.code for problem in sink.sorted()] == ["FC0821"]
    assert "create.token" in sink.sorted()[0].message
