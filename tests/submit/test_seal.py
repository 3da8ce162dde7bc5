"""Which OpenPGP keys are taken, and that gpg reads what was sealed to them."""

import os
import subprocess
from base64 import b64decode
from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from forwardc.compile.review.seal import (
    ExpectedKey,
    KeyRefusedError,
    key_hash,
    read_key,
    recipients,
    seal,
)
from openpgp import LONG_AGO, MADE, Gpg, Made

NOW = MADE + timedelta(days=1)
DOCUMENTED = ExpectedKey("AE863ADA1603150856C0A853A7B203177D034588", "27E4B9436302901A", 4096)


def expected(fingerprint: str, key_id: str | None = None) -> ExpectedKey:
    return ExpectedKey(fingerprint, key_id, 4096)


def refused(data: bytes, wanted: ExpectedKey, now: datetime = NOW) -> str:
    with pytest.raises(KeyRefusedError) as problem:
        read_key(data, wanted, now)
    return str(problem.value)


def test_gpg_opens_what_was_sealed(gpg: Gpg, good: Made) -> None:
    key = read_key(good.public, expected(good.fingerprint, good.key_id), NOW)
    sealed = seal(key, key_hash("the-key"))
    message = b64decode(sealed)
    assert gpg("--decrypt", given=message).decode() == sha256(b"the-key").hexdigest()


def test_gpg_lists_the_one_recipient(gpg: Gpg, good: Made) -> None:
    key = read_key(good.public, expected(good.fingerprint), NOW)
    message = b64decode(seal(key, key_hash("the-key")))
    listed = gpg("--list-only", "--list-packets", given=message).decode()
    assert listed.count(":pubkey enc packet:") == 1
    assert f"version 3, algo 1, keyid {good.key_id}" in listed
    assert [sub[2:5] for sub in gpg.fields("good", "sub")] == [["4096", "1", good.key_id]]
    assert "mdc_method: 2" in listed
    assert recipients(message) == [good.key_id] == [key.key_id]


def test_what_gpg_encrypts_is_read_alike(gpg: Gpg, good: Made) -> None:
    message = gpg("--encrypt", "--trust-model", "always", "-r", good.fingerprint, given=b"x")
    # gpg writes an older form of packet header, which our library never does.
    with pytest.raises(KeyRefusedError):
        recipients(message)


def test_two_sealings_differ(good: Made) -> None:
    key = read_key(good.public, expected(good.fingerprint), NOW)
    assert seal(key, key_hash("a")) != seal(key, key_hash("a"))


def test_the_binary_form_of_a_key_is_taken(gpg: Gpg, good: Made) -> None:
    key = read_key(gpg("--export", "good"), expected(good.fingerprint), NOW)
    assert key.key_id == good.key_id


def test_the_documented_key_is_taken_as_documented(shared: Callable[[str], Path]) -> None:
    data = shared("facts/data/stripe/stripe-forward-api-pgp.asc").read_bytes()
    key = read_key(data, DOCUMENTED, NOW)
    assert (key.fingerprint, key.key_id) == (DOCUMENTED.fingerprint, DOCUMENTED.key_id)
    assert recipients(b64decode(seal(key, key_hash("x")))) == ["27E4B9436302901A"]
    assert len(seal(key, key_hash("x")).replace(b"\n", b"")) == 856


def test_another_key_than_the_documented_is_refused(good: Made) -> None:
    told = refused(good.public, DOCUMENTED)
    assert good.fingerprint in told
    assert DOCUMENTED.fingerprint in told


def test_another_subkey_than_the_documented_is_refused(good: Made) -> None:
    told = refused(good.public, expected(good.fingerprint, "27E4B9436302901A"))
    assert told == f"its encryption subkey is {good.key_id}, not 27E4B9436302901A"


@pytest.mark.parametrize("cut", [0, 1, 100, 700, -40])
def test_a_damaged_file_is_refused(good: Made, cut: int) -> None:
    assert "undamaged" in refused(good.public[:cut], expected(good.fingerprint))


@pytest.mark.parametrize("data", [b"", b"nonsense", b"\xff" * 5000, b"-----BEGIN PGP MESSAGE-----"])
def test_what_is_no_key_is_refused(data: bytes) -> None:
    assert "undamaged" in refused(data, DOCUMENTED)


def test_two_keys_in_a_file_are_refused(gpg: Gpg, good: Made) -> None:
    gpg.make("second", "ed25519", "cert")
    assert "one undamaged" in refused(gpg.public("good", "second"), expected(good.fingerprint))


def test_a_private_key_is_refused(gpg: Gpg, good: Made) -> None:
    private = gpg("--export-secret-keys", "--armor", "good")
    assert "private key" in refused(private, expected(good.fingerprint))


