"""Tables of environments and accounts in a secrets file, and places in references."""

import json
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forwardc.core.diagnostics.sink import Sink
from forwardc.plan.secret_names import SecretId, identity_at
from forwardc.runtime.secret_providers import secrets_file
from forwardc.runtime.secret_providers.provider import SecretReference
from forwardc.runtime.secret_providers.resolver import ProviderResolver
from forwardc.runtime.secret_providers.secrets_file import SecretBindings, read_secrets_file
from forwardc.runtime.secret_providers.variable_names import check_variable_names

RAW = "hush-hush-1234"
Written = Callable[..., Path]
NAMES = st.text("ab1", min_size=1, max_size=3).filter(lambda text: not text[0].isdigit())
STRIPE = "FORWARDC_VAULT__STRIPE__API_KEY"
TABLES = """
FORWARDC_SECRET__SANDBOX__SHOP__KEY = "flat"

[from]
FORWARDC_VAULT__CHECKOUT__CLIENT_ID = "vault:secret/data/{env}/checkout#client_id"
FORWARDC_VAULT__CHECKOUT__CLIENT_SECRET = "vault:secret/data/{env}/{account}/checkout#secret"

[production]
FORWARDC_VAULT__STRIPE__API_KEY = "live"

[production.from]
FORWARDC_SECRET__SHOP__KEY = "env:SHOP_{env}"

["production@us"]
FORWARDC_VAULT__STRIPE__API_KEY = "live in the US"
"""


def vault(environment: str, account: str, owner: str, name: str) -> str:
    return SecretId("vault", environment, account, owner, name).variable


@pytest.mark.parametrize("suffix", ["toml", "json"])
def test_a_table_leaves_the_environment_out(written: Written, suffix: str) -> None:
    import tomllib

    text = TABLES if suffix == "toml" else json.dumps(tomllib.loads(TABLES))
    sink = Sink()
    found = read_secrets_file(written(text, f"secrets.{suffix}"), sink)
    assert sink.sorted() == []
    assert {name: str(value.reveal()) for name, value in found.values.items()} == {
        "FORWARDC_SECRET__SANDBOX__SHOP__KEY": "flat",
        "FORWARDC_VAULT__PRODUCTION__STRIPE__API_KEY": "live",
        "FORWARDC_VAULT__PRODUCTION__US__STRIPE__API_KEY": "live in the US",
    }
    assert found.references == {
        "FORWARDC_SECRET__PRODUCTION__SHOP__KEY": SecretReference("env", "SHOP_production")
    }


def test_a_reference_for_every_environment_has_the_place_in_it(written: Written) -> None:
    found = read_secrets_file(written(TABLES), Sink())

    def place(environment: str, account: str, name: str) -> str | None:
        reference = found.reference(vault(environment, account, "checkout", name))
        return reference.place if reference else None

    assert place("staging", "", "client_id") == "secret/data/staging/checkout#client_id"
    assert place("production", "", "client_secret") == "secret/data/production/checkout#secret"
    assert place("production", "us", "client_secret") == "secret/data/production/us/checkout#secret"
    # It asks for no account, so that it is not that of one.
    assert place("production", "us", "client_id") is None
    assert found.reference(vault("production", "", "stripe", "api_key")) is None


def test_the_place_is_asked_for_at_the_source(written: Written, tmp_path: Path) -> None:
    (tmp_path / "eu").mkdir()
    for where, value in (("eu", "of eu"), ("eu/us", "of us")):
        (tmp_path / where).mkdir(exist_ok=True)
        (tmp_path / where / "key.txt").write_text(value)
    path = written('[from]\nFORWARDC_VAULT__STRIPE__API_KEY = "file:{env}/{account}/key.txt"\n')
    look_up = ProviderResolver({}, read_secrets_file(path, Sink()))
    assert look_up(vault("eu", "", "stripe", "api_key")) == "of eu"
    assert look_up(vault("eu", "us", "stripe", "api_key")) == "of us"
    assert look_up("HOME") is None


