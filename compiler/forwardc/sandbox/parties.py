"""Which party of the sandbox answers for which host, and which host a request means.

A host that no party names is the recording echo's, so that a new destination needs no change. A
served request names its host in this order: a Host header of a party; `X.localhost`, where X is a
host or a party's short name; the port, where it is a party's own; the first path segment.

A party is loaded and started when a request first means it, or with all others at once, as a server
has it: its hosts are known before.
"""

import ipaddress
import re
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping, MutableMapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

from forwardc.sandbox.errors import SandboxError
from forwardc.sandbox.laxness import Laxness
from forwardc.sandbox.memory import RowKinds
from forwardc.sandbox.registry import ECHO, NAMES, packages
from forwardc.sandbox.world import World

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
# What the sum of a request's body is, in words.
InWords = Callable[[bytes], str | None]
# Whether a host and path are a destination's; the flag tells that a vault delivers.
ReceivesAt = Callable[[str, str, bool], bool]
Background = Callable[[World, Callable[[], None]], Coroutine[None, None, None]]

# Below this path a party has switches of the sandbox, which are no vendor's.
SWITCHES = "/_sandbox/"
_ECHO_MODULE = f"forwardc.sandbox.destinations.{ECHO}"
_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,}")


@dataclass(frozen=True, slots=True)
class EmulatedParty:
    """One emulated party: an ASGI app and its hosts, exact or `*.suffix`.

    `name` is what people call it: that of its folder.
    """

    name: str
    hosts: tuple[str, ...]
    app: App
    # Where a party that is both takes orders as a vault: such calls are no destination's.
    control: tuple[str, ...] = ()
    # What a server runs beside the app, until it stops: a party may act without being asked.
    background: Background | None = None
    # Tells the sum of a request in words, where the party counts money its own way.
    in_words: InWords | None = None
    # On a port of the party's own no host tells its services apart: the path does.
    host_of_path: Callable[[str], str] | None = None
    # Asked where only some of the party's hosts and paths are a destination's.
    receives_at: ReceivesAt | None = None

    def home(self, path: str) -> str:
        """The host that a request means which names the party only, by its path."""
        if self.host_of_path is not None:
            return self.host_of_path(path)
        plain = (host for host in self.hosts if "*" not in host)
        return next(plain, f"{self.name}.example")

    def receives(self, host: str, path: str, *, delivered: bool) -> bool:
        """Whether a request counts as one that a destination received.

        What a vault `delivered` and nobody receives did not arrive; what a client sent itself is
        answered and not recorded.
        """
        if path.startswith((SWITCHES, *self.control)):
            return False
        return self.receives_at is None or self.receives_at(host, path, delivered)


@dataclass(frozen=True, slots=True)
class Emulation:
    """All that the sandbox needs of one party, whatever the world.

    `start` makes the party on one world. `seed` puts its fixed sources into a world, in the place
    of those of an earlier start, and `sources` lists them. `laxnesses` are its rows of the table,
    `rows` says which of its rows are not simply forgotten.
    """

    start: Callable[[World], EmulatedParty]
    seed: Callable[[World], None] = lambda _: None
    sources: Callable[[World], list[dict[str, str]]] = lambda _: []
    laxnesses: tuple[Laxness, ...] = ()
    rows: RowKinds = field(default_factory=RowKinds)


@cache
def hosts() -> Mapping[str, tuple[str, ...]]:
    """The hosts of every party but the echo, by its name. Loads no party."""
    return {name: import_module(f"{package}.hosts").HOSTS for name, package in packages().items()}


def emulation(name: str) -> Emulation:
    """The emulation of one party, by its name."""
    module = import_module(_ECHO_MODULE if name == ECHO else f"{packages()[name]}.party")
    emulated: Emulation = module.EMULATION
    return emulated


def emulations() -> Mapping[str, Emulation]:
    """The emulation of every party but the echo, by its name."""
    return {name: emulation(name) for name in packages()}


