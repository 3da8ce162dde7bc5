"""What is known of a token does not depend on the order of its callbacks, nor on repetition."""

import itertools
from functools import reduce
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import gate
from forwardc.integrations.card_tokens import TokenFacts, TokenState
from forwardc.integrations.rocketpay.callback_format import read_callback
from forwardc.integrations.rocketpay.token_tables import merge_facts

texts = st.one_of(st.none(), st.sampled_from(["a", "b", "424242******4242", "4242**4242"]))
dates = st.one_of(st.none(), st.sampled_from(["2027-01", "2030-08", "2031-12"]))
facts = st.builds(
    TokenFacts,
    st.just(gate.TOKEN),
    st.sampled_from(TokenState),
    customer_id=texts,
    project_id=texts,
    masked_number=texts,
    scheme=texts,
    initials=texts,
    expires=dates,
    created_at=dates,
)


def told(*documents: dict[str, Any]) -> TokenFacts:
    """What is known after these callbacks."""
    known: TokenFacts | None = None
    for document in documents:
        one = read_callback(document, "digest", gate.DESTINATIONS).facts
        assert one
        known = merge_facts(known, one)
    assert known
    return known


@pytest.mark.fuzz
@given(st.lists(facts, min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_any_order_and_repetition_end_alike(seen: list[TokenFacts], random: Any) -> None:
    shuffled = [*seen, *random.choices(seen, k=random.randrange(6))]
    random.shuffle(shuffled)
    assert reduce(merge_facts, shuffled) == reduce(merge_facts, seen)


@pytest.mark.fuzz
@given(facts, facts, facts)
def test_adding_is_a_join(a: TokenFacts, b: TokenFacts, c: TokenFacts) -> None:
    assert merge_facts(a, a) == a
    assert merge_facts(a, b) == merge_facts(b, a)
    assert merge_facts(merge_facts(a, b), c) == merge_facts(a, merge_facts(b, c))


LIFE = (
    gate.of_token("tokenize", "active"),
    gate.of_card("08/30"),
    gate.of_card("08/34"),
    gate.of_payment(),
    gate.of_token("token_revoke", "revoke"),
)


def test_every_order_of_a_token_s_life_ends_alike() -> None:
    ends = {told(*order) for order in itertools.permutations(LIFE)}
    (end,) = ends
    assert end == TokenFacts(
        gate.TOKEN,
        TokenState.REVOKED,
        customer_id="customer_123",
        project_id="123",
        masked_number="424242******4242",
        scheme="visa",
        initials="J*** R***",
        expires="2034-08",
        created_at="2026-11-20T13:30:57Z",
    )


def test_a_late_callback_does_not_undo_a_newer_state() -> None:
    revoked = gate.of_token("token_revoke", "revoke")
    late = gate.of_token("tokenize", "active", token_created_at="2031-01-01 00:00:00")
    assert told(revoked, late).state is TokenState.REVOKED
    expired = gate.of_token(None, "expiry")
    assert told(expired, late).state is TokenState.EXPIRED


def test_a_new_expiry_date_updates_the_token() -> None:
    assert told(gate.of_card("08/27"), gate.of_card("03/31")).expires == "2031-03"
    assert told(gate.of_card("03/31"), gate.of_card("08/27")).expires == "2031-03"
