"""Which host a request to a served sandbox means, however the client could name it.

Knows no vendor. In this order: a Host header of a party; `X.localhost`, where X is a host or a
party's short name; the port, where it is a party's own; the first path segment.
"""

from collections.abc import Mapping
from urllib.parse import urlsplit

from forwardc.sandbox.errors import SandboxError
from forwardc.sandbox.hosts import EmulatedParties, Scope, is_host_name, is_local

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
    return is_host_name(name) or parties.called(name) is not None


def _called(name: str, parties: EmulatedParties, path: str) -> str:
    if is_host_name(name):
        return name
    party = parties.called(name)
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