@dataclass(frozen=True, slots=True)
class EmulatedParties:
    """All parties of one world. `before` is called with a party's emulation before its start."""

    world: World
    before: Callable[[Emulation], None] = lambda _: None
    _started: dict[str, EmulatedParty] = field(default_factory=dict)

    def start_all(self) -> tuple[EmulatedParty, ...]:
        """Start every party that is not yet; all of them."""
        return tuple(map(self._party, NAMES))

    def party_of(self, host: str) -> EmulatedParty:
        """The party that answers for this host."""
        names = (name for name, patterns in hosts().items() if _is_of(host, patterns))
        return self._party(next(names, ECHO))

    def party_named(self, name: str) -> EmulatedParty | None:
        """The party of this name, or None."""
        return self._party(name) if name in NAMES else None

    def _party(self, name: str) -> EmulatedParty:
        if name not in self._started:
            emulated = emulation(name)
            self.before(emulated)
            self._started[name] = emulated.start(self.world)
        return self._started[name]


def _is_of(host: str, patterns: Iterable[str]) -> bool:
    """Whether a host (lower case, without port) is one of a party's."""
    return any(
        host.endswith(pattern[1:]) if pattern.startswith("*.") else host == pattern
        for pattern in patterns
    )


def sources(world: World) -> list[dict[str, str]]:
    """Every fixed source: its holder, its id and what it makes a destination do."""
    return [
        {"vault": name, **row}
        for name, emulated in emulations().items()
        for row in emulated.sources(world)
    ]


def is_local(host: str) -> bool:
    """Whether a host names this machine and so no party.

    That is an address, a name without a dot, and what RFC 6761 keeps for this machine.
    """
    if host.endswith(".localhost"):
        return True
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return "." not in host
    return True


def is_host_name(text: str) -> bool:
    """Whether a path segment can be a party's host name."""
    return _HOST.fullmatch(text) is not None


# --- The host that a request means

_HERE = ".localhost"


class UnknownPartyError(SandboxError, LookupError):
    """A name is no party's."""


def host_of(scope: Scope, parties: EmulatedParties, ports: Mapping[int, str]) -> str:
    """The host that a request means, lower case; empty for the sandbox itself.

    `ports` are those of one party each, with its short name or its host. Where the request does not
    name the host by its Host header, the scope is changed as if it did. Raises `UnknownPartyError`.
    """
    host = _host_header(scope)
    if host.endswith(_HERE):
        return _rename(scope, _called(host.removesuffix(_HERE), parties, scope["path"]))
    if not is_local(host):
        return host
    _, port = scope.get("server") or ("", 0)
    if port in ports:
        return _rename(scope, _called(ports[port], parties, scope["path"]))
    return _take_from_path(scope)


def known_name(name: str, parties: EmulatedParties) -> bool:
    """Whether a name is a party's short name, or a host that a party answers for."""
    return is_host_name(name) or parties.party_named(name) is not None


def _called(name: str, parties: EmulatedParties, path: str) -> str:
    if is_host_name(name):
        return name
    party = parties.party_named(name)
    if party is None:
        raise UnknownPartyError
    return party.home(path)


def _host_header(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"host":
            try:
                return urlsplit(f"//{value.decode('latin-1')}").hostname or ""
            except ValueError:
                return ""
    return ""


def _take_from_path(scope: Scope) -> str:
    """The host in the first path segment, moved into the scope; empty if there is none."""
    # A request of the form `OPTIONS *` has no path.
    segment: str = scope["path"].removeprefix("/").partition("/")[0].lower()
    if not is_host_name(segment):
        return ""
    raw = scope.get("raw_path") or scope["path"].encode()
    scope["raw_path"] = raw[1 + len(segment) :] or b"/"
    scope["path"] = scope["path"][1 + len(segment) :] or "/"
    return _rename(scope, segment)


def _rename(scope: Scope, host: str) -> str:
    others = ((name, value) for name, value in scope["headers"] if name != b"host")
    scope["headers"] = [(b"host", host.encode()), *others]
    return host
