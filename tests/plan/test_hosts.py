"""Which hosts and paths a request may name, in every spelling of those that it may not."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forwardc.compile.ir.hosts import (
    is_for_tests,
    name_problem,
    path_problem,
    port_problem,
    private_problem,
)
from one_rule import one_rule

PUBLIC = [
    *("api.stripe.com", "a-b.co", "api.shop.example", "x1.pay.io", "xn--bcher-kva.example"),
    *("a.xn--p1ai", f"{'a' * 63}.com", "1.2.3.4.com", "127.0.0.1.nip.io"),
]
PRIVATE_NAMES = ["gateway", "risk.internal", "pay.local", "localhost", "a.b.corp", "x.lan"]
PRIVATE_ADDRESSES = ["10.0.0.8", "127.0.0.1", "169.254.169.254", "[::1]", "[fd00::8]"]
NEVER = [
    *("", ".", "a..b", ".a.com", "a.com.", "-a.com", "a-.com", "a.-b.com", "a_b.com", "A.com"),
    *("b\u00fccher.example", "\uff41.com", "a.com\n", "a b.com", "a.com/", "u@a.com", "a.com:1"),
    *(f"{'a' * 64}.com", ".".join(["abcdefg"] * 32), "ab--c.com", "xn--a.example", "xn--.com"),
    # Addresses in spellings that some resolvers take.
    *("2130706433", "0x7f000001", "017700000001", "127.1", "127.0.1", "0x7f.1", "0177.0.0.1"),
    *("127.0.0.1.", "1.2.3.256", "1.2.3.04", "1.2.3", "\u0661.1.1.1", "a.0x", "a.1"),
    *(
        "0.0.0.0",  # noqa: S104 - a text, and no address that listens
        "0.1.2.3",
        "224.0.0.1",
        "255.255.255.255",
        "[::]",
        "[ff02::1]",
        "[::1",
        "::1",
        "[::1]x",
        "[::1]]",
        "[::1x",
        "[fe80::1%eth0]",
        "[::ffff:10.0.0.1]",
        "[0:0::1]",
        "[]",
    ),
]


@pytest.mark.parametrize("host", PUBLIC)
def test_a_public_name(host: str) -> None:
    assert name_problem(host) is None


@one_rule("host", [*NEVER, *PRIVATE_NAMES, *PRIVATE_ADDRESSES])
def test_what_a_vault_must_not_be_told_to_call(host: str) -> None:
    problem = name_problem(host)
    assert problem is not None
    assert not host or len(host) < 8 or host not in problem


@pytest.mark.parametrize(
    "top",
    [
        *("alt", "arpa", "corp", "home", "internal", "intranet", "invalid", "lan", "local"),
        *("localdomain", "localhost", "mail", "onion", "private"),
    ],
)
def test_a_name_for_special_uses_is_no_public_one(top: str) -> None:
    assert name_problem(f"pay.{top}") is not None
    assert name_problem(f"{top}.shop.example") is None
    assert private_problem(f"pay.{top}") is None


@pytest.mark.parametrize(
    ("host", "for_tests"),
    [("pay.test", True), ("test", True), ("test.com", False), ("pay.tests", False)],
)
def test_what_networks_call_a_test(host: str, for_tests: bool) -> None:
    assert is_for_tests(host) is for_tests


@pytest.mark.parametrize("host", [*PRIVATE_NAMES, *PRIVATE_ADDRESSES, *PUBLIC])
def test_what_the_operators_own_network_has(host: str) -> None:
    assert private_problem(host) is None


@pytest.mark.parametrize("host", NEVER)
def test_what_no_network_has(host: str) -> None:
    assert private_problem(host) is not None


@given(st.ip_addresses(v=4))
def test_no_spelling_of_an_address_is_a_name(address: ipaddress.IPv4Address) -> None:
    whole = int(address)
    first, second, third, fourth = address.packed
    for spelling in (
        str(address),
        str(whole),
        hex(whole),
        f"0{whole:o}",
        f"{first}.{whole & 0xFFFFFF}",
        f"{first}.{second}.{whole & 0xFFFF}",
        ".".join(hex(part) for part in address.packed),
        ".".join(f"0{part:o}" for part in address.packed),
        f"{first}.{hex(second)}.0{third:o}.{fourth}",
        f"{address}.",
    ):
        assert name_problem(spelling) is not None


@pytest.mark.parametrize("port", ["1", "80", "8443", "65535"])
def test_a_port(port: str) -> None:
    assert port_problem(port) is None


@pytest.mark.parametrize(
    "port",
    [
        "",
        "0",
        "00",
        "01",
        "0443",
        "65536",
        "99999",
        "100000",
        "+1",
        "-1",
        " 1",
        "1 ",
        "1_0",
        "0x1",
        "\u0661",
        "\uff11",
        "1.0",
        "1e1",
        "443",
        "8443\n",
    ],
)
def test_no_port(port: str) -> None:
    assert port_problem(port) is not None


@pytest.mark.parametrize(
    "path",
    ["/", "/v1/payments", "/v1/a.b/..c/...", "/a;v=1/b", "/a%20b/%C3%BC", "/~x/-_/@a:b", "/a/"],
)
def test_a_path(path: str) -> None:
    assert path_problem(path) is None


@pytest.mark.parametrize(
    "path",
    [
        "/.",
        "/..",
        "/a/../b",
        "/a/./b",
        "/..;/b",
        "/..;x=1/b",
        "/.;/b",
        "/a/..",
        "/a\\b",
        "/..\\b",
        "/%2e%2e/b",
        "/%2E./b",
        "/.%2e/b",
        "/a%2Fb",
        "/a%2fb",
        "/a%5cb",
        "/%252e%252e/b",
        "/a%2",
        "/a%zz",
        "/a%",
        "/a%00",
        "/a%0d%0a",
        "/a%7f",
        "/..%3b/b",
        "/a//b",
        "//a",
    ],
)
def test_a_path_that_servers_read_differently(path: str) -> None:
    assert path_problem(path) is not None
