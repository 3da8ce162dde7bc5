"""When a host is left alone, what counts against which host, and when something is sent again."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from forwardc.core.documents.reading import read_part
from forwardc.core.outcome import Outcome
from forwardc.plan.answers import Failure
from forwardc.plan.model import PlanStep
from forwardc.runtime.http.circuit_breaker import CircuitBreaker, count_attempt
from forwardc.runtime.http.send import AnswerLost, HttpAnswer, NotSent, SendResult
from forwardc.runtime.run.answer import DestinationAnswer, Headers, NoDestinationAnswer, StepAnswer
from forwardc.runtime.run.retries import (
    ONCE,
    AttemptFate,
    Resend,
    RetryPolicy,
    SpentValues,
    resend_decision,
)

VAULT, DESTINATION = "vault.example", "pay.example"


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def resting(clock: Clock, failures: int = 2) -> CircuitBreaker:
    """A breaker whose vault has failed just often enough."""
    breaker = CircuitBreaker(failures=failures, rest_s=30, clock=clock)
    for _ in range(failures):
        assert not breaker.refuses(VAULT)
        breaker.failed(VAULT)
    return breaker


def test_a_rest_begins_after_so_many_failures_in_a_row_and_ends_in_time() -> None:
    clock = Clock()
    breaker = resting(clock)
    assert breaker.refuses(VAULT)
    assert not breaker.refuses(DESTINATION)
    clock.now += 29.9
    assert breaker.refuses(VAULT)
    clock.now += 0.1
    assert not breaker.refuses(VAULT)


def test_one_that_worked_between_ends_the_row() -> None:
    breaker = CircuitBreaker(failures=2)
    for _ in range(3):
        breaker.failed(VAULT)
        breaker.worked(VAULT)
    assert not breaker.refuses(VAULT)


def test_after_the_rest_one_probe_goes_and_no_other() -> None:
    clock = Clock()
    breaker = resting(clock)
    clock.now += 30
    assert [breaker.refuses(VAULT) for _ in range(3)] == [False, True, True]
    clock.now += 3000
    assert breaker.refuses(VAULT)


def test_a_probe_that_works_opens_the_way_for_all() -> None:
    clock = Clock()
    breaker = resting(clock)
    clock.now += 30
    assert not breaker.refuses(VAULT)
    breaker.worked(VAULT)
    breaker.failed(VAULT)
    assert [breaker.refuses(VAULT) for _ in range(3)] == [False, False, False]


def test_a_probe_that_fails_begins_a_whole_rest_again() -> None:
    clock = Clock()
    breaker = CircuitBreaker(failures=3, rest_s=30, clock=clock)
    for _ in range(3):
        breaker.failed(VAULT)
    clock.now += 30
    assert not breaker.refuses(VAULT)
    breaker.failed(VAULT)
    clock.now += 29.9
    assert breaker.refuses(VAULT)
    clock.now += 0.1
    assert [breaker.refuses(VAULT) for _ in range(2)] == [False, True]


def test_a_probe_that_was_not_sent_leaves_its_turn_to_the_next() -> None:
    clock = Clock()
    breaker = resting(clock)
    clock.now += 30
    assert not breaker.refuses(VAULT)
    breaker.release(VAULT)
    assert [breaker.refuses(VAULT) for _ in range(2)] == [False, True]
    breaker.release("unknown.example")
    assert not breaker.refuses("unknown.example")


def test_a_breaker_of_its_own_accord_rests_half_a_minute_after_five() -> None:
    clock = Clock()
    breaker = CircuitBreaker(clock=clock)
    for _ in range(4):
        breaker.failed(VAULT)
    assert not breaker.refuses(VAULT)
    breaker.failed(VAULT)
    assert breaker.refuses(VAULT)
    clock.now += 29.9
    assert breaker.refuses(VAULT)
    clock.now += 0.1
    assert not breaker.refuses(VAULT)


# What an attempt says of each host: it failed, it worked, or nothing, so that a probe goes on.
FAILED, WORKED, FREE = "failed", "worked", "free"


def told(deliver: str, sent: SendResult, read: StepAnswer) -> tuple[str, str]:
    """What one attempt, a probe at both hosts, does to the vault's and the destination's."""
    clock = Clock()
    breaker = CircuitBreaker(failures=1, rest_s=30, clock=clock)
    for host in (VAULT, DESTINATION):
        breaker.failed(host)
    clock.now += 30
    assert not breaker.refuses(VAULT)
    assert not breaker.refuses(DESTINATION)
    step = cast("PlanStep", SimpleNamespace(deliver=deliver))
    count_attempt(breaker, step, (VAULT, DESTINATION), sent, read)
    return state(breaker, VAULT), state(breaker, DESTINATION)


def state(breaker: CircuitBreaker, host: str) -> str:
    circuit = breaker._circuits.get(host)
    if circuit is None:
        return WORKED
    if circuit.probing:
        return "still a probe"
    return FAILED if breaker.refuses(host) else FREE


def answered(status: int) -> HttpAnswer:
    return HttpAnswer(status, (), b"", 5)


def of_destination(status: int) -> DestinationAnswer:
    return DestinationAnswer(status, Headers(), "")


def ended(retry: str | None = None) -> NoDestinationAnswer:
    failure = retry and read_part(Failure, {"status": (400,), "sent": "no", "retry": retry})
    return NoDestinationAnswer(Outcome.UNKNOWN, None, "it ended", failure=failure or None)


@pytest.mark.parametrize("sent", [NotSent("no"), AnswerLost("no")])
def test_who_does_not_answer_has_failed(sent: SendResult) -> None:
    # The vault is silent, and says nothing of what is behind it.
    assert told("vault", sent, ended()) == (FAILED, FREE)
    # Nobody else was called: there is one host.
    assert told("direct", sent, ended())[0] == FAILED


@pytest.mark.parametrize(
    ("status", "destination"),
    [(200, WORKED), (302, WORKED), (404, WORKED), (499, WORKED), (500, FAILED), (503, FAILED)],
)
def test_a_destination_fails_by_its_own_status(status: int, destination: str) -> None:
    behind = told("vault", answered(201), of_destination(status))
    # A vault that brings an answer is well, whatever the answer.
    assert behind == (WORKED, destination)
    assert told("direct", answered(status), of_destination(status))[0] == destination


def test_a_direct_answer_says_nothing_of_a_second_host() -> None:
    assert told("direct", answered(200), of_destination(200))[1] == "still a probe"


@pytest.mark.parametrize(
    ("status", "retry", "expected"),
    [
        # The vault's own trouble, and nothing that its documents know.
        (500, None, (FAILED, FREE)),
        (503, None, (FAILED, FREE)),
        # The vault refuses what we ask: it is well.
        (400, None, (WORKED, FREE)),
        (401, None, (WORKED, FREE)),
        (499, None, (WORKED, FREE)),
        (199, None, (WORKED, FREE)),
        (300, None, (WORKED, FREE)),
        # The vault answered well, and holds no answer of the destination.
        (200, None, (WORKED, FAILED)),
        (299, None, (WORKED, FAILED)),
        # Documented: the vault could not reach what is behind it.
        (402, "new_key", (WORKED, FAILED)),
        (502, "never", (WORKED, FAILED)),
        # Documented: the vault itself is busy, or has not finished.
        (429, "same_key", (WORKED, FREE)),
        (503, "same_key", (WORKED, FREE)),
        (200, "same_key", (WORKED, FREE)),
    ],
)
def test_a_vault_without_the_destinations_answer(
    status: int, retry: str | None, expected: tuple[str, str]
) -> None:
    assert told("vault", answered(status), ended(retry)) == expected


def failure(**how: Any) -> Failure:
    return read_part(Failure, {"status": (402,), "sent": "no", **how})


WITH_CVC, ONE_TIME, REUSABLE = (
    SpentValues(holds_cvc=True),
    SpentValues(single_use=True),
    SpentValues(),
)
NEW, SAME, NO = Resend.NEW_KEY, Resend.SAME_KEY, Resend.NO
SILENT_NOT_SENT, SILENT_IN_DOUBT = (
    AttemptFate(sent=False, silent=True),
    AttemptFate(sent=None, silent=True),
)
NEW_KEY = AttemptFate(False, failure(retry="new_key"))
USED_UP = AttemptFate(False, failure(retry="new_key", consumes_cvc=True))


@pytest.mark.parametrize(
    ("fate", "spent", "idempotent", "replays", "expected"),
    [
        # Nothing left this process, or nobody took it.
        (SILENT_NOT_SENT, WITH_CVC, False, False, NEW),
        (AttemptFate(sent=False), REUSABLE, True, True, NO),
        # A documented failure says how.
        (NEW_KEY, WITH_CVC, False, False, NEW),
        (USED_UP, WITH_CVC, False, False, NO),
        (USED_UP, REUSABLE, False, False, NEW),
        (AttemptFate(False, failure()), REUSABLE, True, True, NO),
        (AttemptFate(False, failure(retry="same_key")), WITH_CVC, False, False, SAME),
        (AttemptFate(None, failure(retry="same_key")), WITH_CVC, False, False, SAME),
        (AttemptFate(None, failure(retry="new_key")), REUSABLE, False, True, NO),
        # Nobody knows: the vault repeats its own answer to who asks it again.
        (SILENT_IN_DOUBT, WITH_CVC, False, True, SAME),
        (SILENT_IN_DOUBT, REUSABLE, True, True, SAME),
        (AttemptFate(sent=None), REUSABLE, False, True, NO),
        # Nobody knows, and the destination knows our key.
        (SILENT_IN_DOUBT, REUSABLE, True, False, NEW),
        (AttemptFate(sent=None), REUSABLE, True, True, NEW),
        (SILENT_IN_DOUBT, REUSABLE, False, False, NO),
        (SILENT_IN_DOUBT, WITH_CVC, True, False, NO),
        (SILENT_IN_DOUBT, ONE_TIME, True, False, NO),
        # It was sent.
        (AttemptFate(sent=True), REUSABLE, True, True, NO),
        (AttemptFate(sent=True, silent=True), REUSABLE, True, True, NO),
    ],
)
def test_whether_it_is_sent_again(
    fate: AttemptFate, spent: SpentValues, idempotent: bool, replays: bool, expected: Resend
) -> None:
    assert (
        resend_decision(fate, idempotent=idempotent, vault_replays=replays, spent=spent) is expected
    )


def test_what_is_not_said_to_be_spent_is_not() -> None:
    assert SpentValues() == SpentValues(holds_cvc=False, single_use=False)
    assert not AttemptFate(sent=False).silent


def test_once_is_once() -> None:
    assert ONCE.wait(1, 0, None, lambda: 0.0) is None


@pytest.mark.parametrize(
    ("attempt", "since", "asked", "dice", "wait"),
    [
        (1, 0, None, 1.0, 0.5),
        (2, 0, None, 1.0, 1.0),
        (2, 0, None, 0.25, 0.25),
        (1, 0, 7, 0.0, 7.0),
        (1, 0, 7, 1.0, 7.5),
        (1, 119.5, None, 1.0, 0.5),
        (1, 119.6, None, 1.0, None),
        (1, 0, 119.5, 1.0, 120.0),
        (1, 0, 119.6, 1.0, None),
        (3, 0, None, 0.0, None),
        (4, 0, None, 0.0, None),
    ],
)
def test_how_long_it_waits(
    attempt: int, since: float, asked: float | None, dice: float, wait: float | None
) -> None:
    assert RetryPolicy().wait(attempt, since, asked, lambda: dice) == wait


def test_no_wait_of_its_own_is_longer_than_it_says() -> None:
    patient = RetryPolicy(attempts=20)
    assert patient.wait(6, 0, None, lambda: 1.0) == 16.0
    assert patient.wait(7, 0, None, lambda: 1.0) == 20.0
    assert patient.wait(19, 0, None, lambda: 1.0) == 20.0
