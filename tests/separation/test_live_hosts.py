"""The table of live hosts: all that the vaults' facts name, and how hosts are compared."""

import json
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forwardc.compile.vaults.registry import vaults
from forwardc.plan.separation import host_of, live_hosts, shipped
from generated_files import live_hosts_of


def test_the_table_holds_what_the_facts_name() -> None:
    table = json.loads(files("forwardc.plan").joinpath("data/live_hosts.json").read_text("utf-8"))
    known = {host for vault in vaults() for host in live_hosts_of(vault.facts)}
    assert table["hosts"] == sorted(known)
    assert {"api.stripe.com", "forward.checkout.com", "core.spreedly.com"} <= known


@pytest.mark.parametrize(
    "host",
    [
        "api.stripe.com",
        "API.Stripe.COM",
        "api.stripe.com.",
        "api.stripe.com:443",
        "Api.Stripe.Com.:443",
        "files.stripe.com",
        "eu.files.stripe.com",
        "forward.checkout.com",
        "shop.api.checkout.com",
        "1797a841-shop-checkout-live.adyenpayments.com",
        "core.spreedly.com",
    ],
)
def test_live_in_any_spelling(host: str) -> None:
    assert host in shipped()


@pytest.mark.parametrize(
    "host",
    [
        "",
        "stripe.com.example",
        "notstripe.com",
        "api.stripe.com:8443",
        "forward.sandbox.checkout.com",
        "shop.api.sandbox.checkout.com",
        "checkout-test.adyen.com",
        "xapi.checkout.com",
    ],
)
def test_not_live(host: str) -> None:
    assert host not in shipped()


@given(st.text(alphabet="abz09-.", min_size=1, max_size=20))
def test_case_dot_and_port_change_nothing(text: str) -> None:
    known = live_hosts([text])
    for spelled in (text, text.upper(), f"{text}.", f"{text}:443", f"{text.upper()}.:443"):
        assert (spelled in known) is (text.rstrip(".") != "")


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://api.example.com/v1", "api.example.com"),
        ("https://API.example.com.:443?x=1", "api.example.com"),
        ("https://user@api.example.com:8443#x", "api.example.com:8443"),
        ("api.example.com", ""),
        ("", ""),
    ],
)
def test_the_host_of_an_address(url: str, host: str) -> None:
    assert host_of(url) == host
