"""The sandbox's JWE against the vectors, and what it refuses."""

import json
from typing import Any

import pytest

from forwardc.sandbox.crypto import jwe
from one_rule import one_rule

OCT = {"kty": "oct", "k": jwe.b64(bytes(range(32)))}
NAMES = ("rfc7520-5.2", "vts-shared-secret", "rsa-oaep-256-a256gcm", "a256gcmkw-a256cbc-hs512")


@pytest.fixture(scope="module")
def vectors(shared: Any) -> dict[str, Any]:
    found = json.loads(shared("vectors/jwe.json").read_text(encoding="utf-8"))["vectors"]
    return {vector["name"]: vector for vector in found}


def test_every_vector_is_tried(vectors: dict[str, Any]) -> None:
    assert set(vectors) == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_vector_opens(vectors: dict[str, Any], name: str) -> None:
    vector = vectors[name]
    opened = jwe.decrypt(vector["compact"], vector["key"])
    assert opened.plaintext.decode() == vector["expected"]["plaintext"]
    for member, value in vector["expected"].get("protected_header", {}).items():
        assert opened.header[member] == value


@pytest.mark.parametrize("name", ["vts-shared-secret", "a256gcmkw-a256cbc-hs512"])
def test_deterministic_vector_is_made_again(vectors: dict[str, Any], name: str) -> None:
    vector = vectors[name]
    draws = iter(bytes.fromhex(vector[f"{part}_hex"]) for part in ("cek", "kek_iv", "content_iv"))
    header = jwe.protected_header(vector["compact"])
    extra = {k: v for k, v in header.items() if k not in ("alg", "enc", "iv", "tag")}
    made = jwe.encrypt(
        vector["expected"]["plaintext"].encode(),
        vector["key"],
        alg=vector["alg"],
        enc=vector["enc"],
        headers=extra,
        random=lambda _: next(draws),
    )
    assert made == vector["compact"]


@pytest.mark.costly
@one_rule("enc", sorted(jwe.ENCS))
@one_rule("alg", jwe.ALGS)
def test_round_trip(vectors: dict[str, Any], alg: str, enc: str) -> None:
    key = OCT if alg == "A256GCMKW" else vectors["rfc7520-5.2"]["key"]
    made = jwe.encrypt("größe".encode(), key, alg=alg, enc=enc, headers={"kid": "k1"})
    opened = jwe.decrypt(made, key)
    assert (opened.plaintext.decode(), opened.header["kid"]) == ("größe", "k1")


def test_padded_key_is_refused_unless_allowed() -> None:
    padded = {"kty": "oct", "k": OCT["k"] + "="}
    with pytest.raises(jwe.JweError):
        jwe.encrypt(b"x", padded, alg="A256GCMKW", enc="A256GCM")
    made = jwe.encrypt(b"x", padded, alg="A256GCMKW", enc="A256GCM", padded_key=True)
    assert jwe.decrypt(made, OCT).plaintext == b"x"


@pytest.mark.parametrize(
    ("key", "alg", "enc", "headers"),
    [
        (OCT, "RSA-OAEP", "A256GCM", {}),
        ({"kty": "oct", "k": jwe.b64(bytes(16))}, "A256GCMKW", "A256GCM", {}),
        ({"kty": "RSA", "e": "AQAB", "n": "your-modulus"}, "RSA-OAEP-256", "A256GCM", {}),
        ({"kty": "RSA", "e": "AQAB", "n": jwe.b64(b"\xc1" * 128)}, "RSA-OAEP", "A256GCM", {}),
        (OCT, "A256GCMKW", "A192CTR", {}),
        (OCT, "A192GCMKW", "A192GCM", {}),
        (OCT, "dir", "A256GCM", {}),
        (OCT, "A256GCMKW", "A256GCM", {"alg": "none"}),
    ],
)
def test_unusable_input_is_refused(
    key: dict[str, str], alg: str, enc: str, headers: dict[str, str]
) -> None:
    with pytest.raises(jwe.JweError):
        jwe.encrypt(b"x", key, alg=alg, enc=enc, headers=headers)


@pytest.mark.parametrize("enc", ["A256GCM", "A128CBC-HS256"])
@pytest.mark.parametrize("part", range(5))
def test_a_changed_message_does_not_open(part: int, enc: str) -> None:
    made = jwe.encrypt(b"x" * 40, OCT, alg="A256GCMKW", enc=enc)
    parts = made.split(".")
    raw = bytearray(jwe.unb64(parts[part]))
    raw[len(raw) // 2] ^= 1
    parts[part] = jwe.b64(bytes(raw))
    with pytest.raises(jwe.JweError):
        jwe.decrypt(".".join(parts), OCT)


@pytest.mark.parametrize("text", ["", "a.b.c.d", "a.b.c.d.e", "e30.e30.e30.e30.e30", "W10...."])
def test_garbage_does_not_open(text: str) -> None:
    with pytest.raises(jwe.JweError):
        jwe.decrypt(text, OCT)
