"""Tells which host and path a request is for: its target and Host field, by RFC 9112, section 3.2.

What cannot be right is refused; what is right comes out in one form, so that no two readers behind
this one see two requests.
"""

import re
from collections.abc import Iterable, MutableMapping
from ipaddress import IPv6Address
from typing import Any, Final, TypeAlias
from urllib.parse import unquote

from forwardc.core.dataclass import dataclass
from forwardc.core.diagnostics.errors import ForwardcError

Scope: TypeAlias = MutableMapping[str, Any]
"""A request as ASGI tells it."""

TARGET: Final = "forwardc.target"
"""The member of a scope with the target as it came, where a parser takes it apart before."""

_ABSOLUTE: Final = re.compile(rb"(https?)://([^/?#]*)(/[^?#]*)?(?:\?([^#]*))?", re.IGNORECASE)
# A registered name or an IPv4 address, or an IPv6 address in brackets (RFC 3986, section 3.2.2).
_AUTHORITY: Final = re.compile(
    rb"(?:\[([0-9A-Fa-f:.]+)\]|((?:[A-Za-z0-9._~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+))(?::([0-9]{0,5}))?"
)
# RFC 6335, section 6: a port is a number of 16 bits.
_LARGEST_PORT: Final = 65_535


class RequestTargetError(ForwardcError):
    """A request is for nothing that can be said. The text is the rule that it breaks."""


@dataclass(frozen=True, slots=True)
class RequestTarget:
    """What a request is for. `authority` is None where an HTTP/1.0 caller names no host."""

    path: bytes
    query: bytes
    authority: bytes | None


def normalize_target(scope: Scope) -> bool:
    """Bring a scope to origin-form, with the Host field that counts; whether it was another one.

    Raises `RequestTargetError`.
    """
    headers: list[tuple[bytes, bytes]] = scope["headers"]
    hosts = [value.strip(b" \t") for name, value in headers if name == b"host"]
    path, query = scope.get("raw_path") or scope["path"].encode(), scope["query_string"]
    target = scope.pop(TARGET, None) or (path + b"?" + query if query else path)
    must = scope.get("http_version", "1.1") != "1.0"
    target_or_problem = parse_target(scope["method"], target, hosts, must_name=must)
    if target.startswith(b"/"):
        return False
    scope["raw_path"], scope["query_string"] = target_or_problem.path, target_or_problem.query
    scope["path"] = unquote(target_or_problem.path.decode("ascii"))
    if target_or_problem.authority is not None:
        rest = [pair for pair in headers if pair[0] != b"host"]
        headers[:] = [(b"host", target_or_problem.authority), *rest]
    return True


def parse_target(
    method: str, target: bytes, hosts: list[bytes], *, must_name: bool = True
) -> RequestTarget:
    """What a request is for. `hosts` are its Host fields, which HTTP/1.1 must have one of.

    Raises `RequestTargetError`.
    """
    if len(hosts) > 1 or (must_name and not hosts):
        raise RequestTargetError("A request has one Host field.")
    for host in hosts:
        host_name(host)
    if not target.isascii() or b"#" in target:
        raise RequestTargetError("The request's target is not valid.")
    named = hosts[0] if hosts else None
    if target.startswith(b"/"):
        path, _, query = target.partition(b"?")
        return RequestTarget(path, query, named)
    if target == b"*":
        if method != "OPTIONS":
            raise RequestTargetError("Only OPTIONS asks for all of a server.")
        return RequestTarget(target, b"", named)
    return _absolute(method, target)


def _absolute(method: str, target: bytes) -> RequestTarget:
    """What names its host in the target is for that host, whatever the Host field says."""
    parts = _ABSOLUTE.fullmatch(target)
    if parts is None or method == "CONNECT":
        raise RequestTargetError("The request's target is not valid.")
    _, authority, path, query = parts.groups()
    host_name(authority)
    if path is None:
        path = b"*" if method == "OPTIONS" and query is None else b"/"
    return RequestTarget(path, query or b"", authority)


def host_name(authority: bytes) -> str:
    """The name in a Host field or a target, in lower case and without its port.

    Raises `RequestTargetError` where it is none: empty, with a user before it, or misspelt.
    """
    parts = _AUTHORITY.fullmatch(authority)
    if parts is None or int(parts[3] or 0) > _LARGEST_PORT:
        raise RequestTargetError("The request names no host that is one.")
    if parts[1] is None:
        return parts[2].decode().lower()
    try:
        IPv6Address(parts[1].decode())
    except ValueError:
        raise RequestTargetError("The request names no host that is one.") from None
    return parts[1].decode().lower()


def own_names(bound: str, also: Iterable[str] = ()) -> frozenset[str]:
    """The names under which an address is asked: itself, and for loopback what stands for it."""
    return frozenset(
        {"127.0.0.1", "localhost", "::1", bound.lower(), *(name.lower() for name in also)}
    )