def test_a_key_without_encryption_is_refused(gpg: Gpg) -> None:
    fingerprint = gpg.make("signs", "rsa2048", "cert,sign")
    assert "no encryption subkey" in refused(gpg.public("signs"), expected(fingerprint))


def test_a_primary_key_that_encrypts_is_refused(gpg: Gpg) -> None:
    fingerprint = gpg.make("all", "rsa2048", "cert,sign,encr")
    assert "beside its primary key" in refused(gpg.public("all"), expected(fingerprint))


def test_a_second_key_that_encrypts_is_refused(gpg: Gpg) -> None:
    fingerprint = gpg.make("two", "rsa2048", "cert", "rsa2048 encr never", "rsa2048 encr never")
    assert "2 keys that can encrypt" in refused(gpg.public("two"), expected(fingerprint))


def test_a_smaller_key_is_refused(gpg: Gpg) -> None:
    fingerprint = gpg.make("small", "rsa2048", "cert", "rsa2048 encr never")
    assert "not RSA of 4096 bits" in refused(gpg.public("small"), expected(fingerprint))


def test_a_key_of_another_kind_is_refused(gpg: Gpg) -> None:
    fingerprint = gpg.make("curve", "ed25519", "cert", "cv25519 encr never")
    assert "not RSA" in refused(gpg.public("curve"), expected(fingerprint))


def test_an_expired_key_is_refused_on_the_day(gpg: Gpg) -> None:
    fingerprint = gpg.make("old", "rsa2048", "cert", "rsa2048 encr never")
    gpg("--quick-set-expire", fingerprint, "2d", now=NOW)
    later = NOW + timedelta(days=3)
    assert "it expired on 20" in refused(gpg.public("old"), expected(fingerprint), later)
    assert "not RSA of 4096" in refused(gpg.public("old"), expected(fingerprint), NOW)


def test_an_expired_subkey_is_refused(gpg: Gpg) -> None:
    fingerprint = gpg.make("past", "rsa2048", "cert", "rsa2048 encr 1d", now=LONG_AGO)
    told = refused(gpg.public("past"), expected(fingerprint))
    assert "subkey" in told
    assert "expired on 2020-01-0" in told


def test_a_revoked_key_is_refused(gpg: Gpg) -> None:
    fingerprint = gpg.make("gone", "rsa2048", "cert", "rsa2048 encr never")
    revocation = Path(gpg.home, "openpgp-revocs.d", f"{fingerprint}.rev").read_text("utf-8")
    gpg("--import", given=revocation.replace(":-----BEGIN", "-----BEGIN").encode())
    assert refused(gpg.public("gone"), expected(fingerprint)) == "it is revoked"


def test_a_revoked_subkey_is_refused(gpg: Gpg) -> None:
    fingerprint = gpg.make("half", "rsa2048", "cert", "rsa2048 encr never")
    answers = b"key 1\nrevkey\ny\n0\n\ny\nsave\n"
    subprocess.run(
        [
            *("gpg", "--quiet", "--no-tty", "--passphrase", "", "--pinentry-mode", "loopback"),
            *("--command-fd", "0", "--edit-key", fingerprint),
        ],
        env={**os.environ, "GNUPGHOME": gpg.home},
        input=answers,
        capture_output=True,
        check=True,
    )
    assert "only a revoked one" in refused(gpg.public("half"), expected(fingerprint))


def test_a_key_and_its_hash_are_never_shown(good: Made) -> None:
    hashed = key_hash("the-key")
    assert "***" in f"{hashed} {hashed!r}"
    key = read_key(good.public, expected(good.fingerprint), NOW)
    assert repr(key) == f"SealingKey(fingerprint='{good.fingerprint}', key_id='{good.key_id}')"


@pytest.mark.parametrize(
    "message",
    [
        *(b"", b"\xc1", b"\xc1\x05", b"\xc1\x05\x03", b"\xc1\xc0", b"\x99\x01\x02", b"x" * 99),
        b"\xc1\x0a\x06" + b"\x01" * 9 + b"\xd2\x00",
        b"\xc1\x0a\x03" + b"\x01" * 8 + b"\x12" + b"\xd2\x00",
        b"\xc1\x0a\x03" + b"\x01" * 9,
    ],
)
def test_a_damaged_message_never_passes(message: bytes) -> None:
    with pytest.raises(KeyRefusedError):
        recipients(message)


def test_every_recipient_is_listed() -> None:
    first, second = (b"\xc1\x0a\x03" + bytes([number]) * 8 + b"\x01" for number in (1, 2))
    assert recipients(first + second + b"\xd2\x00") == ["01" * 8, "02" * 8]
