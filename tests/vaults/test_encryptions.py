"""JWE on both sides: what the compiler lets through, the runtime makes and the sandbox opens."""

import json

import pytest

from forwardc.compile.passes.checks import weak_key
from forwardc.compile.vaults.facts import load
from forwardc.core.terms.functions import FUNCTIONS
from forwardc.sandbox.checkout import template as emulated
from forwardc.sandbox.crypto import jwe

OCT = {"kty": "oct", "k": jwe.b64(bytes(range(32)))}


def test_the_language_and_the_sandbox_know_the_same() -> None:
    assert set(weak_key._ALGORITHMS) == set(jwe.ALGS)
    assert set(jwe.ENCS) == weak_key._ENCRYPTIONS


def test_the_table_of_checkout_and_its_emulator_know_the_same() -> None:
    fact = load("checkout").section("functions")["jwe"]
    assert tuple(fact["algorithms"]) == emulated.ALGS
    assert tuple(fact["encryptions"]) == emulated.ENCS


@pytest.mark.parametrize("enc", sorted(jwe.ENCS))
def test_what_the_runtime_makes_the_sandbox_opens(enc: str) -> None:
    made = FUNCTIONS["jwe"].compute("größe", key=json.dumps(OCT), alg="A256GCMKW", enc=enc)
    assert jwe.decrypt(str(made), OCT).plaintext.decode() == "größe"
