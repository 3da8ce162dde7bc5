"""A caller's identifiers against the merchant's."""

import hashlib
import hmac

import pytest

from forwardc.server.directory import payment_directory
from forwardc.server.directory.payment_directory import identifiers_match

KNOWN = {"email": "John.Smith@example.com", "customerId": "C-77", "phone": "+44 20 7946 0000"}


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"email": "John.Smith@example.com"},
        {"email": " john.smith@EXAMPLE.com\n"},
        {"customerId": "C-77", "email": "john.smith@example.com"},
        {"phone": "442079460000"},
        {"phone": "+44 (20) 7946-0000"},
        {"phone": "\u0664\u0664 20 7946 0000"},
    ],
)
def test_the_customer_is_known(given: dict[str, str]) -> None:
    assert identifiers_match(KNOWN, given)


@pytest.mark.parametrize(
    "given",
    [
        {"email": "john.smith@example.org"},
        {"email": ""},
        {"customerId": "c-77"},
        {"customerId": " C-77"},
        {"customerId": "C-77", "email": "x@example.com"},
        {"email": "x@example.com", "customerId": "C-77"},
        {"phone": "442079460001"},
        {"phone": "442079460000 or so"},
        {"loyalty": "1"},
        {"loyalty": ""},
        {"Email": "john.smith@example.com"},
        {"email": "\ud800"},
    ],
)
def test_the_customer_is_another(given: dict[str, str]) -> None:
    assert not identifiers_match(KNOWN, given)


@pytest.mark.parametrize("given", [{}, {"email": "john.smith@example.com"}, {"email": ""}])
def test_an_unknown_reference_is_nobody(given: dict[str, str]) -> None:
    assert not identifiers_match(None, given)


def test_texts_without_digits_are_no_equal_telephone_numbers() -> None:
    assert not identifiers_match({"phone": "none"}, {"phone": "unknown"})
    assert not identifiers_match({"phone": "(-)"}, {"phone": "+"})
    assert identifiers_match({"phone": "none"}, {"phone": "none"})


def test_half_of_a_surrogate_pair_is_compared_like_any_text() -> None:
    assert identifiers_match({"customerId": "\ud800"}, {"customerId": "\ud800"})


def test_a_nul_at_the_end_counts() -> None:
    assert not identifiers_match({"customerId": "1"}, {"customerId": "1\0"})


@pytest.mark.parametrize("expected", [None, {}, KNOWN, {"email": "x"}])
@pytest.mark.parametrize("given", [{"email": "first wrong", "customerId": "C-77", "other": "x"}])
def test_the_same_work_is_done_whatever_the_merchant_knows(
    expected: dict[str, str] | None, given: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[int] = []
    digested: list[int] = []

    def compare(one: bytes, other: bytes) -> bool:
        compared.append(len(one) + len(other))
        return hmac.compare_digest(one, other)

    class Counted:
        @staticmethod
        def sha256(octets: bytes) -> object:
            digested.append(len(octets))
            return hashlib.sha256(octets)

    class Compared:
        compare_digest = staticmethod(compare)

    monkeypatch.setattr(payment_directory, "hmac", Compared)
    monkeypatch.setattr(payment_directory, "hashlib", Counted)
    assert not identifiers_match(expected, given)
    assert compared == [64, 64, 64]
    assert digested == [1_032] * 6
