"""References that can be guessed are found out, and random ones are let through."""

import random
import string
from collections.abc import Callable
from uuid import UUID, uuid1

import pytest

from forwardc.server.directory.guessable_references import low_entropy_reason
from one_rule import one_rule

RANDOM = random.Random(20261120)  # noqa: S311 - the same in every run


def text(length: int, alphabet: str) -> str:
    return "".join(RANDOM.choices(alphabet, k=length))


MAKERS: dict[str, tuple[Callable[[int], str], str | None]] = {
    "uuid4": (lambda _: str(UUID(int=RANDOM.getrandbits(128), version=4)), None),
    "16 hex": (lambda _: text(20, "0123456789abcdef"), None),
    "url-safe": (lambda _: "pay_" + text(16, string.ascii_letters + string.digits + "-_"), None),
    "20 digits": (lambda _: "ORDER-" + text(20, string.digits), None),
    "ulid": (lambda at: f"01JD{at:06d}" + text(16, "0123456789ABCDEFGHJKMNPQRSTVWXYZ"), None),
    "order": (lambda at: f"ORDER_{67890 + at}", "count up"),
    "order and year": (lambda at: f"ORDER_{67890 + at}/2026", "count up"),
    "every tenth": (lambda at: str(10_000_000 + 10 * at), "count up"),
    "thinned": (lambda _: f"O{RANDOM.randrange(10**9, 10**10)}", "bits of them differ"),
    "short": (lambda _: text(8, string.ascii_letters + string.digits), "bits of them differ"),
    "milliseconds": (lambda at: str(1_763_600_000_000 + at * 86_400_017), "bits of them differ"),
    "uuid1": (lambda at: str(uuid1(node=5, clock_seq=at)), "version 4"),
}


@one_rule("count", [2, 3, 20, 64, 1_000])
@one_rule("kind", MAKERS)
def test_references_are_judged_by_how_they_differ(kind: str, count: int) -> None:
    make, expected = MAKERS[kind]
    references = [make(at) for at in range(count)]
    reason = low_entropy_reason(references)
    if expected is None:
        assert reason is None
    else:
        assert reason is not None
        assert expected in reason or "bits of them differ" in reason
        assert not [one for one in references if one in reason]


def test_an_object_id_with_its_time_and_counter_is_guessable_once_enough_are_seen() -> None:
    made = [f"{0x69000000 + 37 * at:08x}a1b2c3d4e5{0x123456 + at:06x}" for at in range(200)]
    assert "bits of them differ" in (low_entropy_reason(made) or "")


@pytest.mark.parametrize(
    ("reference", "guessable"),
    [
        ("ORDER_67890", True),
        ("CODE1234", True),
        ("test", True),
        ("0b6f6c0e-3f0e-4a57-9d4a-6d1d0c1d7a55", False),
        ("9f86d081884c7d659a2feaa0", False),
    ],
)
def test_a_single_reference_is_judged_by_its_form(reference: str, guessable: bool) -> None:
    assert (low_entropy_reason([reference]) is not None) is guessable


def test_nothing_is_said_of_nothing() -> None:
    assert low_entropy_reason([]) is None


def test_one_short_reference_among_random_ones_is_told() -> None:
    make, _ = MAKERS["uuid4"]
    assert low_entropy_reason([*(make(at) for at in range(50)), "demo"]) is not None


def test_repetitions_are_one_reference() -> None:
    assert low_entropy_reason(["0b6f6c0e-3f0e-4a57-9d4a-6d1d0c1d7a55"] * 100) is None
