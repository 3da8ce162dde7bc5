"""The recogniser of card numbers: what it finds in any spelling, and what it takes for none."""

import hashlib
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forwardc.core.recognizer.cards import find_cards, holds_card, passes_luhn
from forwardc.core.recognizer.scan import mask
from growth import assert_linear
from published_cards import PUBLISHED, SPELLINGS, in_script, looks_like_card, parted

CARD = "4111111111111111"


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_every_published_card_is_found_in_every_spelling(spelling: str) -> None:
    spelled = [SPELLINGS[spelling](number) for number in PUBLISHED]
    assert len(PUBLISHED) > 200
    assert len(SPELLINGS) >= 40
    assert [text for text in spelled if not holds_card(text)] == []
    assert [text for text in spelled if holds_card(mask(text))] == []


def test_the_vendors_own_lists_are_found(shared: Callable[[str], Path]) -> None:
    stripe = json.loads(shared("facts/data/stripe/test_cards.json").read_text())["cards"]
    checkout = json.loads(shared("facts/data/checkout/vault_facts.json").read_text())["test_cards"]
    # This one is published because its check digit is wrong.
    numbers = {card["number"] for card in stripe if card["error_code"] != "incorrect_number"}
    numbers |= {number for _brand, number, _cvc in checkout}
    long = [number for number in numbers if 14 <= len(number) <= 19]
    assert len(long) > 20
    assert [number for number in long if not find_cards(f'{{"n":"{number}"}}')] == []


@pytest.mark.parametrize(
    "text",
    [
        "4242424242424241",
        "4242424242424",
        "4242  4242  4242  4242",
        "4242, 4242, 4242, 4242",
        "4242\n4242\n4242\n4242",
        "4242x4242x4242x4242",
        f"1{CARD}000000",
        "3d2b0a9e-4242-4242-4242-424242424242",
        "42424242-4242-4424-a242-ffffffffffff",
        "urn:uuid:3D2B0A9E-4242-4242-8242-424242424242",
        "aa4111111111111111bbccddeeff0011",
        "sha256:" + CARD + "abcdef" * 8,
        "2026-11-30T10:15:30.123456789012Z",
        "2026-11-20T10:15:30.123456-05:00/2026-12-20T10:15:30.123456-05:00",
        "20261120T101530.123456789Z",
        "2026-11-30/2026-12-20/2027-01-01",
        "1763633730123456",
        "1763633730123456789",
        "6884107995871",
        "gid://shopify/Order/6884107995871",
        "+49 170 1234567",
    ],
)
def test_what_is_none(text: str) -> None:
    assert find_cards(text) == []


@pytest.mark.parametrize(
    "text",
    [
        f"ab{CARD}cdef01",
        f"f{CARD}f{'0' * 14}",
        f"deadbeef{CARD}",
        f"00000000-4111-1111-1111-1111{'0' * 8}"[:24] + CARD,
        f"2026-11-20-{CARD}",
        f"0b6f6c0e-3f0e-4a57-9d4a-6d1d0c1d7a55 {CARD}",
        f"{CARD},0b6f6c0e-3f0e-4a57-9d4a-6d1d0c1d7a55",
        f"%{CARD}",
        f"100%{CARD}",
        "4242 4242 4242 4242 4242 4242 4242 4242",
    ],
)
def test_what_is_no_excuse(text: str) -> None:
    assert holds_card(text)


def test_the_place_is_that_of_the_number() -> None:
    text = f"\u00bd {in_script(CARD, chr(0xFF10))}\u200b, {parted(CARD, '%20')}."
    places = [text[hit.start : hit.end] for hit in find_cards(text)]
    assert places == [in_script(CARD, chr(0xFF10)), parted(CARD, "%20")]


@given(
    st.text(alphabet=st.characters(exclude_categories=["Nd", "No", "Nl"]), max_size=30),
    st.sampled_from(PUBLISHED),
    st.text(alphabet=st.characters(exclude_categories=["Nd", "No", "Nl"]), max_size=30),
)
def test_no_neighbour_without_digits_hides_a_number(before: str, card: str, after: str) -> None:
    assert any(hit.start == len(before) for hit in find_cards(before + card + after))


@given(st.text(alphabet="0123456789 -._/x\u200b\u0661\uff14%2\\u\n&#;", max_size=200))
def test_any_text_has_an_answer_and_masking_is_stable(text: str) -> None:
    assert all(0 <= hit.start < hit.end <= len(text) for hit in find_cards(text))
    assert mask(mask(text)) == mask(text)
    assert len(mask(text)) == len(text)


