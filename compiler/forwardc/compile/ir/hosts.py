"""Which hosts a request may name, and which paths mean the same to every server on the way.

A host is a public name, or what else an operator's own network has; what a name stands for is
judged when it is called. A path is refused where one server could read another path in it.
"""

import re
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Final

# RFC 1123, section 2.1, in lower case; RFC 1035, section 2.3.4, for the lengths.
_LABEL: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_LONGEST: Final = 253
"""Characters of a name: RFC 1035 allows 255 octets, of which two are no text of it."""
_PORT: Final = re.compile(r"[1-9][0-9]{0,4}")
_LAST_PORT: Final = 65535
"""Ports have 16 bits (RFC 9293, section 3.1)."""
# A last label that is digits or 0x... makes the whole an address of IPv4 to most resolvers, in
# whichever spelling (WHATWG URL, section 3.5).
_TOP: Final = re.compile(r"[a-z]{2,63}|xn--[a-z0-9-]{1,59}")

# IANA's registry of special-use names, ICANN's resolutions on `internal`, `home`, `corp` and
# `mail`, and what RFC 6762, appendix G, finds in private networks.
_NOT_PUBLIC: Final = frozenset(
    {"alt", "arpa", "corp", "home", "internal", "intranet", "invalid", "lan", "local"}
    | {"localdomain", "localhost", "mail", "onion", "private"}
)


def name_problem(host: str) -> str | None:
    """What is wrong with a host as a public name; None where nothing is. `host` has no port.

    Names below `example` pass: they belong to nobody and lead nowhere (RFC 2606), and stand in for
    a partner's host.
    """
    problem = _form_problem(host)
    if problem is not None:
        return problem
    labels = host.split(".")
    if len(labels) < 2:
        return "it has one label only, which is no public name"
    if not _TOP.fullmatch(labels[-1]):
        return "it is an address, or ends like one: a host is called by its name"
    if labels[-1] in _NOT_PUBLIC:
        return "its last label is reserved for private networks and special uses"
    return None


def private_problem(host: str) -> str | None:
    """What is wrong with a host of a private network; None where nothing is.

    It is a name of any kind, or an address of IPv4 or, in brackets, of IPv6, as RFC 5952 has it.
    """
    if host.startswith("[") or _is_numeric(host):
        return None if _is_address(host) else "it is neither a name nor an address of one machine"
    return _form_problem(host)


def is_for_tests(host: str) -> bool:
    """Whether a host has a name that networks give to what is tested (RFC 6761, section 6.2)."""
    return host.rpartition(".")[2] == "test"


def port_problem(port: str) -> str | None:
    """What is wrong with the port behind a host, without the colon; None where nothing is."""
    if not _PORT.fullmatch(port) or int(port) > _LAST_PORT:
        return "its port is no number from 1 to 65535 in plain digits"
    return "its port is that of https already: leave it out" if port == "443" else None


def _form_problem(host: str) -> str | None:
    if len(host) > _LONGEST:
        return f"it has more than {_LONGEST} characters"
    for label in host.split("."):
        if not _LABEL.fullmatch(label):
            return "it is no plain name: labels of a-z, 0-9 and -, at most 63 characters each"
        if label[2:4] == "--" and not _is_punycode(label):
            return "a label has -- in it and is no internationalised name (RFC 5891)"
    return None


def _is_punycode(label: str) -> bool:
    import idna

    try:
        return idna.encode(idna.decode(label)).decode() == label
    except (idna.IDNAError, UnicodeError):
        return False


def _is_numeric(host: str) -> bool:
    last = host.rpartition(".")[2]
    return last.isdigit() or re.fullmatch(r"0x[0-9a-f]*", last) is not None


def _is_address(host: str) -> bool:
    try:
        if host.startswith("["):
            inner = host[1:-1]
            six = IPv6Address(inner)
            plain = host.endswith("]") and str(six) == inner and six.scope_id is None
            return plain and not (six.is_multicast or six.is_unspecified)
        four = IPv4Address(host)
        # 0.0.0.0/8 is this network, and 240.0.0.0/4 has never been given to anybody.
        return str(four) == host and 0 < four.packed[0] < 224
    except AddressValueError:
        return False


_ESCAPE: Final = re.compile(r"%([0-9A-Fa-f]{2})?")
_DOTS: Final = frozenset({".", ".."})
# Some servers resolve these before they look at a path, others after, and some once more.
_CLIMBS: Final = {
    ".": "a dot",
    ";": "a semicolon",
    "/": "a slash",
    "\\": "a backslash",
    "%": "a percent sign",
}


def path_problem(path: str) -> str | None:
    """What could make a path lead elsewhere; None where nothing can.

    Looks at dots in segments, also in front of `;`, at empty segments, at backslashes, and at
    escapes of what servers do not agree on.
    """
    if "\\" in path:
        return "it holds a backslash, which some servers read as a slash"
    for escape in _ESCAPE.finditer(path):
        if escape[1] is None:
            return "it holds a % without two hexadecimal digits behind it"
        char = chr(int(escape[1], 16))
        if char in _CLIMBS:
            return f"it holds the escape of {_CLIMBS[char]}, which servers read differently"
        if char < " " or char == "\x7f":
            return "it holds the escape of a control character"
    if "//" in path:
        return "it holds an empty segment, which some servers drop"
    if any(segment.partition(";")[0] in _DOTS for segment in path.split("/")):
        return "it holds a segment `.` or `..`, which leads to another path"
    return None
