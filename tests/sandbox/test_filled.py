"""What a vault filled in is hidden by its value: whatever the name, however it is written."""

import base64
import json
import time
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forwardc.sandbox.filled import mask_filled

PAN, CVC, AMEX, PIN = "4242424242424242", "123", "4321", "98"
CRYPTOGRAM = "AhJ3hnYAoAbVz5zg1e17MAACAAA="
HIDDEN = "***redacted***"


def masked(text: str, *values: str) -> str:
    return mask_filled(text, values or (PAN, CVC, CRYPTOGRAM), HIDDEN)


@pytest.mark.parametrize(
    "text",
    [
        '{"zip": "123"}',
        '{"n": 123}',
        '{"n": 1.23e2}',
        '{"123": true}',
        '{"note": "code 123."}',
        '{"note": "cvc123"}',
        '{"note": "x123y"}',
        "[1,123,5]",
        '"\\u0031\\u0032\\u0033"',
        json.dumps({"a": json.dumps({"k": 123})}),
        json.dumps({"a": json.dumps({"b": json.dumps([{"c": "123"}])})}),
        "a=1&b=123&c=5",
        "a=%31%32%33",
        "a=%2531%2532%2533",
        "x=%22123%22",
        "<zip>123</zip>",
        "<zip a='123'/>",
        "&#49;&#50;&#51;",
        "&#x31;&#x32;&#x33;",
        "１２３",
        "1\u200b2\u00ad3",
        "zip=123".encode("utf-16-le").decode("latin-1"),
        "MTIz",
        "313233",
        base64.b64encode(b"zip=123").decode(),
        base64.urlsafe_b64encode(b'{"zip":"123"}').decode().rstrip("="),
        b"zip=123".hex(),
        base64.b64encode(base64.b64encode(b"zip=123")).decode(),
    ],
)
def test_a_cvc_is_found_however_it_is_written(text: str) -> None:
    shown = masked(text)
    assert HIDDEN in shown
    assert masked(shown) == shown
    assert "123" not in shown


@pytest.mark.parametrize(
    "text",
    [
        '{"amount": 1230, "of": 12.123, "less": 5123, "b": "0123"}',
        '{"at": "2026-11-30T01:02:03.123Z"}',
        '{"id": "pay_k123q7w2c5xzbmplo3tyuiq2ae"}',
        '{"id": "1f0c2d3e-123a-4b5c-8d9e-0a1b2c3d4e5f"}',
        "amount=1230&psp=882540819540950123",
        "eyJhbGciOiJBMjU2R0NNS1cifQ.AAAA.BBBB.CCCC.DDDD",
    ],
)
def test_longer_numbers_and_identifiers_stay(text: str) -> None:
    assert masked(text, CVC) == text


@pytest.mark.parametrize(
    "text",
    [
        f'{{"a": {PAN}}}',
        f"a=x{PAN}y",
        "4242 4242 4242 4242",
        "4242-4242.4242/4242",
        quote("4242 4242 4242 4242"),
        f"Basic {base64.b64encode(f'user:{PAN}'.encode()).decode()}",
        PAN.encode().hex(),
    ],
)
def test_a_card_number_is_found_however_it_is_spelled(text: str) -> None:
    shown = masked(text)
    assert HIDDEN in shown
    assert "4242" not in shown


@pytest.mark.parametrize(
    "text",
    [
        CRYPTOGRAM,
        quote(CRYPTOGRAM, safe=""),
        CRYPTOGRAM.rstrip("="),
        base64.b64decode(CRYPTOGRAM).hex(),
        base64.b64decode(CRYPTOGRAM).hex().upper(),
        json.dumps({"a": CRYPTOGRAM}),
    ],
)
def test_a_cryptogram_is_found_in_its_other_forms(text: str) -> None:
    assert HIDDEN in masked(text)
    assert "AhJ3hnYAo" not in masked(text)


def test_a_number_stays_json_and_a_header_gets_no_quotes() -> None:
    assert json.loads(masked('{"a":[123,{"b":123}],"c":1230}')) == {
        "a": [HIDDEN, {"b": HIDDEN}],
        "c": 1230,
    }
    assert mask_filled("123", [CVC], HIDDEN) == f'"{HIDDEN}"'
    assert mask_filled("123", [CVC], HIDDEN, is_document=False) == HIDDEN


def test_leading_zeros_hide_nothing() -> None:
    assert masked('{"a": 12, "b": "012"}', "012") == f'{{"a": "{HIDDEN}", "b": "{HIDDEN}"}}'


scalars = st.none() | st.booleans() | st.integers() | st.text() | st.sampled_from([CVC, 123, AMEX])
documents = st.recursive(
    scalars,
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.sampled_from([CVC]), inner),
)


def leaves(document: object) -> list[str]:
    match document:
        case dict():
            return [one for k, v in document.items() for one in (str(k), *leaves(v))]
        case list():
            return [one for item in document for one in leaves(item)]
        case _:
            return [str(document)]


@given(documents)
def test_any_document_stays_one_and_holds_no_value(document: object) -> None:
    shown = json.loads(masked(json.dumps(document), CVC, AMEX))
    assert not {CVC, AMEX} & set(leaves(shown))


@given(st.text(), st.sampled_from([CVC, AMEX, PAN, PIN]))
def test_any_text_can_be_masked_twice(text: str, value: str) -> None:
    once = masked(text + value, value)
    assert masked(once, value) == once


@pytest.mark.costly
@pytest.mark.parametrize(
    "text",
    [
        "x%41" * 60_000,
        "1 " * 120_000,
        "123 " * 60_000,
        "[" * 250_000,
        "%25" * 80_000,
        "A" * 250_000,
    ],
    ids=["escapes", "pairs", "threes", "brackets", "percents", "letters"],
)
def test_no_text_takes_long(text: str) -> None:
    started = time.process_time()
    masked(text)
    masked(json.dumps({"a": text}))
    assert time.process_time() - started < 10


def test_a_text_that_is_too_long_is_hidden_whole() -> None:
    assert masked("x" * 262_145) == HIDDEN
