"""What counts as a credential or a card number, and what is masked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forwardc.core.recognizer.cards import find_cards
from forwardc.core.recognizer.scan import find_secrets, mask
from growth import assert_linear
from published_cards import looks_like_card

STRIPE = "sk_test_" + "4eC39HqLyjWDarjtT1zdp7dc"
CHECKOUT = "sk_sbox_" + "a2b3c4d5e6f7a2b3c4d5e6f7ab="
CHECKOUT_LIVE = "sk_" + "a2b3c4d5e6f7a2b3c4d5e6f7ab#"
CHECKOUT_EARLIER = "sk_test_" + "0b9b5db6-f223-49d0-b68f-f6643dd4f808"
CLIENT = "fwc_" + "a1B2c3D" * 7
JWT = "eyJhbGciOiJIUzI1NiJ9." + "eyJzdWIiOiIxMjM0NTY3ODkwIn0." + "dBjftJeZ4CVPmB92K27uhbUJU1p1r"
PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA\nabc=\n" + "-----END RSA PRIVATE KEY-----"
CARDS = [
    "4242424242424242",
    "4000000000000000006",
    "5555555555554444",
    "2223003122003222",
    "378282246310005",
    "30569309025904",
    "36227206271667",
    "6011111111111117",
    "3566002020360505",
    "6200000000000005",
    "6759649826438453",
    "5000186622346654",
]
GROUPED = ["4242 4242 4242 4242", "4242-4242-4242-4242", "3782 822463 10005", "3056 930902 5904"]


@pytest.mark.parametrize(
    ("secret", "kind"),
    [
        (STRIPE, "stripe-key"),
        (STRIPE.replace("sk_", "rk_"), "stripe-key"),
        (STRIPE.replace("test", "live"), "stripe-key"),
        ("whsec_" + "a" * 32, "stripe-key"),
        (CHECKOUT, "checkout-key"),
        (CHECKOUT_LIVE, "checkout-key"),
        (CHECKOUT_EARLIER, "checkout-key"),
        (CLIENT, "forwardc-client"),
        (JWT, "jwt"),
        (PEM, "pem-block"),
    ],
)
@pytest.mark.parametrize("around", ["{}", "key: {}", 'k: "{}"', "a\\n{}", "Bearer%20{}", "_{}\n"])
def test_credentials_are_found_by_shape_and_masked(secret: str, kind: str, around: str) -> None:
    text = around.format(secret)
    (found,) = find_secrets(text)
    assert (found.kind, text[found.start : found.end]) == (kind, secret)
    masked = mask(text)
    assert set(masked[found.start : found.end]) <= {"*", "\n"}
    assert masked.count("\n") == text.count("\n")
    assert len(masked) == len(text)


@pytest.mark.parametrize(
    "text",
    [
        "pk_test_" + "4eC39HqLyjWDarjtT1zdp7dc",
        "risk_test_score_of_customer",
        "sk_test_",
        "secrets.stripe_api_key",
        "-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----",
        "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
        "src_wmlfc3zyhqzehihu7giusaaawu",
        "tok_4gzeau5o2uqubbk6fufs3m7p54",
        "eyJ.not.jwt",
        "fwc_" + "a" * 48,
        "fwc_" + "a" * 50,
    ],
)
def test_what_is_public_is_no_credential(text: str) -> None:
    assert find_secrets(text) == []
    assert mask(text) == text


def test_a_key_without_its_end_is_masked_to_the_end_of_the_text() -> None:
    masked = mask("key: -----BEGIN PRIVATE KEY-----\nMIIE\n")
    assert masked.startswith("key: ***")
    assert "MIIE" not in masked


@pytest.mark.parametrize("card", CARDS)
def test_cards_of_every_brand_are_found(card: str) -> None:
    assert looks_like_card(card)
    assert mask(f"number: {card}, x{card}y") == f"number: {'*' * len(card)}, x{'*' * len(card)}y"


@pytest.mark.parametrize("card", GROUPED)
@pytest.mark.parametrize("around", ["{}", "pay {} 12/29", "{} 123", "0000 {}", "2026-11-20 {}"])
def test_cards_in_printed_groups_are_found(card: str, around: str) -> None:
    assert mask(around.format(card)) == around.format("*" * len(card))


@pytest.mark.parametrize("card", CARDS)
def test_a_card_inside_a_longer_run_of_digits_is_none(card: str) -> None:
    assert find_cards(f"1{card}000000") == []


@pytest.mark.parametrize(
    "text",
    [
        "4242424242424241",
        "2026-11-20T10:15:30.123456Z",
        "1763633730",
        "1763633730123",
        "1763633730123456",
        "1763633730123456789",
        "1000",
        "99999999",
        "3d2b0a9e-4242-4242-4242-424242424242",
        "4242 4242",
        "+49 170 1234567",
    ],
)
def test_dates_amounts_and_ids_are_no_cards(text: str) -> None:
    assert find_cards(text) == []


@given(st.integers(min_value=0, max_value=99_999_999_999))
def test_no_amount_of_up_to_eleven_digits_is_a_card(amount: int) -> None:
    assert find_cards(f"amount={amount};") == []


@given(st.text(alphabet="ab: \n{}\"'"), st.sampled_from(CARDS), st.text(alphabet="ab: \n{}\"'"))
def test_a_card_is_found_in_any_text(before: str, card: str, after: str) -> None:
    text = before + card + after
    assert [(hit.start, hit.end) for hit in find_cards(text)] == [
        (len(before), len(before) + len(card))
    ]


@given(st.text(alphabet="4242 -sk_test_eyJ.\n\r-BEGINPRIVATEKEY", max_size=200))
def test_masking_keeps_length_and_lines_and_is_stable(text: str) -> None:
    masked = mask(text)
    assert len(masked) == len(text)
    assert [len(line) for line in masked.splitlines()] == [len(line) for line in text.splitlines()]
    assert mask(masked) == masked


PARTS = ["4", "4242 ", "4242-", "sk_live_", "sk_", "eyJ", "eyJaaaaaaaaaa.", "%20", "\\n", "whsec_a"]
PARTS += ["-----BEGIN PRIVATE KEY-----", "-----BEGIN ", "4242424242424242 "]


@pytest.mark.parametrize("part", PARTS)
def test_masking_takes_linear_time(part: str) -> None:
    assert_linear(mask, lambda size: part * (size // len(part)), 65_536)
