"""Names of payments: card numbers are found in them, and random identifiers let through."""

from random import Random
from uuid import UUID

import pytest

from forwardc.diagnostics.card_like import holds_card
from forwardc.diagnostics.scan import find_cards

CARD = "4111111111111111"
RANDOM = Random(4)  # noqa: S311 - the same in every run


@pytest.mark.parametrize(
    "text",
    [
        CARD,
        "4111 1111 1111 1111",
        "4111-1111-1111-1111",
        f"card {CARD}",
        f"VISA{CARD}",
        f"{CARD}USD",
        f"pan_{CARD}",
        f"{CARD[:12]}{CARD[12:]}abc",
        f"{CARD},0b6f6c0e-3f0e-4a57-9d4a-6d1d0c1d7a55",
        f"0b6f6c0e-3f0e-4a57-9d4a-6d1d0c1d7a55 {CARD}",
    ],
)
def test_a_card_number_is_found(text: str) -> None:
    assert holds_card(text)


def test_random_identifiers_are_let_through() -> None:
    made = [UUID(int=RANDOM.getrandbits(128), version=4) for _ in range(20_000)]
    texts = (
        [str(one) for one in made] + [one.hex for one in made] + [one.hex.upper() for one in made]
    )
    assert any(map(find_cards, texts)), "the plain scan takes some of them for cards"
    assert not [text for text in texts if holds_card(text)]


@pytest.mark.parametrize("text", ["", "ORDER_67890", "src_visa_adyen_approved0000000", "1" * 30])
def test_other_names_hold_none(text: str) -> None:
    assert not holds_card(text)
