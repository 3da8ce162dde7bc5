"""Makes text that came from outside fit to be shown: no secret, no card number, one screen.

Three things are masked: the values that a run knows to be secret, what a name tells of, and what
may be a credential by its look. Where that is in doubt the value is not shown: whoever looks at a
run needs status, reason and identifiers, and no token.
"""

import json
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, Final
from unicodedata import normalize
from urllib.parse import quote, quote_plus, urlsplit

from forwardc.core.diagnostics.render.printable import printable
from forwardc.core.instrument import DIGITS
from forwardc.core.recognizer.cards import find_cards
from forwardc.core.recognizer.scan import mask
from forwardc.core.terms.escaping import UNRESERVED
from forwardc.core.terms.values import MASK, Secret
from forwardc.runtime.http.request import BoundRequest
from forwardc.runtime.run.result import ShownValue

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
# Digits in a name of several words, such as `threeDS2`; a token has more.
_DIGITS_OF_NAMES: Final = 3
_DIGIT: Final = re.compile(r"[0-9]", re.ASCII)
_CASE_CHANGE: Final = re.compile(r"(?=[a-z][A-Z]|[A-Z][a-z])")
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
def is_telling_name(name: str) -> bool:
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
    return any(_is_opaque(match[0]) for match in _OPAQUE.finditer(text))


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
    match = _OPAQUE_IN_PATH.search(piece)
    return match is not None and _is_opaque(match[0])


def _is_opaque(text: str) -> bool:
    has_digit = _DIGIT.search(text) is not None
    if not has_digit and ((text.islower() and "_" in text) or not _mixed(text)):
        return False
    return _UUID.fullmatch(text) is None and _TIME.fullmatch(text) is None


def _mixed(text: str) -> bool:
    """Whether letters change their case again and again, as no word and no name has it."""
    return len(_CASE_CHANGE.findall(text)) * 4 > len(text)


# Characters of a value that is looked for: a shorter one stands in too many words by chance.
_SHORTEST = 3
# Characters of an answer on one line: what a terminal shows without scrolling.
_MOST_CHARACTERS = 600
_TELLING_WORDS = "|".join(WORDS)
_NAME = rf"[\w.\[\]-]{{0,40}}(?:{_TELLING_WORDS})[\w.\[\]-]{{0,40}}"
# What an answer may hold that only its name gives away: as JSON, as a form, as XML, where a name
# may have a prefix and be an attribute's.
_NAMED_VALUES = (
    re.compile(rf'("{_NAME}"\s*:\s*)("(?:[^"\\]|\\.)*"?|[\w.+-]+)', re.IGNORECASE),
    re.compile(rf"((?:^|[&?\s])(?:[\w.-]{{1,40}}:)?(?:{_NAME})=)([^&\s]+)", re.IGNORECASE),
    re.compile(rf"(<(?:[\w.-]{{1,40}}:)?{_NAME}(?:\s[^>]{{0,200}})?>)([^<]+)", re.IGNORECASE),
)


class Redactor:
    """Replaces every tainted value of a run by `***`, however it was encoded."""

    __slots__ = ("_hidden", "_longest_first")

    def __init__(self) -> None:
        self._hidden: set[str] = set()
        self._longest_first: tuple[str, ...] = ()

    def hide_values(self, values: Mapping[str, Any]) -> None:
        """Hide every `Secret` among the values of a scope."""
        for name, value in values.items():
            # A brand or country is a word that stands in many texts, and of no use to anybody.
            is_word = name.startswith("instrument.") and name not in DIGITS
            if isinstance(value, Secret) and not is_word:
                self._hide(_leaves(value.reveal()))

    def hide_request(self, request: BoundRequest) -> None:
        """Hide every header value that is shown masked, such as a computed credential.

        One that is hidden by the values in it needs no more.
        """
        shown = dict(request.shown.headers)
        masked = (pair for pair in request.headers if shown.get(pair[0]) != pair[1])
        self._hide(value for name, value in masked if self._replaced(value) != shown.get(name))

    def hide(self, text: str) -> str:
        """A text without the run's tainted values and card numbers, and otherwise unchanged."""
        return mask(self._replaced(text))

    def shown(self, value: ShownValue) -> ShownValue:
        """An output as it is shown: text masked, and a number where it looks like a card's."""
        if isinstance(value, bool) or value is None:
            return value
        hidden = self.hide(str(value))
        return hidden if isinstance(value, str) or hidden != str(value) else value

    def identifier(self, text: str) -> str:
        """A vault's id without the run's tainted values. Whole, or nobody could ask for it again.

        One that looks like a card number is masked where it is shown.
        """
        return self._replaced(text)

    def text(self, text: str) -> str:
        """A whole answer on one line, also without what its names give away, cut after 600."""
        shown = " ".join(printable(self.hide(without_telling_names(text))).split())
        return shown if len(shown) <= _MOST_CHARACTERS else shown[:_MOST_CHARACTERS] + "..."

    def _replaced(self, text: str) -> str:
        for value in self._longest_first:
            text = text.replace(value, MASK)
        return text

    def _hide(self, values: Iterable[str]) -> None:
        long_enough = {value for value in values if len(value) >= _SHORTEST}
        new = set().union(*map(_spellings, long_enough)) - self._hidden
        if new:
            self._hidden |= new
            # So that no value leaves the rest of a longer one behind.
            self._longest_first = tuple(sorted(self._hidden, key=len, reverse=True))


def without_telling_names(text: str) -> str:
    """A text without the values that only their names give away, as JSON, form or XML has them."""
    for telling in _NAMED_VALUES:
        text = telling.sub(rf"\1{MASK}", text)
    return text


def count_cards(text: str) -> int:
    """How many card numbers a text holds."""
    return len(find_cards(text))


def _spellings(value: str) -> set[str]:
    if UNRESERVED.issuperset(value):
        return {value}
    escaped = {json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}
    quoted = {spell(value, safe="", errors="replace") for spell in (quote, quote_plus)}
    return {value, *escaped, *quoted}


def _leaves(value: Any) -> Iterable[str]:
    if isinstance(value, dict):
        for item in value.values():
            yield from _leaves(item)
    elif isinstance(value, list):
        for item in value:
            yield from _leaves(item)
    elif value is not None and not isinstance(value, bool):
        yield str(value)
