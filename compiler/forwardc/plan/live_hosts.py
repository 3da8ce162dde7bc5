"""Hosts that serve live accounts: those of the vaults' facts, and those of a build.

The first are a file of the project, because the runtime reads no facts and believes no build
folder about them; a test compares it with the facts.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

_HTTPS = ":443"


def plain(host: str) -> str:
    """A host as it is compared: lower case, no final dot, no port where it is that of https."""
    name, colon, port = host.strip().lower().removesuffix(_HTTPS).partition(":")
    return name.rstrip(".") + colon + port


def host_of(url: str) -> str:
    """The host of an address, with its port; empty where there is none."""
    authority = re.split(r"[/?#]", url.partition("://")[2], maxsplit=1)[0]
    return plain(authority.rpartition("@")[2])


@dataclass(frozen=True, slots=True)
class LiveHosts:
    """Hosts of live accounts. In a name `*` stands for one or more labels, or a part of one."""

    names: frozenset[str]
    patterns: tuple[re.Pattern[str], ...]

    def __contains__(self, host: str) -> bool:
        """Whether a host, with a port or without, serves live accounts."""
        known = plain(host)
        return known in self.names or any(one.fullmatch(known) for one in self.patterns)

    def __or__(self, hosts: Iterable[str]) -> "LiveHosts":
        """These hosts and others."""
        more = live_hosts(hosts)
        return LiveHosts(self.names | more.names, (*self.patterns, *more.patterns))


def live_hosts(hosts: Iterable[str]) -> LiveHosts:
    """The hosts of these names."""
    known = {plain(host) for host in hosts} - {""}
    wide = sorted(host for host in known if "*" in host)
    return LiveHosts(frozenset(known.difference(wide)), tuple(map(matching, wide)))


def matching(host: str) -> re.Pattern[str]:
    """What matches the hosts that a name with `*` stands for."""
    return re.compile("[a-z0-9.-]+".join(map(re.escape, host.split("*"))))


@cache
def shipped() -> LiveHosts:
    """The live hosts of every vault's facts."""
    data = files("forwardc.plan").joinpath("data/live_hosts.json").read_text("utf-8")
    return live_hosts(json.loads(data)["hosts"])
