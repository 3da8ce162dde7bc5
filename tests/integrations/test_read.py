"""What is read out of a callback, in every form that the Gate's pages and SDKs show."""

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import gate
from forwardc.core.outcome import Outcome
from forwardc.integrations.card_tokens import Callback, CallbackKind, TokenFacts, TokenState
from forwardc.integrations.rocketpay.callback_format import CardNumberInIdError, read_callback


def read(document: dict[str, Any]) -> Callback:
    return read_callback(document, "digest", gate.DESTINATIONS)


def facts(document: dict[str, Any]) -> TokenFacts:
    found = read(document).facts
    assert found
    return found


def test_a_token_was_created() -> None:
    callback = read(gate.of_token())
    assert (callback.kind, callback.announces) == (CallbackKind.TOKEN, True)
    assert (callback.status, callback.outcome) == ("active", Outcome.APPROVED)
    assert callback.request_id == "request-tokenize"
    assert facts(gate.of_token()).state is TokenState.ACTIVE


def test_a_token_was_not_created() -> None:
    refused = gate.of_token()
    refused["request"] |= {"status": "error", "errors": [{"code": "3020", "field": "card"}]}
    del refused["token"], refused["token_status"], refused["token_created_at"]
    callback = read(refused)
    assert (callback.kind, callback.status) == (CallbackKind.TOKEN, "error")
    assert (callback.outcome, callback.facts) == (Outcome.DECLINED, None)


@pytest.mark.parametrize(
    ("action", "status", "state"),
    [
        ("token_revoke", "revoke", TokenState.REVOKED),
        (None, "expiry", TokenState.EXPIRED),
        ("tokenize", "something new", TokenState.UNTOLD),
    ],
)
def test_states(action: str | None, status: str, state: TokenState) -> None:
    assert facts(gate.of_token(action, status)).state is state


def test_a_state_follows_from_a_request_that_succeeded() -> None:
    for action, state in (("tokenize", TokenState.ACTIVE), ("token_revoke", TokenState.REVOKED)):
        document = gate.of_token(action)
        del document["token_status"]
        assert facts(document).state is state
        document["request"]["status"] = "error"
        assert facts(document).state is TokenState.UNTOLD


def test_card_information() -> None:
    callback = read(gate.of_card())
    assert (callback.kind, callback.announces) == (CallbackKind.CARD, False)
    known = facts(gate.of_card())
    assert (known.masked_number, known.scheme) == ("424242******4242", "visa")
    assert (known.initials, known.expires) == ("J*** R***", "2030-08")
    assert known.state is TokenState.UNTOLD


def test_a_first_payment_makes_a_token() -> None:
    callback = read(gate.of_payment())
    assert (callback.kind, callback.announces) == (CallbackKind.PAYMENT, True)
    assert (callback.payment_id, callback.request_id) == ("payment-1", "request-payment-1")
    assert callback.outcome is Outcome.APPROVED
    known = facts(gate.of_payment())
    assert (known.state, known.expires) == (TokenState.ACTIVE, "2030-08")
    assert (known.scheme, known.initials) == ("visa", "J*** R***")
    declined = read(gate.of_payment(status="decline"))
    assert (declined.outcome, declined.announces) == (Outcome.DECLINED, False)
    assert facts(gate.of_payment(status="decline")).state is TokenState.UNTOLD


@pytest.mark.parametrize(
    "status", ["processing", "awaiting 3ds result", "awaiting capture", "error", "something new"]
)
def test_payments_under_way_settle_nothing(status: str) -> None:
    assert read(gate.of_payment(status=status)).outcome is None


@pytest.mark.parametrize(
    ("card", "expires"),
    [
        ({"exp_month": "08", "exp_year": "2030"}, "2030-08"),
        ({"exp_month": 8, "exp_year": 30}, "2030-08"),
        ({"exp_month": 13, "exp_year": 2030}, None),
        ({"exp_month": "[73] month", "exp_year": "[72] year"}, None),
        ({"expiry": "8/30"}, "2030-08"),
        ({"expiry": "soon"}, None),
        ({"expiry": 8.5}, None),
    ],
)
def test_forms_of_an_expiry_date(card: dict[str, Any], expires: str | None) -> None:
    assert facts(gate.of_token(card=card)).expires == expires


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ("2017-11-28 13:30:57", "2017-11-28T13:30:57Z"),
        ("2017-11-28T13:30:57+0000", "2017-11-28T13:30:57Z"),
        ("2017-11-28T13:30:57+0300", "2017-11-28T10:30:57Z"),
        ("0001-01-01T00:00:00+1400", None),
        ("9999-12-31T23:59:59-2359", None),
        ("2017-11-28T13:30:57+99999999999999", None),
        ("0099-01-01 00:00:00", "0099-01-01T00:00:00Z"),
        ("yesterday", None),
        (1511875857, None),
    ],
)
def test_forms_of_a_date(told: Any, kept: str | None) -> None:
    assert facts(gate.of_token(token_created_at=told)).created_at == kept


def test_types_drift() -> None:
    number = gate.of_token(project_id=123, request={"id": 77, "action": "tokenize"})
    text = gate.of_token(project_id="123", request={"id": "77", "action": "tokenize"})
    assert read(number) == read(text)
    general = gate.of_token(general={"project_id": 123})
    del general["project_id"]
    assert facts(general).project_id == "123"


def test_nothing_that_may_be_a_card_number_is_kept() -> None:
    number = "4242424242424242"
    document = gate.of_payment(
        account={"number": number, "token": gate.TOKEN, "card_holder": number, "type": number},
    )
    assert number not in str(asdict(read(document)))


@pytest.mark.parametrize("number", ["4242424242424242", "4242 4242 4242 4242", 4242424242424242])
def test_an_id_that_may_be_a_card_number_is_refused(number: str | int) -> None:
    for changed, place in (
        (gate.of_payment(payment_id=number), "(operation.request_id|payment.id)"),
        (gate.of_payment(customer={"id": number}), "customer.id"),
    ):
        with pytest.raises(CardNumberInIdError, match=rf"^{place}$"):
            read(changed)


def test_the_holder_is_kept_as_initials() -> None:
    assert "JANE" not in str(asdict(read(gate.of_card())))
    assert "ROE" not in str(asdict(read(gate.of_payment())))


def test_every_callback_of_the_vectors_is_read(shared: Callable[[str], Path]) -> None:
    vectors = json.loads(shared("vectors/rocketpay.json").read_text("utf-8"))["vectors"]
    kinds = {one["name"]: read(one["data"]).kind for one in vectors if one["kind"] == "callback"}
    assert kinds["php-callback-format-1"] is CallbackKind.TOKEN
    assert kinds["php-callback-format-4"] is CallbackKind.TOKEN
    assert kinds["php-callback-format-5"] is CallbackKind.PAYMENT
    assert kinds["python-callback-recurring"] is CallbackKind.OTHER
    assert read(next(o["data"] for o in vectors if o["name"] == "php-js-callback")).payment_id


names = st.sampled_from(
    "account additional card token token_status token_created_at request id action status payment"
    " general project_id customer number holder expiry exp_month exp_year type operation".split()
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.fuzz
@given(st.dictionaries(names, json_values, max_size=8))
def test_whatever_a_callback_holds_it_is_read(document: dict[str, Any]) -> None:
    callback = read(document)
    for value in asdict(callback).values():
        assert value is None or isinstance(value, str | bool | dict | tuple)
