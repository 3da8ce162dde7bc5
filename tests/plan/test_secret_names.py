"""One variable, one secret: over all names that files may have."""

import re
from string import ascii_uppercase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forwardc.plan.environment import is_name, place_of
from forwardc.plan.secret_names import (
    SecretId,
    identity,
    identity_at,
    is_old,
    is_short,
    without_secrets,
)

# Few letters and few parts, so that names of one secret are often made of those of another.
NAMES = (
    st.lists(st.text("ab1", min_size=1, max_size=2), min_size=1, max_size=3)
    .map("_".join)
    .filter(lambda text: not text[0].isdigit())
)
IDENTITIES = st.builds(
    SecretId, st.sampled_from(["secret", "vault"]), NAMES, st.just("") | NAMES, NAMES, NAMES
)


def test_names_of_variables() -> None:
    known = SecretId("secret", "sandbox", "", "adyen", "adyen_api_key")
    assert known.variable == "FORWARDC_SECRET__SANDBOX__ADYEN__ADYEN_API_KEY"
    of_account = SecretId("vault", "production", "us", "stripe", "api_key")
    assert of_account.variable == "FORWARDC_VAULT__PRODUCTION__US__STRIPE__API_KEY"


def test_what_two_destinations_once_shared_is_parted() -> None:
    one = SecretId("secret", "sandbox", "", "adyen_adyen", "api_key")
    other = SecretId("secret", "sandbox", "", "adyen", "adyen_api_key")
    assert one.old_variable == other.old_variable
    assert one.variable != other.variable


@given(IDENTITIES, IDENTITIES)
def test_two_secrets_never_share_a_variable(one: SecretId, other: SecretId) -> None:
    assert (one.variable == other.variable) == (one == other)


@given(IDENTITIES)
def test_a_variable_says_whose_it_is(one: SecretId) -> None:
    assert identity(one.variable) == one
    assert not is_old(one.variable)
    assert is_old(one.old_variable)
    # A shell can set it.
    assert re.fullmatch(r"[A-Z][A-Z0-9_]*", one.variable)


@given(IDENTITIES)
def test_a_table_of_a_place_gives_the_rest_of_the_name(one: SecretId) -> None:
    assert identity_at(place_of(one.environment, one.account), one.every_variable) == one
    assert is_short(one.every_variable)
    assert not is_short(one.variable)
    assert identity(one.every_variable) is None


@given(st.text(ascii_uppercase[:3] + "_", max_size=14), st.sampled_from(["SECRET", "VAULT"]))
def test_every_variable_that_is_read_is_that_of_its_identity(rest: str, kind: str) -> None:
    variable = f"FORWARDC_{kind}_{rest}"
    known = identity(variable)
    assert known is None or known.variable == variable


@pytest.mark.parametrize(
    "text", ["", "a__b", "_a", "a_", "A", "a-b", "1a", "a.b", "a b", "ä", "a\n", "a" * 65]
)
def test_no_name(text: str) -> None:
    assert not is_name(text)


@pytest.mark.parametrize(
    "variable",
    [
        "FORWARDC_SECRET__SHOP__KEY",
        "FORWARDC_SECRET__SANDBOX__US__SHOP__KEY__EXTRA",
        "FORWARDC_SECRET__SANDBOX___SHOP__KEY",
        "FORWARDC_SECRET__SANDBOX__SHOP__KEY_",
        "FORWARDC_SECRET__sandbox__SHOP__KEY",
        "FORWARDC_TOKEN__SANDBOX__SHOP__KEY",
        "FORWARDC_SECRET__SANDBOX__SHOP__KEY\n",
        "FORWARDC_SECRETS",
    ],
)
def test_a_variable_of_another_form_is_nobodys(variable: str) -> None:
    assert identity(variable) is None
    assert not is_old(variable)


def test_a_program_that_is_started_gets_no_secret() -> None:
    ours = (
        "FORWARDC_SECRET_A_B",
        "FORWARDC_SECRET__SANDBOX__A__B",
        "FORWARDC_VAULT__SANDBOX__A__B",
    )
    environ = dict.fromkeys((*ours, "PATH", "FORWARDC_HISTORY"), "x")
    assert set(without_secrets(environ)) == {"PATH", "FORWARDC_HISTORY"}
