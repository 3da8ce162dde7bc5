"""Recorded answers open for their share only, with a key that the server still has."""

import pytest

from forwardc.server.payment_sharing.answer import CannotDecryptError, ReplayCipher

OLD, NEW = b"o" * 32, b"n" * 32
PLAIN = b'{"status":200,"body":"whisper"}'


def test_an_encrypted_answer_opens_for_its_payment_only() -> None:
    sealer = ReplayCipher((NEW,))
    sealed = sealer.encrypt(PLAIN, "share-1")
    assert "whisper" not in sealed
    assert sealer.open(sealed, "share-1") == PLAIN
    with pytest.raises(CannotDecryptError):
        sealer.open(sealed, "share-2")


def test_two_seals_of_the_same_differ() -> None:
    sealer = ReplayCipher((NEW,))
    assert sealer.encrypt(PLAIN, "share-1") != sealer.encrypt(PLAIN, "share-1")


def test_the_first_key_seals_and_every_key_opens() -> None:
    old = ReplayCipher((OLD,)).encrypt(PLAIN, "share-1")
    both = ReplayCipher((NEW, OLD))
    assert both.open(old, "share-1") == PLAIN
    assert ReplayCipher((NEW,)).open(both.encrypt(PLAIN, "share-1"), "share-1") == PLAIN
    with pytest.raises(CannotDecryptError):
        ReplayCipher((NEW,)).open(old, "share-1")


@pytest.mark.parametrize("text", ["", "1.", "1.AAAA", "2.AAAA", "1.!", "1.é", "x" * 100])
def test_no_seal(text: str) -> None:
    with pytest.raises(CannotDecryptError):
        ReplayCipher((NEW,)).open(text, "share-1")


def test_every_changed_character_is_noticed() -> None:
    sealer = ReplayCipher((NEW,))
    # Of three lengths, so that the last character has bits that count for nothing, and has none.
    for plain in (b"x", b"xy", b"xyz"):
        sealed = sealer.encrypt(plain, "share-1")
        for at, character in enumerate(sealed):
            for (
                other
            ) in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=".replace(
                character, ""
            ):
                with pytest.raises(CannotDecryptError):
                    sealer.open(sealed[:at] + other + sealed[at + 1 :], "share-1")


@pytest.mark.parametrize("keys", [(), (b"short",), (NEW, b"x" * 31)])
def test_keys_of_another_size(keys: tuple[bytes, ...]) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        ReplayCipher(keys)


def test_keys_are_not_shown() -> None:
    assert "nnn" not in repr(ReplayCipher((NEW,)))
