"""The signature formulas of the sandbox against the vectors, and the order that Gate signs in."""

import json
from functools import cmp_to_key
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forwardc.sandbox.crypto import dlocal, rocketpay, visa
from forwardc.sandbox.crypto.rocketpay import compare

VECTORS = Path(__file__).parents[4] / "shared" / "vectors"


def load(name: str, key: str = "vectors") -> list[Any]:
    """The vectors of one file as parameters, or one that skips where the folder is absent."""
    file = VECTORS / name
    if not file.is_file():
        reason = f"../shared/vectors/{name} is not there"
        return [pytest.param(None, id="absent", marks=pytest.mark.skip(reason=reason))]
    entries = json.loads(file.read_text(encoding="utf-8"))[key]
    return [pytest.param(entry, id=entry["name"]) for entry in entries]


@pytest.mark.parametrize("vector", load("visa-x-pay-token.json"))
def test_x_pay_token(vector: dict[str, Any]) -> None:
    arguments = {
        "url": vector["url"],
        "body": vector["body"].encode(),
        "remove_prefix": vector["remove_resource_path_prefix"],
    }
    timestamp = int(vector["timestamp"])
    expected = vector["expected"]
    assert visa.message(timestamp=timestamp, **arguments) == expected["message"].encode()
    secret = vector["shared_secret"]
    token = visa.x_pay_token(secret=secret, timestamp=timestamp, **arguments)
    assert token == expected["x_pay_token"]
    assert visa.verify(token, secret=secret, now=timestamp, **arguments) is None


@pytest.mark.parametrize("vector", load("dlocal.json"))
def test_dlocal(vector: dict[str, Any]) -> None:
    parts = {
        "x_login": vector["x_login"],
        "x_date": vector["x_date"],
        "body": vector["body"].encode(),
    }
    expected = vector["expected"]
    assert dlocal.message(**parts) == expected["message"].encode()
    authorization = dlocal.sign(secret=vector["secret_key"], **parts)
    assert authorization == expected["authorization"]
    assert dlocal.verify(authorization, secret=vector["secret_key"], **parts)
    parts["body"] += b" "
    assert not dlocal.verify(authorization, secret=vector["secret_key"], **parts)


@pytest.mark.parametrize("vector", load("rocketpay.json"))
def test_rocketpay(vector: dict[str, Any]) -> None:
    data, expected = vector["data"], vector["expected"]
    assert rocketpay.string_to_sign(data) == expected["string_to_sign"]
    assert rocketpay.sign(data, vector["secret"]) == expected["signature"]


@pytest.mark.parametrize("vector", load("rocketpay.json"))
def test_rocketpay_signature_is_verified_wherever_it_stands(vector: dict[str, Any]) -> None:
    data, signature = vector["data"], vector["expected"]["signature"]
    nested = {**data, "extra": [], "general": {**data.get("general", {}), "signature": signature}}
    for body in ({**data, "signature": signature}, nested):
        assert rocketpay.verify(body, signature, vector["secret"])
        assert not rocketpay.verify(body, signature[:-4] + "AA==", vector["secret"])


@pytest.mark.parametrize("vector", load("rocketpay.json", "refused_inputs"))
def test_rocketpay_refuses_floats(vector: dict[str, Any]) -> None:
    with pytest.raises(rocketpay.UnsignableBodyError) as refusal:
        rocketpay.sign(vector["data"], vector["secret"])
    assert not any(character.isdigit() for character in str(refusal.value).replace("64", ""))


@pytest.mark.parametrize("value", [2**63, -(2**63) - 1, 1.0, "\ud800"])
def test_rocketpay_refuses_what_php_would_print_differently(value: object) -> None:
    with pytest.raises(rocketpay.UnsignableBodyError):
        rocketpay.sign({"a": value}, "secret")


def test_rocketpay_orders_more_than_ten_items_by_number() -> None:
    text = rocketpay.string_to_sign({"x": list(range(12))})
    assert text.split(";")[-2:] == ["x:10:10", "x:11:11"]


