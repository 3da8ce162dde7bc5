"""What is kept of an answer: names and shape, and no value that may be a credential or a card's."""

import base64
import json
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attempted import Notes, go
from forwardc.plan.model import Plan
from forwardc.runtime.run.request import RunRequest
from forwardc.runtime.run.result import RecordedAnswer

CARD = "4242424242424242"
REQUEST = RunRequest(texts={"code": "c-1", "note": 'sensitive "whisper" z7373q'})
OPAQUE = base64.b64encode(b"nobody may see this text, it is long").decode()
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.c2lnbmF0dXJlLW9mLWl0"


def kept(plan: Plan, *answers: httpx.Response) -> list[RecordedAnswer]:
    """What the journal is told to keep of each step's answer."""
    notes = go(plan, "two_steps", REQUEST, [*answers]).notes
    return [report.recorded for report in notes.reports if report.recorded is not None]


def rows(plan: Plan, body: Any, **headers: str) -> dict[str, str]:
    answer = httpx.Response(200, json={"id": "o1", "token": "output-token", "more": body})
    answer.headers.update(headers)
    first, *_ = kept(plan, answer, httpx.Response(400, json={}))
    return {row.path.removeprefix("/more"): row.shown for row in first.body.rows}


CREDENTIALS = {
    "client_secret": "pi_1_secret_2",
    "accessToken": "abc",
    "x-api-key": "abc",
    "Authorization": "abc",
    "sessionData": "abc",
    "set-cookie": "abc",
    "cvc": 123,
    "securityCode": "123",
    "number": "4242",
    "PIN": 1234,
    "holderName": "Ada Example",
    "expiryMonth": "03",
    "exp_year": 2030,
    "cavv": "abc",
    "id_token": None,
    "plainName": JWT,
    "reference": OPAQUE,
    "url2": f"https://u:p@pay.example/redirect/{OPAQUE}?redirectData=abc#abc",
    "hint": f"Bearer {'a' * 12}",
    "next": "pi_3Nabc_secret_Zdef",
    "cards": [CARD, int(CARD), f"4242 4242 {CARD[8:12]} 4242", {"deep": [f"x{CARD} "]}],
    "text": json.dumps({"access_token": "abc", "pan": CARD, "ok": "fine"}),
    "form": "a=1&client_secret=abc&b=2",
    "xml": "<a><password>abc</password><b>fine</b></a>",
}


def test_no_value_that_may_be_a_credential_or_a_card(direct: Plan) -> None:
    found = rows(direct, CREDENTIALS)
    for path, value in found.items():
        for canary in ("abc", "secret_", "123", CARD, "Ada", "2030", "03", "4242", OPAQUE, "eyJ"):
            assert canary not in value, path
    # Names and shape stay, and what is certainly none.
    assert found["/url2"] == "https://pay.example/redirect/***?***#***"
    assert found["/text/ok"] == "fine"
    assert found["/xml/a/b"] == "fine"
    assert found["/form/a"] == "1"
    assert found["/cards/3/deep/0"].startswith("x")
    assert found["/id_token"] == "null"
    inner = ("text", "xml", "form", "cards")
    assert set(found) >= {f"/{name}" for name in CREDENTIALS if name not in inner}


def test_what_a_person_looks_for_is_shown(direct: Plan) -> None:
    plain = {
        "resultCode": "Authorised",
        "pspReference": "QXBP9RM6Q327DN65",
        "id": "pay_mbabizu24mvu3mela5njyhpit4",
        "uuid": "b7c44bf5-aa75-4fb3-9c6e-ad17a3e003c3",
        "at": "2026-11-20T12:00:00.250+01:00",
        "amount": {"value": 1000, "currency": "EUR"},
        "brand": "visa",
        "last4": "1111",
        "message": "The card was declined: insufficient funds",
        "live": False,
        "none": None,
        "list": [],
        "half": 0.5,
    }
    found = rows(direct, plain)
    assert found["/amount/value"] == "1000"
    assert {name: found[f"/{name}"] for name in ("live", "none", "list", "half")} == {
        "live": "false",
        "none": "null",
        "list": "[]",
        "half": "0.5",
    }
    for name in ("resultCode", "pspReference", "id", "uuid", "at", "brand", "last4", "message"):
        assert found[f"/{name}"] == plain[name]


NAMED_SO = """nameOnCard cc_name card-name cc_exp cardExp validThru valid_until CV2 csc cid cardCode
pwd passphrase passcode code_verifier TAVV acsSignedContent jws MD PaReq ｔｏｋｅｎ _sig""".split()


@pytest.mark.parametrize("name", NAMED_SO)
def test_more_names_that_tell(direct: Plan, name: str) -> None:
    assert rows(direct, {name: "Zq9x", "inner": {name: ["Zq9x"]}}) == {
        "/id": "o1",
        "/token": "***",
        f"/{name}": "***",
        f"/inner/{name}/0": "***",
    }


