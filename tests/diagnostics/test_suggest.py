"""What a mistyped word may have meant."""

import pytest

from forwardc.core.diagnostics.suggest import did_you_mean
from growth import assert_linear

KEYS = ["initiator", "steps", "fallback", "headers", "base_url", "json", "POST"]


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("initator", "initiator"),
        ("intiiator", "initiator"),
        ("header", "headers"),
        ("baseUrl", "base_url"),
        ("base-url", "base_url"),
        ("post", "POST"),
        ("jsno", "json"),
        ("falback_", "fallback"),
    ],
)
def test_typing_errors_find_the_word(word: str, meant: str) -> None:
    assert did_you_mean(word, KEYS) == meant


@pytest.mark.parametrize("word", ["", "x", "yo", "currency", "qqqqqqqq", "z" * 1000])
def test_nothing_is_offered_for_a_word_that_is_not_near(word: str) -> None:
    assert did_you_mean(word, KEYS) is None


def test_the_word_itself_is_no_suggestion() -> None:
    assert did_you_mean("json", ["json"]) is None


def test_the_order_of_candidates_does_not_matter() -> None:
    assert did_you_mean("cat", ["car", "bat"]) == did_you_mean("cat", ["bat", "car"]) == "bat"


def test_cost_is_linear_in_the_candidates() -> None:
    def candidates(size: int) -> list[str]:
        return [f"{'a' * 40}{number}" for number in range(size)]

    assert_linear(lambda found: did_you_mean("a" * 64, found), candidates, 5_000)
