"""Tells which values of an answer may be a credential or card data: by their names, by their look.

Where that is in doubt the value is not shown. Whoever looks at a run needs status, reason and
identifiers, and no token.
"""

import re
from functools import lru_cache
from itertools import pairwise
from typing import Final
from unicodedata import normalize
from urllib.parse import urlsplit

from forwardc.core.terms.values import MASK

WORDS: Final = (
    *("secret", "token", "passw", "key", "auth", "cvc", "cvv", "cvn", "pin", "pan"),
    *("number", "iban"),
)
"""What a name that tells of a credential or a card has in it, wherever it stands."""
_MORE: Final = (
    *("credential", "session", "cookie", "signature", "bearer", "jwt", "nonce", "csrf", "xsrf"),
    *("cryptogram", "cavv", "aav", "fingerprint", "holder", "expir", "expmonth", "expyear"),
    *("assertion", "certificate", "paymentdata", "redirectdata", "sdkdata", "pareq", "pares"),
    *("creq", "cres", "otp", "securitycode", "ticket", "track1", "track2", "trackdata", "hmac"),
    *(
        "nameoncard",
        "cardname",
        "ccname",
        "ccexp",
        "cardexp",
        "validthru",
        "validuntil",
        "cardcode",
    ),
    *("pwd", "passphrase", "passcode", "codeverifier", "tavv", "signedcontent", "cryptedcard"),
)
_TELLING: Final = re.compile("|".join((*WORDS, *_MORE)))
# Too short to be looked for within other words.
_WHOLE: Final = frozenset(
    {
        "md",
        "mac",
        "sig",
        "hash",
        "exp",
        "eci",
        "xid",
        "jwe",
        "jws",
        "cv2",
        "csc",
        "cid",
        "sas",
        "pass",
    }
)
_JOINTS: Final = re.compile(r"[^a-z0-9]+")

# As long as that, and with digits in it: no word, no name, no amount. Ids of payments are shorter.
_OPAQUE: Final = re.compile(r"[A-Za-z0-9+/_=~%*.-]{32,}+")
_OPAQUE_IN_PATH: Final = re.compile(r"[A-Za-z0-9+_=~%*.-]{20,}+")
_DIGITS_OF_NAMES: Final = 3
_DIGIT: Final = re.compile(r"[0-9]", re.ASCII)
_UUID: Final = re.compile(
    r"[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}"
)
_TIME: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{5,18}(?:Z|[+-][0-9:]{2,5})?")
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,30}://")
# Stripe: `pi_..._secret_...` is a client secret under whatever name.
_IN_CLIENT_SECRETS: Final = "_secret_"
_AUTH_SCHEME: Final = re.compile(r"(?:bearer|basic|digest)\s", re.IGNORECASE)
# Shorter than what is opaque, and without what a URL or a document has.
_PLAIN: Final = re.compile(r"(?!(?i:bearer|basic|digest) )[A-Za-z0-9 .,:_+()-]{0,31}")
_PLAIN_NAME: Final = re.compile(r"[A-Za-z_-]{1,31}|[A-Za-z0-9_-]{1,13}")

PLAIN_HEADERS: Final = frozenset(
    {
        *("content-type", "content-length", "content-encoding", "content-language", "date"),
        *("retry-after", "server", "cache-control", "vary", "via", "age", "allow", "etag"),
        *("last-modified", "transfer-encoding", "connection", "stripe-version", "cko-version"),
        *("request-id", "x-request-id", "cko-request-id", "original-request", "pspreference"),
        *("idempotent-replayed", "stripe-should-retry", "x-correlation-id", "traceparent"),
    }
)
"""Headers of an answer that may be shown, in lower case; of any other its name is."""


@lru_cache(maxsize=4096)
def tells(name: str) -> bool:
    """Whether a name says that what it names is a credential, or came from the card."""
    # Full-width letters and the like are the plain ones to whoever reads the name.
    plain = _JOINTS.sub("", normalize("NFKC", name).lower())
    return plain in _WHOLE or _TELLING.search(plain) is not None


def looks_secret(text: str) -> bool:
    """Whether a text may be a credential by its look: long and opaque, or of a known form."""
    if len(text) < 8:
        return False
    if _IN_CLIENT_SECRETS in text or _AUTH_SCHEME.match(text):
        return True
    return any(_is_opaque(found[0]) for found in _OPAQUE.finditer(text))


def is_plain(text: str) -> bool:
    """Whether a text is certainly no URL, no document, and not secret by its look."""
    return _PLAIN.fullmatch(text) is not None and _IN_CLIENT_SECRETS not in text


def is_plain_name(name: str) -> bool:
    """Whether a name is short, with fewer digits than a card number: one of those that recur."""
    return _PLAIN_NAME.fullmatch(name) is not None


def looks_secret_as_name(name: str) -> bool:
    """The same of a name: one of several words may be long and have a digit, as `threeDS2...`."""
    few = sum(map(str.isdigit, name)) <= _DIGITS_OF_NAMES
    return looks_secret(_DIGIT.sub("x", name) if few else name)


def shown_url(text: str) -> str | None:
    """A URL without what may be a credential in it; None where the text is none."""
    if not _SCHEME.match(text):
        return None
    try:
        parts = urlsplit(text)
        host = parts.netloc.rpartition("@")[2]
    except ValueError:
        return MASK
    pieces = (
        MASK if _IN_CLIENT_SECRETS in piece or _is_token(piece) else piece
        for piece in parts.path.split("/")
    )
    path = "/".join(pieces)
    query = f"?{MASK}" if parts.query else ""
    fragment = f"#{MASK}" if parts.fragment else ""
    return f"{parts.scheme}://{host}{path}{query}{fragment}"


def _is_token(piece: str) -> bool:
    found = _OPAQUE_IN_PATH.search(piece)
    return found is not None and _is_opaque(found[0])


def _is_opaque(text: str) -> bool:
    if text.islower() and "_" in text and not any(map(str.isdigit, text)):
        return False
    if not any(map(str.isdigit, text)) and not (_mixed(text)):
        return False
    return _UUID.fullmatch(text) is None and _TIME.fullmatch(text) is None


def _mixed(text: str) -> bool:
    """Whether letters change their case again and again, as no word and no name has it."""
    changes = sum(
        one.islower() != other.islower()
        for one, other in pairwise(text)
        if one.isalpha() and other.isalpha()
    )
    return changes * 4 > len(text)
