"""Which client stands in for a key, and what a token endpoint's answer means."""

from dataclasses import replace

import pytest

from forwardc.core.terms.values import Secret
from forwardc.plan.model import Credential, Plan
from forwardc.runtime.http.oauth import (
    _CODES,
    AccessTokenError,
    OAuthClient,
    _json,
    _reason,
    _token,
    client_of,
    clients_of,
)

BOTH = {"client_id": Secret("ack_1"), "client_secret": Secret("hush")}


def test_a_client_stands_in_where_the_key_is_not_there(plan: Plan) -> None:
    found = client_of(plan, BOTH, "api_key")
    assert isinstance(found, OAuthClient)
    assert found.scopes == ("forward",)
    assert found.hosts == plan.hosts.vault
    assert client_of(plan, BOTH, "api_key", ["a", "b"]) is not None
    other = client_of(plan, BOTH, "api_key", ["a", "b"])
    assert other is not None
    assert other.scopes == ("a", "b")
    nothing = client_of(plan, BOTH, "api_key", [])
    assert nothing is not None
    assert nothing.scopes == ()


def test_a_key_that_is_there_is_taken(plan: Plan) -> None:
    assert client_of(plan, {**BOTH, "api_key": Secret("sk")}, "api_key") is None


def test_a_credential_that_nobody_knows_or_that_nothing_stands_in_for(plan: Plan) -> None:
    assert client_of(plan, BOTH, "another") is None
    alone = replace(plan, credentials={"api_key": Credential()})
    assert client_of(alone, BOTH, "api_key") is None
    assert clients_of(alone, {}) == {}


@pytest.mark.parametrize(
    "held",
    [
        {},
        {"client_id": Secret("a")},
        {"client_secret": Secret("a")},
        {"client_id": "a", "client_secret": Secret("a")},
        {"client_id": Secret("a"), "client_secret": "a"},
        {"client_id": Secret("a"), "client_secret": None},
    ],
    ids=range(6),
)
def test_half_a_client_is_none(plan: Plan, held: dict[str, object]) -> None:
    assert client_of(plan, held, "api_key") is None


def test_the_clients_of_a_run_ask_for_more_where_a_question_needs_it(plan: Plan) -> None:
    mixed = {**plan.credentials, "other": Credential()}
    plan = replace(plan, credentials=mixed)
    values = {f"vault.{name}": value for name, value in BOTH.items()} | {"params.client_id": "x"}
    found = clients_of(plan, values, ["vault:instruments"])
    assert list(found) == ["vault.api_key"]
    assert found["vault.api_key"].scopes == ("forward", "vault:instruments")
    assert clients_of(plan, {**values, "vault.api_key": Secret("sk")}) == {}
    assert clients_of(plan, {}) == {}


@pytest.mark.parametrize("code", sorted(_CODES))
def test_a_code_of_the_rfc_is_told(code: str) -> None:
    assert _reason(400, {"error": code}).endswith(f"({code})")


def test_the_codes_are_those_of_the_rfc() -> None:
    # RFC 6749, section 5.2.
    assert set(_CODES) == {
        *("invalid_request", "invalid_client", "invalid_grant"),
        *("unauthorized_client", "unsupported_grant_type", "invalid_scope"),
    }


@pytest.mark.parametrize("error", [None, "hush", "", 5, ["invalid_client"], {"a": 1}, True])
def test_no_other_word_of_the_vault_is_told(error: object) -> None:
    assert _reason(418, {"error": error}) == "the vault answered 418"


GOOD = {"access_token": "abcdefgh", "token_type": "Bearer", "expires_in": 100}


def test_a_token_is_renewed_before_it_ends() -> None:
    assert _token(GOOD, 1000.0).renew_at == 1050
    assert _token({**GOOD, "expires_in": 3600}, 1000.0).renew_at == 4540
    assert _token({**GOOD, "expires_in": 10**9}, 1000.0).renew_at == 1000 + 86_400 - 60
    assert _token({**GOOD, "token_type": "bEARER"}, 0.0).value.reveal() == "abcdefgh"


@pytest.mark.parametrize(
    "changed",
    [
        *(
            {"access_token": text}
            for text in ("", "short", "a" * 8193, "has a space", "a\nbcdefgh")
        ),
        *({"access_token": odd} for odd in (None, 5, ["abcdefgh"], "=abcdefgh", "abcdefgh=x")),
        *({"token_type": odd} for odd in (None, "", "mac", "Bearer ", 5, ["Bearer"])),
    ],
    ids=range(16),
)
def test_what_is_no_token(changed: dict[str, object]) -> None:
    with pytest.raises(AccessTokenError):
        _token({**GOOD, **changed}, 0.0)


@pytest.mark.parametrize(
    ("body", "read"),
    [
        (b'{"a": 12}', {"a": 12}),
        (b'{"a": ' + b"9" * 999 + b"}", {"a": int("9" * 999)}),
        (b'{"a": ' + b"9" * 5000 + b"}", {"a": float("inf")}),
        (b"[1]", {}),
        (b"no", {}),
        (b"\xff", {}),
        (b"[" * 100_000, {}),
    ],
    ids=range(7),
)
def test_what_is_no_object_says_nothing(body: bytes, read: dict[str, object]) -> None:
    found = _json(body)
    assert found == read
    assert [type(value) for value in found.values()] == [type(value) for value in read.values()]
