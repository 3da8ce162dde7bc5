"""Whether a plan needs an approval: what tells its environment from the live one.

An environment is told apart by its hosts, or by the credentials that go there. The compiler writes
the result into the plan, and whoever reads a plan computes it again: a label decides nothing.

| class | a host of it is live somewhere | what goes there | needs an approval |
|---|---|---|---|
| production | | | yes |
| sandbox | no | | no |
| sandbox | yes | only credentials with a shape | no: each value is looked at before it is sent |
| sandbox | yes | a credential without a shape, or none | yes |
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, Final, Protocol

from forwardc.core.dataclass import dataclass
from forwardc.core.identity_cache import IdentityCache
from forwardc.core.resources import package_file
from forwardc.core.terms.terms import Lit, Term, Text
from forwardc.plan.environment import EnvironmentClass

if TYPE_CHECKING:
    # `forwardc check` asks for hosts only, and the plan's model costs it 60 ms.
    from forwardc.plan.model import Plan

_HTTPS = ":443"


def plain(host: str) -> str:
    """A host as it is compared: lower case, no final dot, no port where it is that of https."""
    name, colon, port = host.strip().lower().removesuffix(_HTTPS).partition(":")
    return name.rstrip(".") + colon + port


def host_of(url: str) -> str:
    """The host of an address, with its port; empty where there is none."""
    authority = re.split(r"[/?#]", url.partition("://")[2], maxsplit=1)[0]
    return plain(authority.rpartition("@")[2])


class KnownHosts(Protocol):
    """Whoever can say of a host whether it serves live accounts."""

    def __contains__(self, host: str, /) -> bool:
        """Whether a host, with a port or without, serves live accounts."""


@dataclass(frozen=True, slots=True)
class LiveHosts:
    """Hosts of live accounts. In a name `*` stands for one or more labels, or a part of one."""

    names: frozenset[str]
    patterns: tuple[re.Pattern[str], ...]

    def __contains__(self, host: str, /) -> bool:
        """Whether a host, with a port or without, serves live accounts."""
        compared = plain(host)
        return compared in self.names or any(
            pattern.fullmatch(compared) for pattern in self.patterns
        )

    def __or__(self, hosts: Iterable[str]) -> "LiveHosts":
        """These hosts and others."""
        more = live_hosts(hosts)
        return LiveHosts(self.names | more.names, (*self.patterns, *more.patterns))


def live_hosts(hosts: Iterable[str]) -> LiveHosts:
    """The hosts of these names."""
    names = {plain(host) for host in hosts} - {""}
    wide = sorted(host for host in names if "*" in host)
    return LiveHosts(frozenset(names.difference(wide)), tuple(map(matching, wide)))


def matching(host: str) -> re.Pattern[str]:
    """What matches the hosts that a name with `*` stands for."""
    return re.compile("[a-z0-9.-]+".join(map(re.escape, host.split("*"))))


@cache
def shipped() -> LiveHosts:
    """The live hosts of every vault's facts."""
    data = package_file("plan", "data", "live_hosts.json").read_text("utf-8")
    return live_hosts(json.loads(data)["hosts"])


# What tells a plan from live: its hosts, and what is sent to them.

_BY_HOSTS: Final = IdentityCache[bool]()


@dataclass(frozen=True, slots=True)
class Side:
    """Hosts that are called, and whether each credential that goes there has a shape, by name."""

    hosts: tuple[str, ...]
    shaped: Mapping[str, bool]


@dataclass(frozen=True, slots=True)
class Separation:
    """`why` an approval is needed, None where none is.

    `by_credential`: a host of the destination is live, too, and what goes there has a shape.
    """

    why: str | None = None
    by_credential: bool = False


def separation(class_: EnvironmentClass, sides: tuple[Side, ...], live: KnownHosts) -> Separation:
    """What tells an environment of this class from live; the destination's side comes last."""
    if class_ == "production":
        return Separation("it is production")
    here: list[str] = []
    for side in sides:
        here = [host for host in side.hosts if host in live]
        bare = sorted(name for name, has_shape in side.shaped.items() if not has_shape)
        if here and bare:
            return Separation(f"{here[0]} serves live accounts, too, and {bare[0]} has no shape")
        if here and not side.shaped:
            return Separation(f"{here[0]} serves live accounts, too, and is sent no credential")
    return Separation(by_credential=bool(here))


def needs_approval(plan: "Plan") -> bool:
    """Whether a plan that was read needs an approval: because it says so, or by its hosts.

    What the rest of its build says of live hosts was compared when it was read.
    """
    return plan.needs_approval or _BY_HOSTS.get(
        plan, "", lambda: of_plan(plan, shipped()).why is not None
    )


def why_needed(plan: "Plan") -> str:
    """Why a plan needs an approval, as the end of a sentence."""
    return of_plan(plan, shipped()).why or f"nothing tells its {plan.environment} from live"


def has_shapes(plan: "Plan") -> bool:
    """Whether something of what a run is given tells test from live."""
    credentials = any(holder.shape is not None for holder in plan.credentials.values())
    return credentials or any(holder.shape is not None for holder in plan.secrets.values())


def of_plan(plan: "Plan", live: KnownHosts) -> Separation:
    """What tells a plan's environment from live, whatever the plan says of it."""
    return separation(plan.environment_class, tuple(_sides(plan)), live)


def of_document(plan: Mapping[str, Any], class_: EnvironmentClass, live: KnownHosts) -> Separation:
    """The same of a plan that is being written."""
    used = {name for operation in plan["operations"].values() for name in operation["credentials"]}
    credentials = {name: plan["credentials"].get(name, {}) for name in used}
    addresses = [spec["or"]["oauth"]["token_url"] for spec in credentials.values() if "or" in spec]
    hosts = plan["hosts"]
    vault = Side(
        (*hosts["vault"], *map(host_of, addresses)),
        {name: "shape" in spec and "or" not in spec for name, spec in credentials.items()},
    )
    secrets = {name: "shape" in spec for name, spec in plan["secrets"].items()}
    sides = (vault,) if used else ()
    return separation(class_, (*sides, Side(tuple(hosts["destination"]), secrets)), live)


def _sides(plan: "Plan") -> Iterator[Side]:
    used = {name for operation in plan.operations.values() for name in operation.credentials}
    credentials = {name: plan.credentials.get(name) for name in used}
    clients = [
        credential.instead.oauth
        for credential in credentials.values()
        if credential and credential.instead
    ]
    if used:
        yield Side(
            (*plan.hosts.vault, *(host_of(client.token_url) for client in clients)),
            {
                name: credential is not None
                and credential.shape is not None
                and credential.instead is None
                for name, credential in credentials.items()
            },
        )
    called = (
        step.destination.url for operation in plan.operations.values() for step in operation.steps
    )
    yield Side(
        (*plan.hosts.destination, *filter(None, map(_host, called))),
        {name: spec.shape is not None for name, spec in plan.secrets.items()},
    )


def _host(url: Term) -> str:
    first = url.parts[0] if isinstance(url, Text) and url.parts else url
    return host_of(str(first.value)) if isinstance(first, Lit) else ""
