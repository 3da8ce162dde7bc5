"""Masks what an excerpt of a source must not show: credentials of any vendor, and random text.

Loaded with the first excerpt only. Better too much masked than a key shown: `scan` is the exact
table, by which a destination is refused; this one guesses. docs/decisions/0011 says why it is ours.
"""

import re
from base64 import b64decode
from binascii import Error
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from math import log2
from typing import Final

from forwardc.core.recognizer.scan import mask

# Every quantifier is bounded or possessive, so that no input takes more than linear time.
_EDGE = r"(?<![A-Za-z0-9])"
_NAMED: Final = tuple(
    re.compile(_EDGE + shape)
    for shape in (
        # docs.github.com, "Token types"; docs.gitlab.com, "Token overview".
        r"(?:gh[a-z]_[A-Za-z0-9]{20,255}|github_pat_\w{20,255}|gl[a-z]{2,8}-[\w.-]{20,255})",
        # docs.aws.amazon.com, IAM, "Unique identifiers".
        r"A(?:3T[A-Z0-9]|BIA|CCA|KIA|SIA|ROA|IDA|GPA)[A-Z0-9]{16}",
        # cloud.google.com/docs: API keys, OAuth client secrets, access and refresh tokens.
        r"(?:AIza[\w-]{30,64}|GOCSPX-[\w-]{20,64}|ya29\.[\w.-]{20,2048}|1//0[\w-]{20,512})",
        # docs.slack.dev, "Tokens" and "Incoming webhooks".
        r"(?:xox[a-z]-[\w.-]{10,512}|xapp-[\w.-]{10,512})",
        r"hooks\.slack\.com/[a-z]{1,20}/[\w/-]{10,255}",
        # Registries and clouds that a runner has keys of, by the prefixes that they document.
        r"(?:npm_[A-Za-z0-9]{20,255}|pypi-[\w-]{20,512}|SG\.[\w-]{10,64}\.[\w-]{10,128})",
        r"(?:hv[a-z]\.[\w-]{20,255}|do[a-z]_v1_[a-f0-9]{20,128}|dapi[a-f0-9]{20,64})",
        r"(?:sq0[a-z]{3}-[\w-]{20,64}|shp[a-z]{2}_[A-Za-z0-9]{20,64}|SK[a-f0-9]{32})",
        r"(?:sk-[\w-]{16,255}|key-[a-f0-9]{20,64}|AGE-SECRET-KEY-1[A-Z0-9]{20,80})",
        r"[spr]k_(?:live|test|sbox)_[\w-]{4,255}",
        # RFC 7515 and 7516: a JSON object in base64url, and what follows its dots.
        r"eyJ[\w-]{8,8192}(?:\.[\w-]{0,8192}){1,4}",
    )
)
# The password of a URL, or a token in its place (RFC 3986, 3.2.1).
_USERINFO: Final = re.compile(r"://(?:[^\s/@:\"'<>]{0,255}:)?([^\s/@\"'<>]{1,512})@")
# hash formats of crypt(3): a password file is all of one colour.
_HASH: Final = re.compile(r"\$(?:[1-7]|2[abxy]|y|gy|sha1|argon2[a-z]{1,2})\$[^\s:\"']{8,512}")
_HEADER: Final = re.compile(
    r"(?i)\b(?:basic|bearer|token)\s{1,8}(?=[^\s\"']{0,64}[0-9=+/])([\w+/.=~-]{8,4096})"
)
_ASSIGNED: Final = re.compile(
    r"(?i)(?:password|passwd|passphrase|pwd|secret|credentials?|authtoken"
    r"|(?:access|account|api|private|shared|secret|signing|encryption|master)[_. -]?key"
    r"|(?:access|auth|refresh|bearer|session)[_. -]?token)"
    r"[\"']?[ \t]{0,16}[:=]{1,2}>?[ \t]{0,16}[\"']?"
    r"([^\s\"'{}\[\]&*/$#,][^\n\"',]{3,4096})"
)
# ~/.netrc, and ~/.pgpass: host, port, database, user, password.
_NETRC: Final = re.compile(r"\blogin\s{1,64}\S{1,255}\s{1,64}password\s{1,64}(\S{1,512})")
_PGPASS: Final = re.compile(
    r"(?m)^[^\s:]{1,255}:(?:[0-9]{1,5}|\*):[^\s:]{1,128}:[^\s:]{1,128}:(.+)$"
)
# ~/.docker/config.json: user and password in base64.
_DOCKER: Final = re.compile(r"auth[\"']?\s{0,8}[:=]\s{0,8}[\"']?([A-Za-z0-9+/]{8,4096}={0,2})")
_RUN: Final = re.compile(r"[A-Za-z0-9+/_=-]{20,}+")
_CLASSES: Final = str.maketrans(
    {
        **dict.fromkeys("abcdefghijklmnopqrstuvwxyz", "a"),
        **dict.fromkeys("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "A"),
        **dict.fromkeys("0123456789", "0"),
        **dict.fromkeys("+/_=-", None),
    }
)


def mask_excerpt(text: str) -> str:
    """The text with everything masked that may be a credential or a card; its length stays."""
    shown = list(mask(text))
    for start, end in _spans(text):
        shown[start:end] = [char if char in "\r\n" else "*" for char in shown[start:end]]
    return "".join(shown)


def _spans(text: str) -> Iterator[tuple[int, int]]:
    for shape in (*_NAMED, _HASH):
        yield from (hit.span() for hit in shape.finditer(text))
    for shape in (_USERINFO, _HEADER, _NETRC, _PGPASS):
        yield from (hit.span(1) for hit in shape.finditer(text))
    # A value that is told by an expression is no value.
    yield from (hit.span(1) for hit in _ASSIGNED.finditer(text) if "${" not in hit[1])
    yield from (hit.span(1) for hit in _DOCKER.finditer(text) if _is_user_and_password(hit[1]))
    yield from (hit.span() for hit in _RUN.finditer(text) if _is_random(hit[0]))


def _is_user_and_password(text: str) -> bool:
    try:
        return b":" in b64decode(text, validate=True)
    except Error:
        return False


def _is_random(run: str) -> bool:
    """Whether a run is no word, name or path of any language: a key, a digest, a random id.

    Random text changes between letters, capitals and digits at every second or third character,
    and repeats few of them. Names do the one or the other.
    """
    classes = run.translate(_CLASSES)
    changes = sum(left != right for left, right in pairwise(classes))
    if "0" in classes:
        # A path has a version and words with a digit here and there.
        few = 0.18 if "/" in run else 0.12
        return changes >= few * len(classes) and _entropy(run) >= 3.0
    capitals = classes.count("A") / max(1, len(classes))
    return changes >= 0.36 * len(classes) and 0.25 <= capitals <= 0.75 and _entropy(run) >= 3.5


def _entropy(text: str) -> float:
    """Shannon's entropy of the characters, in bits for each."""
    whole = len(text)
    return -sum(count / whole * log2(count / whole) for count in Counter(text).values())
