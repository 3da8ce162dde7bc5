"""Who calls, by address, and which paths an address may ask for.

The address is that of the peer itself, or what trusted proxies say of it; a peer that is not
trusted is never believed, whatever it says of others. Every path belongs to one group, and each
group has its list of addresses; a path that nobody knows is for the staff.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import Enum, auto
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final, TypeAlias

from forwardc.core.dataclass import dataclass
from forwardc.server.http.problems import ProblemError, ProblemKind
from forwardc.server.oauth.token_endpoint import JWKS_PATH, METADATA_PATH, TOKEN_PATH
from forwardc.server.payment_sharing.openapi import PATH as OPENAPI
from forwardc.server.payment_sharing.openapi import SHARING_PATH
from forwardc.server.settings import AdmissionSettings

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network

LOOPBACK: Final[tuple[Network, ...]] = (IPv4Network("127.0.0.0/8"), IPv6Network("::1/128"))
_MAPPED: Final = IPv6Network("::ffff:0:0/96")
_WORD: Final = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_QUOTED: Final = r'"(?:[^"\\]|\\.)*"'
# One element of RFC 7239, section 4: pairs between semicolons.
_PAIR: Final = rf"{_WORD}=(?:{_WORD}|{_QUOTED})"
_ELEMENT: Final = re.compile(rf"[ \t]*({_PAIR}(?:[ \t]*;[ \t]*{_PAIR})*)[ \t]*(?:,|$)")
_FOR: Final = re.compile(rf"(?:^|;)[ \t]*for=({_WORD}|{_QUOTED})", re.IGNORECASE)
# An address as proxies write it, a port may follow: 192.0.2.1:80, [2001:db8::1]:80, 2001:db8::1.
_NODE: Final = re.compile(
    r"\[([0-9A-Fa-f:.]+)\](?::\d{1,5})?|([0-9.]+)(?::\d{1,5})?|([0-9A-Fa-f:.]+)"
)


@dataclass(frozen=True, slots=True)
class Networks:
    """Blocks of addresses. An IPv4 address inside IPv6 is the IPv4 address, here and there."""

    blocks: tuple[Network, ...]

    @classmethod
    def from_blocks(cls, blocks: Iterable[Network]) -> "Networks":
        """The blocks of the settings."""
        return cls(tuple(_unmapped(block) for block in blocks))

    def __contains__(self, address: Address) -> bool:
        return any(address in block for block in self.blocks)


@dataclass(frozen=True, slots=True)
class ForwardingHeaders:
    """What a request says of those before the peer: the lines of both headers, in order."""

    forwarded: Sequence[bytes] = ()
    x_forwarded_for: Sequence[bytes] = ()


def caller_address(peer: str | None, claims: ForwardingHeaders, trusted: Networks) -> Address:
    """The address of the caller, read from the right as long as each hop is trusted.

    Raises: `ProblemError`, ADDRESS_REFUSED where there is none (a unix socket), INVALID_REQUEST
    where a trusted hop says what cannot be understood.
    """
    address = parse_peer(peer or "")
    if address is None:
        raise ProblemError(ProblemKind.ADDRESS_REFUSED)
    if address not in trusted:
        return address
    for hop in _hops(claims):
        # The hop to the right is trusted, so that its word must make sense.
        address = parse_node(hop)
        if address not in trusted:
            break
    return address


@lru_cache(4_096)
def shorten_address(address: Address) -> str:
    """The network of an address as a log may show it: /24, and /48 of IPv6."""
    return str(ip_network((address, 24 if address.version == 4 else 48), strict=False))


def parse_node(node: str) -> Address:
    """The address that a proxy wrote, without its port. Raises `ProblemError`."""
    node_match = _NODE.fullmatch(node)
    try:
        if node_match is None:
            raise ValueError
        return _normal(ip_address(node_match[1] or node_match[2] or node_match[3]))
    except ValueError:
        raise _misunderstood() from None


@lru_cache(4_096)
def parse_peer(text: str) -> Address | None:
    """The address of a connection; None where it is none."""
    try:
        return _normal(ip_address(text))
    except ValueError:
        return None


def _normal(address: Address) -> Address:
    if isinstance(address, IPv4Address):
        return address
    # The zone of a link-local address names an interface of ours, and not the caller.
    return address.ipv4_mapped or IPv6Address(int(address))


def _unmapped(block: Network) -> Network:
    if isinstance(block, IPv6Network) and block.subnet_of(_MAPPED):
        low = block.network_address.ipv4_mapped
        return IPv4Network((int(low or 0), block.prefixlen - 96))
    return block


def _hops(claims: ForwardingHeaders) -> Iterator[str]:
    """The callers before the peer, the nearest first."""
    if claims.forwarded and claims.x_forwarded_for:
        # Which of them the proxy wrote, and which came through it from outside, nobody can tell.
        raise _misunderstood()
    for line in reversed(claims.x_forwarded_for):
        yield from (hop.strip(" \t") for hop in reversed(_text(line).split(",")))
    for line in reversed(claims.forwarded):
        yield from reversed(_nodes(_text(line)))


def _nodes(line: str) -> list[str]:
    """The `for` of each element of one Forwarded line."""
    nodes: list[str] = []
    at = 0
    while at < len(line):
        element = _ELEMENT.match(line, at)
        named = _FOR.findall(element[1]) if element else []
        if element is None or len(named) != 1:
            raise _misunderstood()
        nodes.append(re.sub(r"\\(.)", r"\1", named[0].strip('"')))
        at = element.end()
    return nodes


def _text(line: bytes) -> str:
    return line.decode("latin-1")


def _misunderstood() -> ProblemError:
    return ProblemError(
        ProblemKind.INVALID_REQUEST, "A proxy's word on the caller cannot be understood."
    )


# Paths: the word for each in metrics and logs, its group, and who may ask for it.

HEALTH: Final = "/health"
READY: Final = "/ready"
METRICS: Final = "/metrics"
_NAMED: Final = frozenset(
    {SHARING_PATH, TOKEN_PATH, JWKS_PATH, METADATA_PATH, OPENAPI, HEALTH, READY, METRICS}
)
_BEGINNINGS: Final = {
    "/problems/": "/problems/{slug}",
    "/callbacks/": "/callbacks/{destination}",
    "/runs/": "/runs/{run_id}",
    "/tokens/": "/tokens/{token}",
}
_PAGES: Final = frozenset(
    {"/", "/history", "/unknown", "/pauses", "/tokens", "/login", "/logout", "/pauses/add"}
    | {"/pauses/end", "/dashboard.css", "/icon.svg"}
)


class PathGroup(Enum):
    """Whose paths these are."""

    CALLERS = auto()
    CALLBACKS = auto()
    DOCUMENTS = auto()
    HEALTH = auto()
    STAFF = auto()


def path_group(path: str) -> PathGroup:
    """The group of a path, as routing reads it."""
    if path.startswith(("/v1/", "/oauth/")):
        return PathGroup.CALLERS
    if path.startswith("/callbacks/"):
        return PathGroup.CALLBACKS
    if path in (OPENAPI, METADATA_PATH) or path.startswith("/problems/"):
        return PathGroup.DOCUMENTS
    return PathGroup.HEALTH if path in (HEALTH, READY) else PathGroup.STAFF


def route_label(path: str) -> str:
    """The path's name in figures and logs: one of a few, whatever is asked for."""
    if path in _NAMED or path in _PAGES:
        return path
    return next((word for start, word in _BEGINNINGS.items() if path.startswith(start)), "other")


class Admission:
    """The addresses that each group takes, by the settings."""

    __slots__ = ("_lists",)

    def __init__(self, admit: AdmissionSettings) -> None:
        allow, callbacks, staff = (
            Networks.from_blocks(networks or LOOPBACK)
            for networks in (admit.allow, admit.callbacks, admit.staff)
        )
        everybody = Networks((*allow.blocks, *callbacks.blocks, *staff.blocks))
        self._lists: Mapping[PathGroup, Networks] = {
            PathGroup.CALLERS: allow,
            PathGroup.CALLBACKS: callbacks,
            PathGroup.DOCUMENTS: everybody,
            PathGroup.HEALTH: Networks((*LOOPBACK, *staff.blocks)),
            PathGroup.STAFF: staff,
        }

    def admits(self, group: PathGroup, address: Address) -> bool:
        """Whether an address may ask for the paths of a group."""
        return address in self._lists[group]
