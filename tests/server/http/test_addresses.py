"""Who calls: a proxy that is trusted is believed, and nobody else."""

from contextlib import suppress
from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forwardc.server.http.admission import (
    Admission,
    ForwardingHeaders,
    Networks,
    PathGroup,
    caller_address,
    path_group,
    shorten_address,
)
from forwardc.server.http.problems import ProblemError, ProblemKind
from forwardc.server.settings import AdmissionSettings

TRUSTED = Networks.from_blocks([ip_network("10.0.0.0/8"), ip_network("2001:db8:1::/48")])
PROXY = "10.0.0.1"


def claimed(*, x: tuple[str, ...] = (), forwarded: tuple[str, ...] = ()) -> ForwardingHeaders:
    return ForwardingHeaders(
        tuple(one.encode() for one in forwarded), tuple(one.encode() for one in x)
    )


def caller(peer: str, claims: ForwardingHeaders) -> str:
    return str(caller_address(peer, claims, TRUSTED))


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        ((), PROXY),
        (("192.0.2.7",), "192.0.2.7"),
        (("203.0.113.9, 192.0.2.7",), "192.0.2.7"),
        (("203.0.113.9, 192.0.2.7, 10.9.9.9",), "192.0.2.7"),
        (("203.0.113.9", "192.0.2.7"), "192.0.2.7"),
        (("192.0.2.7", "10.3.3.3"), "192.0.2.7"),
        (("10.2.2.2, 10.3.3.3",), "10.2.2.2"),
        (("192.0.2.7:51234",), "192.0.2.7"),
        (("[2001:db8::7]:51234",), "2001:db8::7"),
        (("2001:db8::7",), "2001:db8::7"),
        (("::ffff:192.0.2.7",), "192.0.2.7"),
        (("192.0.2.7, ::ffff:10.1.1.1",), "192.0.2.7"),
        # What stands beyond the caller was written by the caller.
        (("nonsense, 192.0.2.7",), "192.0.2.7"),
        ((", 192.0.2.7",), "192.0.2.7"),
    ],
)
def test_a_trusted_proxy_tells_the_caller(lines: tuple[str, ...], found: str) -> None:
    assert caller(PROXY, claimed(x=lines)) == found


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        (("for=192.0.2.7",), "192.0.2.7"),
        (('For="192.0.2.7:80"; proto=https;by=10.0.0.1',), "192.0.2.7"),
        (('for="[2001:db8::7]:80"',), "2001:db8::7"),
        (("for=203.0.113.9, for=192.0.2.7, for=10.9.9.9",), "192.0.2.7"),
        (("for=203.0.113.9", 'for="192.0.2.7"'), "192.0.2.7"),
        (("for=unknown, for=192.0.2.7",), "192.0.2.7"),
        (('by="a,b;c";for=192.0.2.7',), "192.0.2.7"),
    ],
)
def test_the_standard_header_tells_the_same(lines: tuple[str, ...], found: str) -> None:
    assert caller(PROXY, claimed(forwarded=lines)) == found


@pytest.mark.parametrize("peer", ["192.0.2.7", "::ffff:192.0.2.7"])
@pytest.mark.parametrize("said", ["127.0.0.1", "10.0.0.1", "nonsense", "", "1" * 9_000])
def test_nobody_else_is_believed(peer: str, said: str) -> None:
    assert caller(peer, claimed(x=(said,))) == "192.0.2.7"
    assert caller(peer, claimed(forwarded=(f"for={said}",))) == "192.0.2.7"
    assert caller(peer, claimed(x=(said,), forwarded=("for=10.0.0.1",))) == "192.0.2.7"


