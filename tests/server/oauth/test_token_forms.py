"""Which texts are taken for a token at all, before any key is looked up."""

import json
from typing import Any

import pytest

from bearer import AUDIENCE, ISSUER, NOW, b64, claims, ec_signer
from forwardc.server.oauth.bearer_tokens import (
    LONGEST,
    InvalidTokenError,
    TokenExpectations,
    check_claims,
    parse_token,
)
from one_rule import one_rule

SIGNER = ec_signer()
EXPECTED = TokenExpectations(ISSUER, AUDIENCE, frozenset({"at+jwt"}), 900, 30)


def token(header: Any = None, body: Any = None, third: str = "c2lnbmF0dXJl") -> str:
    whole = {"alg": "ES256", "typ": "at+jwt", "kid": "one"} if header is None else header
    parts = (json.dumps(one).encode() for one in (whole, claims() if body is None else body))
    return ".".join([*map(b64, parts), third])


def test_what_is_read() -> None:
    found = parse_token(token())
    assert (found.alg, found.kid, found.typ) == ("ES256", "one", "at+jwt")
    assert found.claims == claims()
    assert found.text not in repr(found)
    assert "client_1" not in repr(found)
    bare = parse_token(token({"alg": "ES256"}))
    assert (bare.kid, bare.typ) == (None, None)


@pytest.mark.parametrize("member", ["kid", "typ", "alg"])
@pytest.mark.parametrize("value", [5, 0, True, False, ["one"], {"one": 1}, [], {}, 1.5])
def test_a_member_of_the_header_that_is_no_text(member: str, value: Any) -> None:
    with pytest.raises(InvalidTokenError):
        parse_token(token({"alg": "ES256", "typ": "at+jwt", "kid": "one", member: value}))


def test_an_algorithm_must_be_named() -> None:
    for header in ({"typ": "at+jwt"}, {"alg": None, "typ": "at+jwt"}):
        with pytest.raises(InvalidTokenError):
            parse_token(token(header))


# RFC 7515, section 4.1, RFC 7797 (b64) and RFC 7516, each alone and whatever its value.
@one_rule("member", ["crit", "jwk", "jku", "x5u", "x5c", "b64", "zip", "cty", "enc"])
@one_rule("value", [False, True, None, "", [], ["exp"], {}])
def test_a_member_that_changes_how_it_is_read(member: str, value: Any) -> None:
    with pytest.raises(InvalidTokenError):
        parse_token(token({"alg": "ES256", "typ": "at+jwt", "kid": "one", member: value}))


@pytest.mark.parametrize(
    "text",
    [
        *("", "a", "a.b", "a.b.c", "...", "e30.e30.", "e30.e30.e30.e30", " e30.e30.e30"),
        token(third="a"),
        token(third="ab"),
        token(third="c2lnbmF0dXJl="),
        token(body=[1]),
        token(header=[1]),
        token() + "\n",
        token(body={"x": float("nan")}),
        ".".join([b64(b'{"alg":"ES256","alg":"ES256"}'), b64(b"{}"), "c2ln"]),
        ".".join([b64(b'{"alg":"ES256"}'), b64(b'{"a":{"b":1,"b":1}}'), "c2ln"]),
        ".".join([b64(b'{"alg":"ES256"}'), b64(b"\xff"), "c2ln"]),
        ".".join([b64(b'{"alg":"ES256"}'), b64(b"\xef\xbb\xbf{}"), "c2ln"]),
    ],
    ids=str.__len__,
)
def test_a_text_that_is_no_token(text: str) -> None:
    with pytest.raises(InvalidTokenError):
        parse_token(text)


def test_the_longest_token() -> None:
    room = LONGEST - len(token(body={"x": ""}))
    fits = token(body={"x": "y" * (room * 3 // 4 - 2)})
    assert LONGEST - 4 <= len(fits) <= LONGEST
    assert parse_token(fits)
    with pytest.raises(InvalidTokenError):
        parse_token(token(body={"x": "y" * (room * 3 // 4 + 2)}))


def judged(**changed: Any) -> Any:
    return check_claims(parse_token(token(body=claims(**changed))), EXPECTED, NOW)


@pytest.mark.parametrize(
    "changed",
    [
        {"exp": NOW - 29, "iat": NOW - 600},
        {"exp": NOW - 29.5, "iat": NOW - 600},
        {"iat": NOW + 30, "exp": NOW + 60},
        {"nbf": NOW + 30},
        {"iat": NOW, "exp": NOW + 900},
        {"iat": NOW, "exp": NOW + 1},
        {"nbf": 0},
    ],
    ids=str,
)
def test_both_clock_margins_are_kept(changed: dict[str, Any]) -> None:
    assert judged(**changed).client_id == "client_1"


@pytest.mark.parametrize(
    "changed",
    [
        {"exp": NOW - 30, "iat": NOW - 600},
        {"iat": NOW + 30.5, "exp": NOW + 60},
        {"nbf": NOW + 30.5},
        {"nbf": 0, "iat": NOW + 31, "exp": NOW + 60},
        {"iat": NOW, "exp": NOW + 900.5},
        {"iat": NOW + 5, "exp": NOW + 5},
        {"iat": NOW + 5, "exp": NOW + 4},
        {"iat": -1},
        {"iat": 2e11, "exp": 2e11 + 5},
        {"exp": 1.1e11},
        {"nbf": -0.5},
        {"nbf": False},
        {"nbf": "0"},
        {"iat": True},
        {"exp": [1]},
    ],
    ids=str,
)
def test_neither_margin_is_wider(changed: dict[str, Any]) -> None:
    with pytest.raises(InvalidTokenError):
        judged(**changed)


@pytest.mark.parametrize(
    ("changed", "scope"),
    [
        ({"scope": "a  b "}, {"a", "b"}),
        ({"scope": ""}, set()),
        ({"scope": ["a", 5, None, "b c"]}, {"a", "b c"}),
        ({"scope": {"a": 1}}, set()),
        ({"scope": None, "scp": "a b"}, {"a", "b"}),
        ({"scope": None, "scp": ["a"]}, {"a"}),
        ({"scope": "a", "scp": "b"}, {"a"}),
        ({"scope": None}, set()),
    ],
    ids=range(8),
)
def test_scopes(changed: dict[str, Any], scope: set[str]) -> None:
    assert judged(**changed).scope == scope


@pytest.mark.parametrize(
    ("changed", "client"),
    [
        ({}, "client_1"),
        ({"client_id": "a", "azp": "b", "sub": "c"}, "a"),
        ({"client_id": None, "azp": "b", "sub": "c"}, "b"),
        ({"client_id": None, "sub": "c"}, "c"),
        ({"client_id": "x" * 255}, "x" * 255),
        ({"client_id": "a b"}, "a b"),
    ],
    ids=str,
)
def test_who_calls(changed: dict[str, Any], client: str) -> None:
    assert judged(**changed).client_id == client


@pytest.mark.parametrize("client", ["", " a", "a ", "x" * 256, "é", "a\tb", 5, ["a"], False])
def test_a_caller_without_a_name(client: Any) -> None:
    with pytest.raises(InvalidTokenError):
        judged(client_id=client)


@pytest.mark.parametrize("typ", ["AT+JWT", "application/at+jwt", "Application/AT+jwt"])
def test_a_media_type_may_be_written_whole(typ: str) -> None:
    assert check_claims(parse_token(token({"alg": "ES256", "typ": typ})), EXPECTED, NOW)


def test_a_caller_is_believed_until_the_token_ends() -> None:
    assert judged(exp=NOW + 10.75).expires_at == NOW + 10
