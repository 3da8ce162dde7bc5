"""Which addresses are on Stripe's list: the real hosts of what it names, and nobody else's."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forwardc.compile.vaults import facts as facts_reader
from forwardc.compile.vaults.stripe.requirements import is_listed
from forwardc.sandbox.stripe.errors import StripeError
from forwardc.sandbox.stripe.registry import find
from forwardc.sandbox.world import World
from one_rule import one_rule

FACTS = facts_reader.load("stripe")
TABAPAY = "/v1/clients/DpwE2JYRCEdlLjB3T8Yl9A/accounts"
LISTED = [
    f"https://api.tabapay.net{TABAPAY}",
    f"https://api.tabapay.com{TABAPAY}",
    f"https://shop.api.tabapay.net:10443{TABAPAY}",
    f"https://fqdn-of-a-client.tabapay.com:443{TABAPAY}",
    "https://api.tabapay.net/v1/clients/iq0F3ffUQW4uG_SHnIKTeQ_0001/accounts",
    "https://fts.cardconnect.com/cardconnect/rest/auth",
    "https://my-site.cardconnect.com/cardconnect/rest/auth",
    "https://api-shop-com-app-1a2b3c.relay.evervault.app/",
    "https://api-shop-com-app-1a2b3c.relay.evervault.app",
    "https://shop-example-com.app-12345.relay.evervault.app/",
    "https://tntajtv6zty.live.verygoodproxy.com/cards",
    "https://tgapi.tokenex.com/Tokenize/Proxy/1234567890",
    "https://icnow01.accertify.net/icNowImport/shop",
    "https://1797a841fbb37ca7-shop-checkout-live.adyenpayments.com/checkout/v71/payments",
    "https://api.rewardsnetwork.com/v2/members/a.b~1/cards",
    "https://api.checkout.com:443/payments",
]
FOREIGN = [
    f"https://evil.example{TABAPAY}",
    f"https://tabapay.net.evil.example{TABAPAY}",
    f"https://api.tabapay.net.evil.example:10443{TABAPAY}",
    f"https://evil-tabapay.net{TABAPAY}",
    f"https://tabapay.net{TABAPAY}",
    f"https://evil.example/api.tabapay.net{TABAPAY}",
    f"https://evil.example:10443{TABAPAY}",
    f"https://api.tabapay.org{TABAPAY}",
    f"https://api.tabapay.net:10443/x{TABAPAY}",
    "https://api.tabapay.net/v1/clients/a/b/accounts",
    "https://api.tabapay.net/v1/clients//accounts",
    "https://api.tabapay.net/v1/clients/../accounts",
    "https://api.rewardsnetwork.com/v2/members/../cards",
    "https://a.b.cardconnect.com/cardconnect/rest/auth",
    "https://fts.cardconnect.com.evil.example/cardconnect/rest/auth",
    "https://fts.cardconnect.com:8443/cardconnect/rest/auth",
    "https://evilcardconnect.com/cardconnect/rest/auth",
    "https://-.cardconnect.com/cardconnect/rest/auth",
    "https://a.b.c.relay.evervault.app/",
    "https://relay.evervault.app/",
    "https://shop.relay.evervault.app/charge",
    "https://live.verygoodproxy.com/cards",
    "https://evil.example-checkout-live.adyenpayments.com/checkout/v71/payments",
    "https://shop-checkout-live.adyenpayments.com/checkout/v72/payments",
    "https://tgapi.tokenex.com/Tokenize/Proxy/1/2",
    "https://api.checkout.com/payments/",
    "https://api.checkout.com/payments?x=1",
    "https://api.checkout.com:8443/payments",
    "http://api.checkout.com/payments",
    "https://API.checkout.com/payments",
]
# A list of live addresses has none of these: each vendor's own name for a host of tests.
FOR_TESTS = [
    f"https://api.sandbox.tabapay.net:10443{TABAPAY}",
    f"https://sandbox.tabapay.com{TABAPAY}",
    "https://fts-uat.cardconnect.com/cardconnect/rest/auth",
    "https://tntdehirsr4.sandbox.verygoodproxy.com/cards",
]


@one_rule("url", LISTED)
def test_a_real_address_is_found(url: str) -> None:
    assert is_listed(url, FACTS)


@one_rule("url", [*FOREIGN, *FOR_TESTS])
def test_another_address_is_not(url: str) -> None:
    assert not is_listed(url, FACTS)


HOSTS = st.from_regex(r"([a-z0-9-]{1,8}\.){1,3}(example|com|net|jp|io)", fullmatch=True)
PATTERNS = [one for fact in FACTS.section("destinations").values() for one in fact["value"]]


@given(HOSTS, st.sampled_from(PATTERNS))
def test_no_pattern_takes_any_host(host: str, pattern: str) -> None:
    path = re.sub(r"\[[^\]]*\]|\*", "x", pattern.partition("/")[2])
    assert not is_listed(f"https://{host}/{path}", FACTS)


def test_a_pattern_that_leaves_the_host_open_needs_a_fact_of_its_hosts() -> None:
    open_ones = {
        name
        for name, fact in FACTS.section("destinations").items()
        if any(re.match(r"\[[^\]]*\]/", one) for one in fact["value"])
    }
    assert open_ones
    assert open_ones <= set(FACTS.section("destination_hosts"))


@one_rule("url", LISTED)
def test_the_sandbox_forwards_to_it(url: str) -> None:
    assert find(World(), url, livemode=True)


@one_rule("url", [one for one in FOREIGN if "API" not in one])
def test_the_sandbox_forwards_nowhere_else(url: str) -> None:
    with pytest.raises(StripeError):
        find(World(), url, livemode=True)
