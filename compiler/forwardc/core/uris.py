"""The addresses that a `uri` param takes: https and http, or the schemes that its author names.

RFC 3986 is the rule, narrowed by what browsers and phones do with a scheme.
"""

import re
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

DEFAULT_SCHEMES: Final = ("https", "http")

# RFC 3986, section 3.1, in the lower case that it asks producers for.
_SCHEME: Final = re.compile(r"[a-z][a-z0-9+.-]{0,63}")
_WEB: Final = frozenset(DEFAULT_SCHEMES)
_NOT_IN_A_URI: Final = frozenset('"<>\\^`{|}')
# What runs code, shows local or foreign content, or starts something else than an app's own page.
_NEVER: Final = frozenset(
    "javascript livescript mocha vbscript data file blob filesystem about view-source intent "
    "android-app content jar resource res chrome chrome-extension moz-extension "
    "safari-extension edge opera shell search-ms feed wyciwyg mhtml mk its cid mid ws wss ftp "
    "mailto tel sms sip callto facetime market itms itms-apps itms-services urn tag".split()
)
_NEVER_BEGINS: Final = ("ms-", "x-apple-", "jar+", "feed+", "view-")


def scheme_problem(scheme: str) -> str | None:
    """Why no param may allow a scheme, as the end of a message; None where one may."""
    if not _SCHEME.fullmatch(scheme):
        return "is no scheme: a lower-case letter, then letters, digits, +, . and -"
    if scheme in _NEVER or scheme.startswith(_NEVER_BEGINS):
        return "is a scheme that no address of a run may have"
    return None


def uri_problem(text: str, schemes: Sequence[str] = ()) -> str | None:
    """Why a text is no such address, as the end of a message; None where it is.

    `schemes` are those that are taken; without any, https and http.
    """
    if not all("!" <= char <= "~" for char in text) or not _NOT_IN_A_URI.isdisjoint(text):
        return "must be a URL in ASCII, with everything else percent-encoded"
    try:
        parts = urlsplit(text)
        host, _port = parts.hostname, parts.port
    except ValueError:
        return "must be a URL"
    taken = schemes or DEFAULT_SCHEMES
    if not _is_taken(text, parts.scheme, bool(host), taken):
        return f"must be {_listed(taken)} URL"
    if "@" in parts.netloc:
        return "must be a URL without a user name or password"
    return None


def _is_taken(text: str, scheme: str, has_host: bool, taken: Sequence[str]) -> bool:
    if scheme not in taken or scheme_problem(scheme):
        return False
    if scheme in _WEB:
        return has_host
    # Systems compare an app's scheme letter by letter, and what follows is a place, not code.
    return text.startswith(f"{scheme}:/")


def _listed(schemes: Sequence[str]) -> str:
    """`an https or http`, for a message."""
    *before, last = schemes
    article = "an" if schemes[0][0] in "aeiou" or schemes[0] in _WEB else "a"
    if not before and last == "http":
        article = "an"
    return f"{article} {', '.join(before)} or {last}" if before else f"{article} {last}"