PARTS = [
    "4",
    "4 ",
    "1 2 3 ",
    "0",
    "4\u200b",
    "%",
    "%34",
    "\\",
    "\\u",
    "&#",
    "a1",
    "2026-11-20",
    "f",
]
PARTS += ["\u0664\u00a0", "42424242-4242-", "4242 4242 4242 4242 ", "\ufdfa1"]


@pytest.mark.parametrize("part", PARTS)
def test_it_takes_linear_time(part: str) -> None:
    assert_linear(find_cards, lambda size: part * (size // len(part)), 32_768)


def ean_13(random: Random) -> str:
    digits = f"{random.randrange(10**12):012}"
    check = -sum(int(digit) * (1 + 2 * (at % 2)) for at, digit in enumerate(digits)) % 10
    return f"{digits}{check}"


def moment(random: Random) -> datetime:
    return datetime(2000, 1, 1, tzinfo=UTC) + timedelta(microseconds=random.randrange(10**15))


def uuid(random: Random) -> str:
    return str(UUID(int=random.getrandbits(128), version=random.choice((1, 4))))


def digest(random: Random) -> str:
    name = random.choice(("md5", "sha1", "sha224", "sha256", "sha384", "sha512"))
    return hashlib.new(name, random.randbytes(16)).hexdigest()


def phone(random: Random) -> str:
    country = random.choice(("1", "31", "34", "36", "39", "44", "49", "57", "60", "62", "65", "86"))
    number = f"{random.randrange(10**8, 10 ** (13 - len(country)))}"
    parts = [number[at : at + 3] for at in range(0, len(number), 3)]
    return f"+{country}{random.choice(('', ' ', '-')).join(['', *parts])}"


def iso_time(random: Random) -> str:
    at = moment(random)
    forms = ("%Y-%m-%dT%H:%M:%S.%fZ", "%Y-%m-%d %H:%M:%S.%f+00:00", "%Y%m%dT%H%M%S.%f000Z")
    return at.strftime(random.choice(forms))


# What is made, how many of it, and how many in 10,000 may be taken for a card number.
FIGURES: dict[str, tuple[Callable[[Random], str], int, float]] = {
    "order numbers of 8 to 13 digits": (
        lambda random: f"{random.randrange(10**7, 10 ** random.randint(8, 13))}",
        200_000,
        10,
    ),
    "barcodes (EAN-13)": (ean_13, 100_000, 10),
    "telephone numbers": (phone, 100_000, 10),
    "ISO 8601 times": (iso_time, 200_000, 1),
    "UUIDs": (uuid, 200_000, 1),
    "digests in hexadecimal": (digest, 100_000, 1),
    "microseconds since 1970": (
        lambda random: f"{int(moment(random).timestamp() * 1_000_000)}",
        200_000,
        1,
    ),
    "nanoseconds since 1970": (
        lambda random: f"{int(moment(random).timestamp() * 1_000_000)}{random.randrange(1000):03}",
        200_000,
        1,
    ),
    "random numbers of 14 digits": (
        lambda random: str(random.randrange(10**13, 10**14)),
        50_000,
        1_200,
    ),
    "random numbers of 15 digits": (
        lambda random: str(random.randrange(10**14, 10**15)),
        50_000,
        1_200,
    ),
    "random numbers of 16 digits": (
        lambda random: str(random.randrange(10**15, 10**16)),
        50_000,
        1_200,
    ),
    "random numbers of 19 digits": (
        lambda random: str(random.randrange(10**18, 10**19)),
        50_000,
        1_200,
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("what", FIGURES)
def test_figures(what: str) -> None:
    make, count, most = FIGURES[what]
    random = Random(what)  # noqa: S311 - the same in every run
    found = sum(holds_card(make(random)) for _ in range(count))
    print(f"\n{what}: {found} of {count:,}, {100 * found / count:.4f} %")  # noqa: T201 - with `-s`
    assert found * 10_000 <= most * count
    if "random" in what:
        assert found, "brand and check digit let some of them pass"


def combinations() -> Iterator[str]:
    random = Random(16)  # noqa: S311 - the same in every run
    for _ in range(20_000):
        yield str(random.randrange(10**13, 10**19))


def test_what_is_found_fits_a_brand_and_its_check_digit() -> None:
    for number in combinations():
        assert holds_card(number) == looks_like_card(number)
        assert passes_luhn(number) or not holds_card(number)