@pytest.mark.parametrize(
    "claims",
    [
        claimed(x=("192.0.2.7,",)),
        claimed(x=("",)),
        claimed(x=("192.0.2.7, unknown",)),
        claimed(x=("192.0.2.256",)),
        claimed(x=("127.1",)),
        claimed(x=("010.0.0.7",)),
        claimed(x=("0x7f000001",)),
        claimed(x=("fe80::1%eth0",)),
        claimed(x=("192.0.2.7 10.0.0.1",)),
        claimed(x=("192.0.2.7:port",)),
        claimed(forwarded=("for=_hidden",)),
        claimed(forwarded=('for="192.0.2.7',)),
        # A quote left open outside would swallow what the proxy appends.
        claimed(forwarded=('for="127.0.0.1, for="192.0.2.7:80"',)),
        claimed(forwarded=("for=127.0.0.1;for=192.0.2.7",)),
        claimed(forwarded=("proto=https",)),
        claimed(forwarded=("for=2001:db8::7",)),
        claimed(forwarded=("192.0.2.7",)),
        # One of the two came through the proxy from outside.
        claimed(forwarded=("for=127.0.0.1",), x=("192.0.2.7",)),
    ],
)
def test_a_proxys_word_that_makes_no_sense_is_refused(claims: ForwardingHeaders) -> None:
    with pytest.raises(ProblemError) as refused:
        caller(PROXY, claims)
    assert refused.value.kind is ProblemKind.INVALID_REQUEST


@pytest.mark.parametrize("peer", [None, "", "/run/forwardc.sock", "proxy.example"])
def test_a_connection_without_an_address_is_refused(peer: str | None) -> None:
    with pytest.raises(ProblemError) as refused:
        caller_address(peer, claimed(x=("127.0.0.1",)), TRUSTED)
    assert refused.value.kind is ProblemKind.ADDRESS_REFUSED


@pytest.mark.fuzz
@given(st.lists(st.text(max_size=60), max_size=4), st.booleans())
def test_no_header_makes_a_stranger_one_of_ours(lines: list[str], standard: bool) -> None:
    """Whatever comes through an appending proxy, its own word decides."""
    encoded = tuple(line.encode("utf-8", "replace") for line in lines)
    if standard:
        claims = ForwardingHeaders((*encoded, b"for=192.0.2.7"))
    else:
        claims = ForwardingHeaders((), (*encoded, b"192.0.2.7"))
    assert str(caller_address(PROXY, claims, TRUSTED)) == "192.0.2.7"


@pytest.mark.fuzz
@given(st.text(max_size=80))
def test_a_line_of_any_kind_is_an_address_or_refused(line: str) -> None:
    for claims in (ForwardingHeaders((line.encode("utf-8", "replace"),)), claimed(x=(line,))):
        with suppress(ProblemError):
            found = caller_address(PROXY, claims, TRUSTED)
            assert str(found) == PROXY or str(found) in line.lower() or ":" in str(found)


def test_a_mapped_block_is_the_block_inside_it() -> None:
    block = Networks.from_blocks([ip_network("::ffff:192.0.2.0/120")])
    assert ip_address("192.0.2.9") in block
    assert ip_address("192.0.3.9") not in block


@pytest.mark.parametrize(
    ("address", "shown"),
    [("192.0.2.77", "192.0.2.0/24"), ("2001:db8:1:2::7", "2001:db8:1::/48")],
)
def test_a_log_shows_the_network_only(address: str, shown: str) -> None:
    assert shorten_address(ip_address(address)) == shown


def test_every_group_has_its_list() -> None:
    admission = Admission(
        AdmissionSettings(
            allow=(ip_network("192.0.2.0/24"),),
            callbacks=(ip_network("198.51.100.0/24"),),
            staff=(ip_network("2001:db8::/64"),),
        )
    )
    rokt, gate, staff, host = "192.0.2.1", "198.51.100.1", "2001:db8::1", "127.0.0.1"
    asked = {
        "/v1/initiate-payment-sharing": {rokt},
        "/oauth/token": {rokt},
        "/callbacks/rocketpay": {gate},
        "/openapi.json": {rokt, gate, staff},
        "/problems/not-found": {rokt, gate, staff},
        "/health": {staff, host},
        "/ready": {staff, host},
        "/metrics": {staff},
        "/history": {staff},
        "//v1/initiate-payment-sharing": {staff},
        "/v1": {staff},
    }
    for path, expected in asked.items():
        group = path_group(path)
        there = {
            one for one in (rokt, gate, staff, host) if admission.admits(group, ip_address(one))
        }
        assert there == expected, path


def test_without_lists_only_this_machine_is_let_in() -> None:
    admission = Admission(AdmissionSettings())
    for group in PathGroup:
        assert admission.admits(group, ip_address("127.0.0.1"))
        assert admission.admits(group, ip_address("::1"))
        assert not admission.admits(group, ip_address("192.0.2.1"))
