"""Which bearer tokens are believed; every other one is refused in the words of RFC 6750."""

import asyncio
import cProfile
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from bearer import AUDIENCE, ISSUER, NOW, Signer, Time, b64, claims, ec_signer, hmac_token, joined
from forwardc.server.http.problems import ProblemError, ProblemKind
from forwardc.server.oauth.bearer_tokens import LONGEST, Caller, TokenExpectations, TokenGate
from forwardc.server.oauth.verification_keys import (
    KeysUnavailableError,
    VerificationKey,
    read_verification_key,
)

ALGORITHMS = ("ES256", "ES384", "RS256", "PS256", "EdDSA")
SIGNER = ec_signer()
OTHER = ec_signer()
PUBLIC = SIGNER.key.public_key()


@dataclass
class Known:
    """Keys that a test gives."""

    keys: Sequence[VerificationKey] = ()
    asked: int = 0
    down: bool = False

    async def candidates(self, kid: str | None) -> Sequence[VerificationKey]:
        self.asked += 1
        if self.down:
            raise KeysUnavailableError
        return [key for key in self.keys if kid is None or key.kid == kid]


@dataclass
class Blacklist:
    ids: set[str] = field(default_factory=set)
    down: bool = False

    async def refresh(self) -> None:
        if self.down:
            raise KeysUnavailableError

    def holds(self, client_id: str) -> bool:
        return client_id in self.ids


def gate_for(*signers: Signer, clock: Time | None = None, **changed: Any) -> TokenGate:
    expected = TokenExpectations(ISSUER, AUDIENCE, frozenset({"at+jwt"}), 900, 30)
    pinned = [read_verification_key(signer.jwk(), ALGORITHMS) for signer in signers]
    keys = Known([key for key in pinned if key is not None])
    return TokenGate(replace(expected, **changed), keys, "payment-sharing", clock=clock or Time())


def ask(gate: TokenGate, token: str) -> Caller:
    return asyncio.run(gate.caller(f"Bearer {token}"))


def refusal(gate: TokenGate, header: str | None) -> ProblemError:
    with pytest.raises(ProblemError) as caught:
        asyncio.run(gate.caller(header))
    return caught.value


def test_a_good_token_names_its_caller() -> None:
    found = ask(gate_for(SIGNER), SIGNER.token(claims()))
    assert found == Caller("client_1", frozenset({"payment-sharing"}), NOW + 600)


GOOD = {
    "audience in a list": SIGNER.token(claims(aud=["other", AUDIENCE])),
    "scp as a list": SIGNER.token(claims(scope=None, scp=["payment-sharing", "more"])),
    "scp as a text": SIGNER.token(claims(scope=None, scp="more payment-sharing")),
    "azp": SIGNER.token(claims(client_id=None, azp="client_1", sub="a user")),
    "sub": SIGNER.token(claims(client_id=None)),
    "whole type": SIGNER.token(claims(), typ="application/AT+JWT"),
    "thumbprint of a certificate": SIGNER.token(claims(), x5t="abc"),
    "just expired": SIGNER.token(claims(iat=NOW - 620, exp=NOW - 20)),
    "a clock that is ahead": SIGNER.token(claims(iat=NOW + 20, nbf=NOW + 20)),
    "fractions of seconds": SIGNER.token(claims(iat=NOW - 1.5, exp=NOW + 10.25)),
    "without a key's id": SIGNER.token(claims(), kid=None),
    "as long as is allowed": SIGNER.token(claims(iat=NOW, exp=NOW + 900)),
}


@pytest.mark.parametrize("name", GOOD)
def test_what_is_believed(name: str) -> None:
    assert ask(gate_for(SIGNER, OTHER), GOOD[name]).client_id == "client_1"