@given(NAMES, st.just("") | NAMES, NAMES, st.just("") | NAMES)
def test_two_places_never_share_a_reference(a: str, b: str, c: str, d: str) -> None:
    for text in (
        "vault:secret/data/{env}/{account}/x#k",
        "vault:secret/data/{account}/{env}#k",
        "exec:pass show a{env}/{account}",
        "aws:x/{account}-{env}",
        "aws:{env}{env}/{account}",
    ):
        if secrets_file.placeholder_problem(text) is None:
            same = secrets_file.fill_placeholders(text, a, b) == secrets_file.fill_placeholders(
                text, c, d
            )
            assert same == ((a, b) == (c, d))


@pytest.mark.parametrize(
    "text",
    [
        f'[from]\n{STRIPE} = "vault:secret/data/stripe#{RAW}"',
        f'[from]\n{STRIPE} = "aws:{{account}}/{RAW}"',
        f'[from]\n{STRIPE} = "aws:{{env}}-{{account}}/{RAW}"',
        f'[from]\n{STRIPE} = "aws:{{env}}/{{account}}x/{RAW}"',
        f'[from]\n{STRIPE} = "ftp:{{env}}/{RAW}"',
        f'[from]\n{STRIPE} = "vault:{{env}}/{RAW}#k"',
        f'[production]\nFORWARDC_VAULT__SANDBOX__STRIPE__API_KEY = "{RAW}"',
        f'[production]\nFORWARDC_VAULT__PRODUCTION__US__STRIPE__API_KEY = "{RAW}"',
        f'["production@us"]\nFORWARDC_VAULT__PRODUCTION__STRIPE__API_KEY = "{RAW}"',
        f'[production]\nSTRIPE_API_KEY = "{RAW}"',
        f'[Production]\n{STRIPE} = "{RAW}"',
        f'["production@"]\n{STRIPE} = "{RAW}"',
        f'["production@us@x"]\n{STRIPE} = "{RAW}"',
        f'[production.us]\n{STRIPE} = "{RAW}"',
        f"[production]\n{STRIPE} = 1",
        f'[production]\nfrom = "{RAW}"',
        f'[production.from.more]\n{STRIPE} = "env:A"',
        f'FORWARDC_VAULT__PRODUCTION__STRIPE__API_KEY = "x"\n[production]\n{STRIPE} = "{RAW}"',
        f'[production]\n{STRIPE} = "{RAW}"\n[production.from]\n{STRIPE} = "env:A"',
    ],
)
def test_what_is_wrong_is_told_and_not_quoted(written: Written, text: str) -> None:
    sink = Sink()
    read_secrets_file(written(text), sink)
    assert [one.code for one in sink.sorted()] == ["FC0806"]
    assert sink.has_errors
    assert RAW not in repr(sink.sorted())


@pytest.mark.parametrize("place", ["production", "production@us"])
def test_a_full_name_may_stand_in_its_own_table(written: Written, place: str) -> None:
    environment, _, account = place.partition("@")
    name, sink = vault(environment, account, "stripe", "api_key"), Sink()
    found = read_secrets_file(written(f'["{place}"]\n{name} = "x"\n'), sink)
    assert (list(found.values), sink.sorted()) == ([name], [])


KEYS = st.sampled_from(
    ["from", "cache", "production", "production@us", "x@", "A", STRIPE, "FORWARDC_SECRET_A_B", ""]
)
HELD = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from(["", RAW, "env:{env}", "{account}"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(KEYS, HELD, max_size=5))
def test_whatever_a_file_holds_nothing_raises_and_no_value_is_quoted(held: object) -> None:
    sink = Sink()
    with TemporaryDirectory() as folder:
        path = Path(folder) / "secrets.json"
        path.write_text(json.dumps(held))
        path.chmod(0o600)
        found = read_secrets_file(path, sink)
    for place in ("production", "production@us", "other"):
        of = identity_at(place, STRIPE)
        assert of is not None
        found.reference(of.variable)
    check_variable_names([*found.values, *found.references], [], sink)
    assert {one.code for one in sink.sorted()} <= {"FC0806", "FC0847", "FC0848"}
    assert RAW not in repr(sink.sorted())


def test_an_environment_has_another_ones_value_nowhere(written: Written) -> None:
    look_up = ProviderResolver({}, read_secrets_file(written(TABLES), Sink()))
    assert look_up(vault("sandbox", "", "stripe", "api_key")) is None
    assert look_up(vault("production", "eu", "stripe", "api_key")) is None
    assert SecretBindings().reference(vault("sandbox", "", "stripe", "api_key")) is None
