"""The answer's bytes: the vault's whole answer to the letter, without what must not leave."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forwardc.core.outcome import Outcome
from forwardc.core.terms.values import Secret
from forwardc.runtime.run.redaction import Redactor
from forwardc.runtime.run.request import IdempotencyKeys
from forwardc.runtime.run.result import (
    Party,
    RawResponse,
    RunResult,
    StepReport,
)
from forwardc.server.http.problems import ProblemKind
from forwardc.server.payment_sharing.answer import CallOutcome, call_outcome
from forwardc.server.payment_sharing.claim import ForwardState

RUN = "11111111-2222-4333-8444-555555555555"
CARD = "4242424242424242"


def result(
    body: bytes | str | None,
    outcome: Outcome = Outcome.APPROVED,
    *,
    status: int | None = 200,
    vault: int | None = 200,
    headers: dict[str, str] | None = None,
    party: Party | None = None,
    stopped: bool = False,
    hidden: str = "whisper",
    before: StepReport | None = None,
) -> RunResult:
    redactor = Redactor()
    redactor.hide_values({"secret": Secret(hidden)})
    content = body.encode() if isinstance(body, str) else body
    came = None if content is None else RawResponse(status, headers or {}, content, vault)
    step = StepReport("share", "vault", "POST", IdempotencyKeys("a", "b"), outcome, status=status)
    return RunResult(
        *(RUN, "share", False, "sha256:0", outcome, party, None),
        steps=(*([before] if before else []), step),
        stopped=stopped,
        raw_response=came,
        hide=redactor.hide,
    )


def answered(**how: Any) -> Any:
    ending = call_outcome(result(**how), RUN)
    assert ending.body is not None
    return json.loads(ending.body)


@pytest.mark.parametrize(
    "text",
    [
        '{"a": 1.10, "b": 12345678901234567890123, "c": 1E400}',
        '{"a": 1, "a": 2}',
        "[]",
        '"x"',
        "null",
        '  {"a":\n1} ',
        '{"\\u00e9": "\\ud83d\\ude00 \\/ é"}',
    ],
)
def test_json_is_embedded_to_the_letter(text: str) -> None:
    ending = call_outcome(result(text), RUN)
    assert ending.body is not None
    assert f',"body":{text},"request-time":'.encode() in ending.body


@pytest.mark.parametrize("body", [b"", b"<html>", b"NaN", b"{", b"\xff\x00", b"[" * 100_000])
def test_anything_else_is_a_string(body: bytes) -> None:
    assert answered(body=body)["body"] == body.decode("utf-8", "replace")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_json_in_another_encoding_is_read_and_masked(encoding: str) -> None:
    text = f'{{"card": "{CARD}", "secret": "whisper", "name": "Zoë"}}'
    found = answered(body=text.encode(encoding))["body"]
    assert found["name"] == "Zoë"
    assert CARD not in found["card"]
    assert "whisper" not in found["secret"]


def test_headers() -> None:
    headers = {
        "content-type": "application/json",
        "x-request-id": "r1",
        "etag": "w",
        "x-hop": "1",
        "connection": "close, X-Hop",
        "set-cookie": "s",
        "transfer-encoding": "chunked",
        "content-length": "5",
        "keep-alive": "1",
        "authorization": "whisper",
    }
    assert answered(body="{}", headers=headers)["headers"] == {
        "Content-Type": "application/json",
        "X-Request-Id": "r1",
        "Etag": "w",
        "Authorization": "***",
    }


@pytest.mark.parametrize(
    "text",
    [
        f'{{"a": "{CARD}", "b": "whisper"}}',
        f'{{"a": {CARD}, "b": ["whisper"]}}',
        '{"a": "\\u0034242424242424242", "b": "\\u0077hisper"}',
        json.dumps({"body": json.dumps({"n": CARD, "s": ["whisper"]})}),
        json.dumps({"body": json.dumps({"n": CARD, "s": "whisper"}).replace("4", "\\u0034")}),
        json.dumps({"body": json.dumps(json.dumps("whisper").replace("w", "\\u0077"))}),
        f'{{"whisper": 1, "{CARD}": 2}}',
        f"not JSON: whisper {CARD}",
    ],
)
def test_secrets_and_cards_never_leave(text: str) -> None:
    ending = call_outcome(result(text), RUN)
    assert ending.body is not None
    seen = json.dumps(json.loads(ending.body))
    while "\\" in seen:
        assert "whisper" not in seen
        assert CARD not in seen
        seen = seen.replace("\\\\", "\\").replace("\\u0034", "4").replace("\\u0077", "w")
        seen = seen.replace('\\"', '"')
    assert "whisper" not in seen
    assert CARD not in seen
    assert "***" in seen


DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.just("the whisper"),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner),
)


@given(DOCUMENTS, st.booleans())
def test_nothing_else_is_changed(document: Any, ascii_only: bool) -> None:
    text = json.dumps(document, ensure_ascii=ascii_only)
    found = answered(body=text.encode("utf-8", "replace"))["body"]
    expected = json.loads(text.encode("utf-8", "replace"))
    assert found == json.loads(json.dumps(expected).replace("whisper", "***"))


def kind(ending: CallOutcome) -> ProblemKind | None:
    return ending.refusal.kind if ending.refusal else None


VAULT = {"party": Party.VAULT, "outcome": Outcome.REJECTED, "status": None}
EARLIER = StepReport(
    "pay", "vault", "POST", IdempotencyKeys("a", "b"), Outcome.APPROVED, status=200
)


@pytest.mark.parametrize(
    ("how", "state", "problem"),
    [
        ({"body": "{}"}, ForwardState.DONE, None),
        ({"body": "{}", "outcome": Outcome.DECLINED, "status": 402}, ForwardState.DONE, None),
        ({"body": "{}", "outcome": Outcome.PENDING, "status": 202}, ForwardState.DONE, None),
        (
            {"body": "", "outcome": Outcome.REJECTED, "status": 422, "party": Party.DESTINATION},
            *(ForwardState.DONE, None),
        ),
        ({"body": "{}", **VAULT, "vault": 422}, ForwardState.NOT_SENT, None),
        ({"body": "{}", **VAULT, "vault": 404}, ForwardState.NOT_SENT, None),
        ({"body": "{}", **VAULT, "vault": 401}, ForwardState.NOT_SENT, ProblemKind.NOT_FORWARDED),
        ({"body": "{}", **VAULT, "vault": 403}, ForwardState.NOT_SENT, ProblemKind.NOT_FORWARDED),
        ({"body": "{}", **VAULT, "vault": 402}, ForwardState.NOT_SENT, ProblemKind.UNAVAILABLE),
        ({"body": "{}", **VAULT, "vault": 429}, ForwardState.NOT_SENT, ProblemKind.UNAVAILABLE),
        ({"body": "{}", **VAULT, "vault": 503}, ForwardState.NOT_SENT, ProblemKind.UNAVAILABLE),
        ({"body": None, **VAULT, "vault": None}, ForwardState.NOT_SENT, ProblemKind.UNAVAILABLE),
        ({"body": "{}", **VAULT, "vault": 422, "before": EARLIER}, ForwardState.DONE, None),
        (
            {"body": None, **VAULT, "before": EARLIER},
            ForwardState.UNKNOWN,
            ProblemKind.OUTCOME_UNKNOWN,
        ),
        (
            {"body": None, **VAULT, "before": EARLIER, "stopped": True},
            *(ForwardState.UNKNOWN, ProblemKind.OUTCOME_UNKNOWN),
        ),
        (
            {"body": "{}", "outcome": Outcome.UNKNOWN},
            ForwardState.UNKNOWN,
            ProblemKind.OUTCOME_UNKNOWN,
        ),
    ],
)
def test_each_case(how: dict[str, Any], state: ForwardState, problem: ProblemKind | None) -> None:
    ending = call_outcome(result(**how), RUN)
    assert (ending.state, kind(ending)) == (state, problem)
    assert (ending.body is None) == (ending.refusal is not None)
    assert ending.status == (problem.value.status if problem else 200)


def test_no_result_means_that_nothing_was_sent() -> None:
    ending = call_outcome(None, RUN)
    assert (ending.state, kind(ending)) == (ForwardState.NOT_SENT, ProblemKind.UNAVAILABLE)
