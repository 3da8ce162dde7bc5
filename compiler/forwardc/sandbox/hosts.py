"""Which party of the sandbox answers for which host.

Knows no vendor's paths. A host that no party names is the recording echo's, so that a new
destination needs no change here.
"""

import ipaddress
import re
from collections.abc import Awaitable, Callable, Coroutine, MutableMapping
from dataclasses import dataclass
from enum import Enum
from importlib import import_module
from typing import Any

from forwardc.sandbox.world import World

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
# What the sum of a request's body is, in words.
InWords = Callable[[bytes], str | None]
Background = Callable[[World, Callable[[], None]], Coroutine[None, None, None]]

# Below this path a party has switches of the sandbox, which are no vendor's.
SWITCHES = "/_sandbox/"
_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,}")


class Role(Enum):
    """What a party is. Only a vault's own control host may not be forwarded to."""

    VAULT = "vault"
    DESTINATION = "destination"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class Party:
    """One emulated party: an ASGI app and its hosts, exact or `*.suffix`."""

    name: str
    role: Role
    hosts: tuple[str, ...]
    app: App
    # Where a party that is both takes orders as a vault: such calls are no destination's.
    control: tuple[str, ...] = ()
    # What a server runs beside the app, until it stops: a party may act without being asked.
    background: Background | None = None
    # Tells the sum of a request in words, where the party counts money its own way.
    in_words: InWords | None = None

    def receives(self, path: str) -> bool:
        """Whether a request to this path counts as one that a destination received."""
        return self.role is not Role.VAULT and not path.startswith((SWITCHES, *self.control))

    def answers_for(self, host: str) -> bool:
        """Whether this party is responsible for a host (lower case, without port)."""
        return any(
            host.endswith(pattern[1:]) if pattern.startswith("*.") else host == pattern
            for pattern in self.hosts
        )


# In the order in which they are asked; the echo comes last and takes what is left.
_MODULES: tuple[tuple[str, Role, tuple[str, ...]], ...] = (
    ("forwardc.sandbox.checkout.app", Role.VAULT, ()),
    ("forwardc.sandbox.stripe.app", Role.BOTH, ("/v1/forwarding/",)),
    ("forwardc.sandbox.destinations.adyen", Role.DESTINATION, ()),
    ("forwardc.sandbox.destinations.visa", Role.DESTINATION, ()),
    ("forwardc.sandbox.destinations.rocketpay", Role.DESTINATION, ()),
    ("forwardc.sandbox.destinations.rokt", Role.DESTINATION, ()),
)
_ECHO = "forwardc.sandbox.destinations.echo"


@dataclass(frozen=True, slots=True)
class Parties:
    """All parties of one world."""

    named: tuple[Party, ...]
    echo: Party

    def of(self, host: str) -> Party:
        """The party that answers for this host."""
        return next((party for party in self.named if party.answers_for(host)), self.echo)


def create_parties(world: World) -> Parties:
    """Start every party on one world."""
    return Parties(
        tuple(_start(name, role, control, world) for name, role, control in _MODULES),
        _start(_ECHO, Role.DESTINATION, (), world),
    )


def is_local(host: str) -> bool:
    """Whether a host names this machine and so no party: an address, or a name without a dot."""
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return "." not in host
    return True


def is_host_name(text: str) -> bool:
    """Whether a path segment can be a party's host name."""
    return _HOST.fullmatch(text) is not None


def _start(name: str, role: Role, control: tuple[str, ...], world: World) -> Party:
    module = import_module(name)
    beside = getattr(module, "background", None)
    in_words = getattr(module, "sum_in_words", None)
    return Party(name, role, module.HOSTS, module.create(world), control, beside, in_words)
