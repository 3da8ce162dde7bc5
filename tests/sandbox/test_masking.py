"""What the sandbox shows: its own recogniser of card numbers finds what the program's finds."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forwardc.core.recognizer.cards import find_cards
from forwardc.sandbox.masking import card_numbers, mask_text
from published_cards import PUBLISHED, SPELLINGS


def places(text: str) -> list[tuple[int, int]]:
    return sorted((one.start, one.end) for one in card_numbers(text))


def judged(text: str) -> list[tuple[int, int]]:
    return [(one.start, one.end) for one in find_cards(text)]


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_both_find_the_same_in_every_spelling(spelling: str) -> None:
    for number in PUBLISHED:
        text = SPELLINGS[spelling](number)
        assert places(text) == judged(text) != []
        assert not card_numbers(mask_text(text))


def test_both_find_the_same_numbers() -> None:
    random = Random(8)  # noqa: S311 - the same in every run
    for _ in range(20_000):
        text = f"{random.randrange(10**13, 10**19)}"
        assert places(text) == judged(text)


@given(st.text(alphabet="0123456789 -._/xabf:T\u200b\u0661\uff14%2\\u\n&#;", max_size=120))
def test_both_agree_on_any_text(text: str) -> None:
    assert places(text) == judged(text)


def test_a_prefix_of_xml_hides_no_name() -> None:
    answer = '<u:cvNumber>1</u:cvNumber><u:cvv t="2">737</u:cvv><u:c u:cvc="737" u:a="5"/>'
    assert mask_text(answer) == (
        '<u:cvNumber>1</u:cvNumber><u:cvv t="2">***</u:cvv><u:c u:cvc="***" u:a="5"/>'
    )


def test_six_and_four_digits_stay() -> None:
    assert mask_text("n=4242 4242 4242 4242.") == "n=424242******4242."
    assert mask_text("id 6884107995871") == "id 6884107995871"
    assert mask_text("4242 4242 4242 4242 4242") == "424242******4242*****"