def test_a_value_that_somebody_made_a_name_of(direct: Plan) -> None:
    names = (
        CARD,
        f"x {CARD[:4]} {CARD[4:]}",
        JWT,
        OPAQUE,
        "pi_1_secret_2",
        "output-token",
        "n" * 300,
    )
    found = rows(direct, dict.fromkeys(names, "plain") | {"deep": [{CARD: {CARD: 1}}]})
    for path in found:
        for canary in (*names, CARD, "4242"):
            assert canary not in path
    # Names of many words stay, with the digits that they have.
    long = {"threeDS2RequestorAuthenticationIndicator": "01", "networkTransactionReferenceNo1": "a"}
    assert {f"/{name}" for name in long} <= set(rows(direct, long))


def test_a_document_that_is_quoted_too_often(direct: Plan) -> None:
    inner: Any = {"client_secret": "Zq9x"}
    for _ in range(6):
        inner = json.dumps(inner)
        assert "Zq9x" not in str(rows(direct, {"data": inner, "list": [f"see {inner}"]}))
    found = rows(direct, {"note": 'it said "no" because 1 < 2, a=b'})
    assert found["/note"] == 'it said "no" because 1 < 2, a=b'


def test_a_header_that_is_named_after_a_card(direct: Plan) -> None:
    answer = httpx.Response(200, json={"id": "o1", "token": "t"}, headers={f"X-{CARD}": "a"})
    first, *_ = kept(direct, answer, httpx.Response(400, json={}))
    assert CARD not in str(first.headers)


def test_long_names_count(direct: Plan) -> None:
    # Each row repeats the name.
    answer = httpx.Response(200, json={"id": "o1", "token": "t", "more": {"a" * 190: [1] * 900}})
    first, *_ = kept(direct, answer, httpx.Response(400, json={}))
    assert not first.body.whole
    assert sum(len(row.path) for row in first.body.rows) <= 64 * 1024


def test_a_sensitive_output_is_kept_by_name_wherever_it_stands(direct: Plan) -> None:
    found = rows(direct, {"again": "output-token", "whole": "got output-token, and more"})
    assert "output-token" not in str(found)
    assert found["/token"] == "***"


@pytest.mark.parametrize("token", ["t", 7, {"a": "b"}, ["t"]])
def test_a_sensitive_output_of_any_shape_is_masked(direct: Plan, token: Any) -> None:
    answer = httpx.Response(200, json={"id": "o1", "token": token})
    first, *_ = kept(direct, answer, httpx.Response(400, json={}))
    masked = [row for row in first.body.rows if row.path.startswith("/token")]
    assert masked
    assert all(row.value is None for row in masked)


def test_headers_are_kept_by_name(direct: Plan) -> None:
    answer = httpx.Response(
        200,
        json={"id": "o1", "token": "t"},
        headers=[("Set-Cookie", "JSESSIONID=abc"), ("X-Odd", "abc"), ("Retry-After", "3")],
    )
    first, *_ = kept(direct, answer, httpx.Response(400, json={}))
    shown = {header.path.lower(): header.shown for header in first.headers}
    assert shown["set-cookie"] == shown["x-odd"] == "***"
    assert shown["retry-after"] == "3"
    assert shown["content-type"] == "application/json"


def test_a_text_without_a_form(direct: Plan) -> None:
    said = f"It says token: abc1 {JWT} {CARD} {OPAQUE} output-token plain words"
    _, second = kept(
        direct,
        httpx.Response(200, json={"id": "o1", "token": "output-token"}),
        httpx.Response(500, text=said),
    )
    (row,) = second.body.rows
    assert (second.body.kind, row.path) == ("text", "")
    for canary in (JWT, CARD, OPAQUE, "output-token"):
        assert canary not in row.shown
    assert row.shown.endswith("plain words")


def test_what_is_too_long_is_cut_and_said_so(direct: Plan) -> None:
    first, second = kept(
        direct,
        httpx.Response(200, json={"id": "o1", "token": "t", "more": ["w"] * 1500}),
        httpx.Response(400, json={"more": "a word " * 1000}),
    )
    assert not first.body.whole
    assert len(first.body.rows) == 1000
    assert not second.body.whole
    assert [len(row.shown) for row in second.body.rows] == [2000]


def test_where_nothing_is_kept_nothing_is_made(direct: Plan) -> None:
    answers = [httpx.Response(200, json={"id": "o1", "token": "t"}), httpx.Response(400, json={})]
    went = go(direct, "two_steps", REQUEST, answers, Notes(keeps_answers=False))
    assert [report.recorded for report in went.notes.reports] == [None, None]


TREES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.sampled_from([CARD, OPAQUE, JWT]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(tree=TREES)
def test_whatever_an_answer_holds(direct: Plan, tree: Any) -> None:
    found = rows(direct, tree)
    assert not any(CARD in value or OPAQUE in value or JWT in value for value in found.values())