def test_rocketpay_signature_is_removed_through_lists_and_colons_are_doubled() -> None:
    data = {"l": [{"signature": "s", "a:b": None}], "empty": {"list": []}, "frame_mode": 1}
    assert rocketpay.string_to_sign(data) == "l:0:a::b:"


@pytest.mark.parametrize(
    ("token", "late", "refusal"),
    [
        ("xv2:{t}:{h}", 480, None),
        ("xv2:{t}:{h}", 481, visa.TokenRefusal.EXPIRED),
        ("xv2:{t}:{h}", -481, visa.TokenRefusal.EXPIRED),
        ("xv2:{t}:{H}", 0, visa.TokenRefusal.MALFORMED),
        ("x:{t}:{h}", 0, visa.TokenRefusal.MALFORMED),
        ("xv2:{t}:{z}", 0, visa.TokenRefusal.MISMATCH),
    ],
)
def test_x_pay_token_window_and_form(
    token: str, late: int, refusal: visa.TokenRefusal | None
) -> None:
    url, body = "https://cert.api.visa.com/vts/provisionedTokens?apiKey=k", b"{}"
    made = visa.x_pay_token(secret="s", timestamp=1_700_000_000, url=url, body=body)
    digest = made.rpartition(":")[2]
    given_token = token.format(t=1_700_000_000, h=digest, H=digest.upper(), z="0" * 64)
    now = 1_700_000_000 + late
    assert visa.verify(given_token, secret="s", url=url, body=body, now=now) == refusal


def test_x_pay_token_needs_the_context_path_it_shall_drop() -> None:
    with pytest.raises(ValueError, match="context path"):
        visa.message(timestamp=1, url="https://api.visa.com/vts/x", body=b"", remove_prefix="/vdp/")


@pytest.mark.parametrize(
    "ordered",
    [
        ["k", "k001", "k01", "k02", "k1", "k2", "k10"],
        ["address", "address2"],
        ["order-ref", "order:id"],
        ["A", "B", "_", "a", "b"],
        ["0", "9", "10"],
        ["a", "a ", "a b"],
        ["x1 a", "x1a"],
        ["e", "é"],
    ],
)
def test_natural_order(ordered: list[str]) -> None:
    # "a " comes before "a b", and PHP compares the byte after a number before it skips spaces.
    backwards = list(reversed(ordered))
    assert sorted(backwards, key=cmp_to_key(compare)) == ordered


@pytest.mark.parametrize(("left", "right"), [("007", "7"), ("a b", "ab"), (" a", "a"), ("", "")])
def test_natural_order_ties(left: str, right: str) -> None:
    assert compare(left, right) == 0


paths = st.text(alphabet="0129ab:_- é", max_size=8)


@given(paths, paths)
def test_natural_order_is_antisymmetric(left: str, right: str) -> None:
    assert compare(left, right) == -compare(right, left)
    assert compare(left, left) == 0


@given(st.lists(paths, min_size=3, max_size=3))
def test_natural_order_is_transitive(three: list[str]) -> None:
    first, second, third = sorted(three, key=cmp_to_key(compare))
    assert compare(first, second) <= 0
    assert compare(second, third) <= 0
    assert compare(first, third) <= 0


@given(st.integers(0, 10**20), st.integers(0, 10**20))
def test_natural_order_agrees_with_integers(left: int, right: int) -> None:
    assert compare(f"k:{left}", f"k:{right}") == (left > right) - (left < right)


@given(st.dictionaries(st.text("abc:_12", min_size=1, max_size=4), st.integers(), max_size=6))
def test_signed_text_does_not_depend_on_member_order(data: dict[str, int]) -> None:
    small = {key: value % 1000 for key, value in data.items()}
    backwards = dict(reversed(small.items()))
    lines = sorted(rocketpay.string_to_sign(small).split(";"))
    assert sorted(rocketpay.string_to_sign(backwards).split(";")) == lines
