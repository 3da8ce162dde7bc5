"""A name is resolved once, each of its addresses is judged, and a judged one is called."""

import asyncio
from collections.abc import Sequence
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import httpcore
import httpx
import pytest

from certificates import self_signed
from forwardc.runtime.http.addresses import (
    AddressRefusedError,
    GuardedBackend,
    is_host,
    is_loopback,
    is_public,
)
from forwardc.runtime.http.connection_pool import network_pool
from forwardc.runtime.http.request import BoundRequest, ShownRequest
from forwardc.runtime.http.send import HttpAnswer, NotSent, Sender, SendLimits
from forwardc.runtime.http.tls import named_authorities

LIMITS = SendLimits(connect_s=2, read_s=2, max_bytes=1000)
PUBLIC = [
    *("1.1.1.1", "8.8.8.8", "172.32.0.1", "100.128.0.1", "2606:4700:4700::1111"),
    *("::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1"),
]
PRIVATE = [
    *("10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "127.0.0.1", "127.1.2.3"),
    *("169.254.169.254", "100.64.0.1", "100.127.255.255", "198.18.0.1", "192.0.2.1", "192.0.0.8"),
    *(
        "::1",
        "fc00::1",
        "fd12::1",
        "fe80::1",
        "fe80::1%eth0",
        "2001:db8::1",
        "3fff::1",
        "100::1",
        "fec0::1",
    ),
    *("::ffff:10.0.0.1", "::ffff:127.0.0.1", "64:ff9b::a00:1", "64:ff9b::a9fe:a9fe"),
    *("2002:a00:1::1", "2002:7f00:1::", "2001:0:53aa:64c:0:fbff:f5ff:fffe", "64:ff9b:1::1"),
]
NEVER = [
    *("0.0.0.0", "0.1.2.3", "224.0.0.1", "239.255.255.255", "255.255.255.255", "240.0.0.1"),  # noqa: S104 - no server
    *("::", "ff02::1", "::ffff:0.0.0.0", "::ffff:224.0.0.1", "64:ff9b::e000:1", "2002:e000:1::"),
]


@pytest.mark.parametrize("address", PUBLIC)
def test_an_address_of_the_internet(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize("address", [*PRIVATE, *NEVER])
def test_an_address_that_is_not_of_the_internet(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", PRIVATE)
def test_the_operators_own_network_has_machines(address: str) -> None:
    assert is_host(ip_address(address))


@pytest.mark.parametrize("address", NEVER)
def test_what_no_machine_has_is_never_called(address: str) -> None:
    assert not is_host(ip_address(address))


class Names:
    """A resolver whose answers change: the first one, then the second, and so on."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        return self.answers[min(len(self.asked), len(self.answers)) - 1]


class Dialled(httpcore.AsyncNetworkBackend):
    """Remembers which addresses are called, and answers as it is told."""

    def __init__(self, **ways: Any) -> None:
        self.called: list[str] = []
        self.ways = ways

    async def connect_tcp(self, host: str, *_: Any, **__: Any) -> httpcore.AsyncNetworkStream:
        self.called.append(host)
        way = self.ways.get(host.replace(".", "_"))
        if isinstance(way, Exception):
            raise way
        if way is not None:
            await asyncio.sleep(way)
        return httpcore.AsyncMockStream([])


def connect(names: Names, dialled: Dialled, times: int = 1) -> None:
    async def go() -> None:
        for _ in range(times):
            await GuardedBackend(is_public, names, dialled).connect_tcp(
                "pay.example", 443, timeout=5
            )

    asyncio.run(go())


def test_the_address_that_was_judged_is_the_one_that_is_called() -> None:
    """DNS rebinding: the second answer would be this machine, and nobody asks for it."""
    names, dialled = Names(["8.8.8.8"], ["127.0.0.1"]), Dialled()
    connect(names, dialled)
    assert (names.asked, dialled.called) == (["pay.example"], ["8.8.8.8"])
    with pytest.raises(AddressRefusedError):
        connect(names, dialled)
    assert dialled.called == ["8.8.8.8"]


@pytest.mark.parametrize("private", PRIVATE)
def test_one_private_address_among_public_ones_is_enough(private: str) -> None:
    dialled = Dialled()
    with pytest.raises(AddressRefusedError):
        connect(Names(["8.8.8.8", private]), dialled)
    assert dialled.called == []


def test_a_name_without_an_address() -> None:
    with pytest.raises(httpcore.ConnectError):
        connect(Names([]), Dialled())


def test_another_address_is_tried_where_one_fails_or_takes_long() -> None:
    refused = Dialled(**{"8_8_8_8": httpcore.ConnectError("refused")})
    connect(Names(["8.8.8.8", "1.1.1.1"]), refused)
    assert refused.called == ["8.8.8.8", "1.1.1.1"]
    silent = Dialled(**{"8_8_8_8": 60})
    connect(Names(["8.8.8.8", "1.1.1.1"]), silent)
    assert silent.called == ["8.8.8.8", "1.1.1.1"]
    quick = Dialled()
    connect(Names(["8.8.8.8", "1.1.1.1"]), quick)
    assert quick.called == ["8.8.8.8"]


def test_where_all_fail_the_last_failure_is_told() -> None:
    failing = {name: httpcore.ConnectError(name) for name in ("8_8_8_8", "1_1_1_1")}
    with pytest.raises(httpcore.ConnectError, match="1_1_1_1"):
        connect(Names(["8.8.8.8", "1.1.1.1"]), Dialled(**failing))


def test_all_of_it_ends_in_time() -> None:
    slow = GuardedBackend(is_public, Names(["8.8.8.8"]), Dialled(**{"8_8_8_8": 60}))
    with pytest.raises(httpcore.ConnectTimeout):
        asyncio.run(slow.connect_tcp("pay.example", 443, timeout=0.05))


def request(url: str) -> BoundRequest:
    return BoundRequest("GET", url, (), None, ShownRequest("GET", url, (), None))


class Counted:
    """A server that counts its connections' requests and remembers the Host header."""

    def __init__(self) -> None:
        self.hosts: list[bytes] = []

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        self.hosts.append(dict(scope["headers"])[b"host"])
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"{}"})


def test_tls_and_host_keep_the_name(serve: Any, tmp_path: Path) -> None:
    """The address is called, and the certificate is the name's; connections are kept."""
    certificate, key = self_signed(tmp_path, "pay.example")
    server = Counted()
    with serve(server, ssl_certfile=certificate, ssl_keyfile=key) as url:
        port = int(url.rpartition(":")[2])
        names = Names(["127.0.0.1"])

        async def go(host: str) -> list[object]:
            lanes = network_pool(is_loopback, named_authorities(str(certificate)), names)
            async with Sender(lanes) as sender:
                place = f"{host}:{port}"
                return [
                    await sender.send(request(f"https://{place}/"), {place}, LIMITS)
                    for _ in range(3)
                ]

        answers = asyncio.run(go("pay.example"))
        assert all(isinstance(one, HttpAnswer) for one in answers)
        assert names.asked == ["pay.example"]
        assert server.hosts == [f"pay.example:{port}".encode()] * 3
        other = asyncio.run(go("other.example"))
        assert all(isinstance(one, NotSent) for one in other)
        assert "certificate" in str(other[0])


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]"])
def test_the_runtime_calls_no_private_host_unless_the_plan_says_so(serve: Any, host: str) -> None:
    """Without TLS nothing could be answered: what counts is whether somebody knocks."""

    async def go(place: str, private: bool) -> object:
        async with Sender() as sender:
            url = f"https://{place}/"
            return await sender.send(request(url), {place}, LIMITS, private=private)

    with serve(Counted()) as url:
        place = f"{host}:{url.rpartition(':')[2]}"
        refused = asyncio.run(go(place, private=False))
        assert isinstance(refused, NotSent)
        assert "private address" in refused.reason
        reached = asyncio.run(go(place, private=True))
        assert isinstance(reached, NotSent)
        assert "private address" not in reached.reason


def test_a_sandbox_is_called_on_this_machine_only() -> None:
    async def go() -> None:
        lanes = network_pool(is_loopback, resolve=Names(["8.8.8.8"]))
        await lanes.handle_async_request(httpx.Request("GET", "http://sandbox.example/"))

    with pytest.raises(httpx.ConnectError):
        asyncio.run(go())