_SIGNED = SIGNER.token(claims())
_HEADER, _BODY, _SIGNATURE = _SIGNED.split(".")
_PEM = PUBLIC.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
# 64 bytes end in a character with four bits that do not count.
_NEXT = {"A": "B", "Q": "R", "g": "h", "w": "x"}[_SIGNED[-1]]
_DER = SIGNER.key.sign(f"{_HEADER}.{_BODY}".encode(), ec.ECDSA(hashes.SHA256()))
_DEEP = b64(b'{"a":' * 500 + b"1" + b"}" * 500)
_TWICE = b64(b'{"alg":"ES256","typ":"at+jwt","kid":"one","alg":"ES256"}')
BAD = {
    "expired": SIGNER.token(claims(iat=NOW - 700, exp=NOW - 31)),
    "not valid yet": SIGNER.token(claims(nbf=NOW + 31)),
    "issued in the future, and valid before": SIGNER.token(claims(iat=NOW + 31, nbf=NOW)),
    "nbf as a truth value": SIGNER.token(claims(nbf=True)),
    "a second spelling of its signature": _SIGNED[:-1] + _NEXT,
    "issued in the future": SIGNER.token(claims(iat=NOW + 31)),
    "for another audience": SIGNER.token(claims(aud="other")),
    "for other audiences": SIGNER.token(claims(aud=["other", "forwardc2"])),
    "an audience within an audience": SIGNER.token(claims(aud=f"{AUDIENCE}-other")),
    "an audience that is an object": SIGNER.token(claims(aud={AUDIENCE: 1})),
    "of another issuer": SIGNER.token(claims(iss="https://evil.example")),
    "of an issuer with a slash more": SIGNER.token(claims(iss=ISSUER + "/")),
    "too long-lived": SIGNER.token(claims(iat=NOW, exp=NOW + 901)),
    "backdated to seem short-lived": SIGNER.token(claims(iat=NOW + 10, exp=NOW + 5)),
    "without exp": SIGNER.token(claims(exp=None)),
    "without iat": SIGNER.token(claims(iat=None)),
    "without aud": SIGNER.token(claims(aud=None)),
    "without iss": SIGNER.token(claims(iss=None)),
    "exp as text": SIGNER.token(claims(exp=str(NOW + 60))),
    "exp as a truth value": SIGNER.token(claims(exp=True)),
    "exp without end": SIGNER.token(claims(exp=float("inf"))),
    "exp that is not a number": SIGNER.token(claims(exp=float("nan"))),
    "nbf as null": joined(
        {"alg": "ES256", "typ": "at+jwt", "kid": "one"}, {**claims(), "nbf": None}, SIGNER.sign
    ),
    "without a client": SIGNER.token(claims(client_id=None, sub=None)),
    "a client of two lines": SIGNER.token(claims(client_id="a\nb")),
    "a client that is a number": SIGNER.token(claims(client_id=5)),
    "of another type": SIGNER.token(claims(), typ="JWT"),
    "an identity's": SIGNER.token(claims(), typ="logout+jwt"),
    "without a type": SIGNER.token(claims(), typ=None),
    "unsigned": f"{b64(json.dumps({'alg': 'none', 'typ': 'at+jwt'}).encode())}.{_BODY}.",
    "none with a signature": joined(
        {"alg": "none", "typ": "at+jwt", "kid": "one"}, claims(), SIGNER.sign
    ),
    "None, spelled otherwise": joined(
        {"alg": "nOnE", "typ": "at+jwt", "kid": "one"}, claims(), lambda _: b"x"
    ),
    "HS256 with the public key as PEM": hmac_token(claims(), _PEM, kid="one"),
    "HS256 with the public key as JWK": hmac_token(
        claims(), json.dumps(SIGNER.jwk()).encode(), kid="one"
    ),
    "HS256 with a coordinate": hmac_token(claims(), SIGNER.jwk()["x"].encode()),
    "HS256 with nothing": hmac_token(claims(), b"", kid="one"),
    "ES384 for a key of ES256": SIGNER.token(claims(), alg="ES384"),
    "RS256 for a key of ES256": SIGNER.token(claims(), alg="RS256"),
    "of another key": Signer(OTHER.key, "ES256", {"kid": "one"}).token(claims()),
    "of an unknown key": SIGNER.token(claims(), kid="two"),
    "with its own key": SIGNER.token(claims(), jwk=SIGNER.jwk()),
    "with its own keys' address": SIGNER.token(claims(), jku="https://evil.example/jwks"),
    "with its own certificate's address": SIGNER.token(claims(), x5u="https://evil.example"),
    "with its own certificate": SIGNER.token(claims(), x5c=["AA=="]),
    "critical": SIGNER.token(claims(), crit=["exp"]),
    "not encoded": SIGNER.token(claims(), b64=False, crit=["b64"]),
    "compressed": SIGNER.token(claims(), zip="DEF"),
    "truncated": _SIGNED[:-1],
    "truncated by a block": _SIGNED[:-4],
    "without its signature": f"{_HEADER}.{_BODY}.",
    "two parts": f"{_HEADER}.{_BODY}",
    "five parts": f"{_SIGNED}.{_BODY}.{_SIGNATURE}",
    "padded": f"{_SIGNED}==",
    "with a signature in DER": f"{_HEADER}.{_BODY}.{b64(_DER)}",
    "of zeros": f"{_HEADER}.{_BODY}.{b64(bytes(64))}",
    "with another body": f"{_HEADER}.{b64(json.dumps(claims(scope='dashboard-admin')).encode())}"
    f".{_SIGNATURE}",
    "a name twice": f"{_TWICE}.{_BODY}.{b64(SIGNER.sign(f'{_TWICE}.{_BODY}'.encode()))}",
    "a list": joined({"alg": "ES256", "typ": "at+jwt", "kid": "one"}, [1], SIGNER.sign),
    "deep": f"{_HEADER}.{_DEEP}.{b64(SIGNER.sign(f'{_HEADER}.{_DEEP}'.encode()))}",
    "a header that is a number": f"{b64(b'5')}.{_BODY}.{_SIGNATURE}",
    "a type that is a number": SIGNER.token(claims(), typ=5),
    "too long": SIGNER.token(claims(more="x" * LONGEST)),
    "not ASCII": _SIGNED[:-1] + "é",
    "with a line break": _SIGNED[:9] + "\n" + _SIGNED[9:],
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_refused(name: str) -> None:
    gate = gate_for(SIGNER)
    found = refusal(gate, f"Bearer {BAD[name]}")
    assert found.kind is ProblemKind.INVALID_TOKEN
    challenge = found.headers["WWW-Authenticate"]
    assert challenge.startswith('Bearer realm="forwardc", error="invalid_token"')
    assert challenge.isascii()
    # Nothing of the token comes back, and nothing of it is remembered.
    told = json.dumps(found.document()) + challenge
    assert not [part for part in BAD[name].split(".") if len(part) > 12 and part in told]
    assert refusal(gate, f"Bearer {BAD[name]}").kind is ProblemKind.INVALID_TOKEN


# Named: a token that is signed anew in each process would give its tests another id there.
@pytest.mark.parametrize(
    "header",
    [None, "", "Bearer", "Bearer ", "Basic YTpi", _SIGNED],
    ids=["none", "empty", "no token", "a space", "basic", "no scheme"],
)
def test_without_a_token_no_error_is_named(header: str | None) -> None:
    found = refusal(gate_for(SIGNER), header)
    assert found.kind is ProblemKind.INVALID_TOKEN
    assert found.headers["WWW-Authenticate"] == 'Bearer realm="forwardc"'


@pytest.mark.parametrize("scope", ["dashboard-viewer", "", "payment-sharing2", "Payment-Sharing"])
def test_without_the_scope_a_call_is_forbidden(scope: str) -> None:
    found = refusal(gate_for(SIGNER), f"Bearer {SIGNER.token(claims(scope=scope))}")
    assert found.kind is ProblemKind.INSUFFICIENT_SCOPE
    challenge = found.headers["WWW-Authenticate"]
    assert 'error="insufficient_scope", scope="payment-sharing"' in challenge


def test_the_type_may_be_jwt_or_left_out_where_another_issuer_writes_it_so() -> None:
    gate = gate_for(SIGNER, types=frozenset({"at+jwt", "jwt", None}))
    for typ in ("JWT", None, "at+jwt"):
        assert ask(gate, SIGNER.token(claims(jti=str(typ)), typ=typ))
    assert refusal(gate, f"Bearer {SIGNER.token(claims(), typ='dpop+jwt')}")


RSA = rsa.generate_private_key(65537, 2048)


@pytest.mark.parametrize(
    "signer",
    [
        Signer(ec.generate_private_key(ec.SECP384R1()), "ES384", {"kid": "a"}),
        Signer(ed25519.Ed25519PrivateKey.generate(), "EdDSA", {"kid": "a"}),
        Signer(RSA, "RS256", {"kid": "a"}),
        Signer(RSA, "PS256", {"kid": "a", "alg": "PS256", "use": "sig", "key_ops": ["verify"]}),
    ],
    ids=lambda signer: signer.alg,
)
def test_every_allowed_algorithm_is_understood(signer: Signer) -> None:
    assert ask(gate_for(signer), signer.token(claims()))
    assert refusal(gate_for(signer), f"Bearer {signer.token(claims())[:-4]}AAAA")


def test_a_key_of_one_rsa_algorithm_serves_no_other() -> None:
    gate = gate_for(Signer(RSA, "RS256", {"kid": "a", "alg": "RS256"}))
    token = Signer(RSA, "PS256", {"kid": "a"}).token(claims())
    assert refusal(gate, f"Bearer {token}").kind is ProblemKind.INVALID_TOKEN


@pytest.mark.parametrize(
    "jwk",
    [
        {"kty": "oct", "k": b64(b"x" * 32), "kid": "one"},
        {"kty": "oct", "k": b64(b"x" * 32), "kid": "one", "alg": "ES256"},
        {**SIGNER.jwk(), "alg": "HS256"},
        {**SIGNER.jwk(), "alg": "none"},
        {**SIGNER.jwk(), "use": "enc"},
        {**SIGNER.jwk(), "key_ops": ["sign"]},
        {**SIGNER.jwk(), "x": b64(bytes(32))},
        {**SIGNER.jwk(), "crv": "secp256k1"},
        {**SIGNER.jwk(), "kid": 5},
        {**SIGNER.jwk(), "x": 5},
        {"kty": "RSA", "n": b64(b"\xff" * 128), "e": "AQAB"},
        {"kty": "RSA"},
        {"kty": ["EC"], "crv": ["P-256"]},
        {},
    ],
    ids=range(14),
)
def test_a_key_that_is_not_for_this_is_no_key(jwk: dict[str, Any]) -> None:
    assert read_verification_key(jwk, ALGORITHMS) is None


def test_an_algorithm_that_is_not_allowed_has_no_key() -> None:
    assert read_verification_key(SIGNER.jwk(), ("RS256",)) is None


def test_a_believed_token_is_used_again_until_it_expires() -> None:
    clock = Time()
    gate = gate_for(SIGNER, clock=clock)
    token = SIGNER.token(claims())
    ask(gate, token)
    clock.now += 629
    ask(gate, token)
    assert gate.keys.asked == 1
    clock.now += 1
    assert refusal(gate, f"bearer  {token}").kind is ProblemKind.INVALID_TOKEN


def test_a_believed_token_costs_next_to_nothing() -> None:
    gate = gate_for(SIGNER)
    header = f"Bearer {SIGNER.token(claims())}"

    async def functions() -> tuple[int, int]:
        counts = []
        for _ in range(2):
            with cProfile.Profile() as profile:
                await gate.caller(header)
            counts.append(sum(entry.callcount for entry in profile.getstats()))
        first, again = counts
        return first, again

    first, again = asyncio.run(functions())
    # 1,017 and 18 when this was written.
    assert 20 * again < first


def test_what_is_remembered_is_bounded_and_holds_no_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("forwardc.server.oauth.bearer_tokens._MOST_REMEMBERED", 3)
    gate = gate_for(SIGNER)
    tokens = [SIGNER.token(claims(jti=str(number))) for number in range(5)]
    for token in tokens:
        ask(gate, token)
    assert len(gate._believed) == 3
    assert not [token for token in tokens if token in repr(gate)]
    assert not [key for key in gate._believed if len(key) != 32]


def test_a_revoked_client_is_refused_with_a_token_that_was_believed() -> None:
    listed = Blacklist()
    gate = replace(gate_for(SIGNER), revocations=listed)
    token = SIGNER.token(claims())
    ask(gate, token)
    listed.ids.add("client_1")
    assert refusal(gate, f"Bearer {token}").kind is ProblemKind.INVALID_TOKEN


@pytest.mark.parametrize("part", ["keys", "revocations"])
def test_what_cannot_be_checked_is_unavailable_and_not_believed(part: str) -> None:
    gate = gate_for(SIGNER)
    gate.keys.down = part == "keys"
    gate.revocations = Blacklist(down=part == "revocations")
    found = refusal(gate, f"Bearer {_SIGNED}")
    assert found.kind is ProblemKind.UNAVAILABLE
    assert int(found.headers["Retry-After"]) > 0


def test_an_expired_token_makes_nobody_ask_for_keys() -> None:
    gate = gate_for(SIGNER)
    refusal(gate, f"Bearer {BAD['expired']}")
    assert gate.keys.asked == 0
