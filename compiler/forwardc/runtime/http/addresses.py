"""Connects to the addresses that were looked at, and to no others.

A name resolves to whatever its owner says: to this machine, to its network, and to something else
a moment later. So a name is resolved once, every address is judged, and a judged one is called.
TLS and the Host header keep the name.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Any, Final, TypeAlias

import httpcore

from forwardc.core.dataclass import dataclass
from forwardc.core.diagnostics.errors import ForwardcError

Address: TypeAlias = IPv4Address | IPv6Address
AddressRule: TypeAlias = Callable[[Address], bool]
Resolver: TypeAlias = Callable[[str, int], Awaitable[Sequence[str]]]

# RFC 8305, section 5: so long one address has before the next one is tried beside it.
_STAGGER_S: Final = 0.25
# RFC 4291, section 2.4, and the prefix of RFC 6052 for networks that have no IPv4.
_GLOBAL: Final = IPv6Network("2000::/3")
_NAT64: Final = IPv6Network("64:ff9b::/96")
# IANA has them as special; older releases of Python do not.
_SPECIAL: Final = (IPv4Network("192.0.0.0/24"), IPv6Network("3fff::/20"))


class AddressRefusedError(ForwardcError, httpcore.ConnectError):
    """A name has an address that must not be called. Nothing was opened."""


def is_public(address: Address) -> bool:
    """Whether an address is one of the internet, also behind what wraps it in another one.

    Not so are private, shared (100.64.0.0/10), loopback, link-local, documentation, benchmark,
    reserved, unspecified and multicast ones (IANA's registries of special-purpose addresses).
    """
    if isinstance(address, IPv6Address):
        inner = _wrapped(address)
        if inner is not None:
            return is_public(inner)
        if address not in _GLOBAL or address.teredo is not None:
            return False
    if any(address in network for network in _SPECIAL):
        return False
    return address.is_global and not (address.is_multicast or address.is_reserved)


def is_host(address: Address) -> bool:
    """Whether an address can be one of a single machine, in whichever network."""
    inner = _wrapped(address) if isinstance(address, IPv6Address) else None
    machine = address if inner is None else inner
    nowhere = machine.is_multicast or machine.is_unspecified
    if isinstance(machine, IPv4Address):
        # 0.0.0.0/8 is this network, which some systems take for this machine, and 240.0.0.0/4
        # has never been given to anybody.
        nowhere = nowhere or machine.packed[0] == 0 or machine.is_reserved
    return not nowhere


def is_loopback(address: Address) -> bool:
    """Whether an address is this machine's own."""
    return address.is_loopback


def _wrapped(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that one of IPv6 stands for: mapped, 6to4 or NAT64."""
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour


async def resolve(host: str, port: int) -> Sequence[str]:
    """The addresses of a name, best first, as the system knows them. Raises `OSError`."""
    records = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(place[0]) for *_, place in records))


@dataclass(frozen=True, slots=True)
class GuardedBackend(httpcore.AsyncNetworkBackend):
    """TCP connections to names all of whose addresses are admitted."""

    admits: AddressRule
    resolve: Resolver = resolve
    inner: httpcore.AsyncNetworkBackend = field(default_factory=httpcore.AnyIOBackend)

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect. Raises `AddressRefusedError`, or httpcore's error of a connection."""
        try:
            async with asyncio.timeout(timeout):
                addresses = await self._admitted(host, port)

                def dial(address: str) -> Awaitable[httpcore.AsyncNetworkStream]:
                    return self.inner.connect_tcp(
                        address, port, timeout, local_address, socket_options
                    )

                return await _first(addresses, dial)
        except TimeoutError:
            raise httpcore.ConnectTimeout("no connection came in time") from None

    async def _admitted(self, host: str, port: int) -> Sequence[str]:
        try:
            addresses = await self.resolve(host, port)
        except (OSError, UnicodeError):
            addresses = ()
        if not addresses:
            raise httpcore.ConnectError("the name has no address")
        # One that is not admitted spoils the others: nobody publishes such a mix by intention.
        if not all(self.admits(ip_address(address)) for address in addresses):
            raise AddressRefusedError("the name has an address that is not admitted")
        return addresses

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Raises `AddressRefusedError`: no plan names a socket of this machine."""
        raise AddressRefusedError("a socket of this machine is not called")

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)


async def _first(
    addresses: Sequence[str], dial: Callable[[str], Awaitable[httpcore.AsyncNetworkStream]]
) -> httpcore.AsyncNetworkStream:
    """The first connection that comes; another address is tried where one takes long or fails."""
    if len(addresses) == 1:
        return await dial(addresses[0])
    waiting = list(addresses)
    under_way: set[asyncio.Task[httpcore.AsyncNetworkStream]] = set()
    problem: Exception = httpcore.ConnectError("no address answers")
    try:
        while waiting or under_way:
            if waiting:
                under_way.add(asyncio.ensure_future(dial(waiting.pop(0))))
            patience = _STAGGER_S if waiting else None
            done, under_way = await asyncio.wait(
                under_way, timeout=patience, return_when=asyncio.FIRST_COMPLETED
            )
            for attempt in done:
                if (failed := attempt.exception()) is None:
                    done.discard(attempt)
                    under_way |= done
                    return attempt.result()
                problem = failed if isinstance(failed, Exception) else problem
    finally:
        await _give_up(under_way)
    raise problem


async def _give_up(tasks: Iterable[asyncio.Task[httpcore.AsyncNetworkStream]]) -> None:
    """End the attempts that nobody waits for, and close what they opened meanwhile."""
    for task in tasks:
        task.cancel()
        with suppress(asyncio.CancelledError, httpcore.NetworkError, httpcore.TimeoutException):
            await (await task).aclose()
