"""What is read of a body, and that every mistake is told, at once and without a value."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forwardc.server.http.problems import ProblemError, ProblemKind
from forwardc.server.payment_sharing.request import DEEPEST, SharingRequest, read_key, read_request

NAME = "COM.ROKT.CATALOG"
GOOD = {"partnerPaymentReference": "ORDER-1001", "destination": NAME}


def read(document: Any) -> SharingRequest:
    return read_request(json.dumps(document).encode(), (NAME,))


def errors(body: bytes) -> list[dict[str, str]]:
    with pytest.raises(ProblemError) as refused:
        read_request(body, (NAME,))
    assert refused.value.kind is ProblemKind.INVALID_REQUEST
    found: list[dict[str, str]] = refused.value.more["errors"]
    return found


def pointers(document: Any) -> list[str]:
    return [error["pointer"] for error in errors(json.dumps(document).encode())]


def test_a_request() -> None:
    request = read({**GOOD, "customerIdentifiers": {"email": "a@example.com", "customerId": ""}})
    assert (request.reference, request.destination) == ("ORDER-1001", NAME)
    assert request.identifiers == {"email": "a@example.com", "customerId": ""}
    assert read(GOOD).identifiers == {}
    assert "ORDER" not in repr(request)
    assert "example" not in repr(request)


@pytest.mark.parametrize(
    "reference",
    [
        "x",
        "x" * 80,
        "ÄÖ 東京 #{1}'; DROP TABLE runs; --",
        "${params.x}{{card_number}}",
        "../../etc",
    ],
)
def test_a_reference_is_whatever_the_merchant_has(reference: str) -> None:
    assert read({**GOOD, "partnerPaymentReference": reference}).reference == reference


@pytest.mark.parametrize(
    "reference",
    [
        *(None, 1, "", "x" * 81, "a\nb", "a\u0000", "a\u0085", "\ud800", ["x"], {"x": 1}),
        *("4242424242424242", "order 4242 4242 4242 4242"),
    ],
)
def test_no_reference(reference: Any) -> None:
    assert pointers({**GOOD, "partnerPaymentReference": reference}) == ["/partnerPaymentReference"]


@pytest.mark.parametrize("destination", [None, 1, "", "com.rokt.catalog", NAME + " ", [NAME]])
def test_no_destination(destination: Any) -> None:
    assert pointers({**GOOD, "destination": destination}) == ["/destination"]


@pytest.mark.parametrize(
    "identifiers",
    [
        *(None, [], "x", 1, {"email": 1}, {"email": None}, {"email": {}}, {"": "x"}),
        *({"x" * 65: "x"}, {"x": "x" * 257}, {"x": "\n"}, {"\u0001": "x"}, {"x": "\udfff"}),
        {str(number): "x" for number in range(21)},
    ],
)
def test_no_identifiers(identifiers: Any) -> None:
    found = pointers({**GOOD, "customerIdentifiers": identifiers})
    assert set(found) == {"/customerIdentifiers"}


def test_all_mistakes_at_once_and_no_value() -> None:
    body = json.dumps({"partnerPaymentReference": 5, "customerIdentifiers": 7, "sekret": "sekret"})
    found = errors(body.encode())
    assert [error["pointer"] for error in found] == [
        "/partnerPaymentReference",
        "/destination",
        "/customerIdentifiers",
        "",
    ]
    assert "sekret" not in json.dumps(found)


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"{", b"nope", b"[]", b'"x"', b"null", b"1", b"NaN", b"\xff{}", b"\xef\xbb\xbf{}"),
        b'{"partnerPaymentReference": NaN, "destination": 1}',
        b'{"destination": "x", "destination": "x"}',
        b'{"customerIdentifiers": {"a": "x", "a": "x"}}',
        b'{"a": ' * 100 + b"1" + b"}" * 100,
        b"[" * 60_000,
        b'{"a":' + b"[" * 9 + b"]" * 9 + b"}",
        b'{"a": 1' + b"0" * 60_000 + b"e}",
    ],
)
def test_no_document(body: bytes) -> None:
    assert [error["pointer"] for error in errors(body)] == [""]


def test_a_number_is_not_understood() -> None:
    body = b'{"partnerPaymentReference": ' + b"9" * 60_000 + b', "destination": "x"}'
    assert [error["pointer"] for error in errors(body)] == [
        "/partnerPaymentReference",
        "/destination",
    ]


@given(st.integers(1, 12), st.integers(0, 20))
def test_depth(depth: int, wide: int) -> None:
    document: Any = "x"
    for _ in range(depth):
        document = [document, *[[]] * wide]
    told = errors(json.dumps(document).encode())[0]["detail"]
    assert told.startswith("nests" if depth + bool(wide) > DEEPEST else "is not an object")


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from([*GOOD, "customerIdentifiers", "x"]), inner, max_size=4
            )
        ),
    )
)
def test_no_document_is_anything_but_read_or_refused(document: Any) -> None:
    with suppress(ProblemError):
        assert read(document).destination == NAME


def test_keys() -> None:
    assert read_key([]) is None
    assert read_key(["a" * 255]) == "a" * 255
    assert read_key(['"8e03978e"']) == '"8e03978e"'
    for values in ([""], ["a" * 256], ["a b"], ["ä"], ["a", "a"], ["a\n"]):
        with pytest.raises(ProblemError) as refused:
            read_key(values)
        assert refused.value.more["errors"][0]["header"] == "Idempotency-Key"


CARD = "4111 1111 1111 1111"


@pytest.mark.parametrize("identifiers", [{"email": CARD}, {"customerId": f"c-{CARD}"}, {CARD: "x"}])
def test_an_identifier_that_looks_like_a_card_number_is_refused(identifiers: Any) -> None:
    told = errors(json.dumps({**GOOD, "customerIdentifiers": identifiers}).encode())
    assert [error["pointer"] for error in told] == ["/customerIdentifiers"]
    assert "looks like a card number" in told[0]["detail"]
    assert "4111" not in str(told)


def test_a_key_that_looks_like_a_card_number_is_refused() -> None:
    with pytest.raises(ProblemError) as refused:
        read_key(["4111-1111-1111-1111"])
    assert "looks like a card number" in str(refused.value.more)
    assert read_key(["4111-1111-1111-1111"], ["reference"]) == "4111-1111-1111-1111"


def test_settings_let_through_by_name() -> None:
    named = {"customerId": CARD, "email": "a@example.com"}
    body = json.dumps({**GOOD, "partnerPaymentReference": CARD, "customerIdentifiers": named})
    request = read_request(body.encode(), (NAME,), ["reference", "identifier.customerId"])
    assert (request.reference, request.identifiers) == (CARD, named)
    with pytest.raises(ProblemError):
        read_request(body.encode(), (NAME,), ["reference"])
    with pytest.raises(ProblemError):
        read_request(body.encode(), (NAME,), ["identifier.customerId"])
