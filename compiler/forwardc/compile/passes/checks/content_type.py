"""FC0514: a Content-Type says what the body is (RFC 9110, section 8.3).

An error where the two cannot both be true, a warning where somebody may mean it. A type that is
made of expressions cannot be judged, and a `text:` body may be anything.
"""

import re
from collections.abc import Iterator
from enum import StrEnum
from typing import Final

from forwardc.compile.passes.checks.rule import Case, Problem
from forwardc.core.terms.terms import Encoding, Lit


class _Family(StrEnum):
    """What a media type says of a body's syntax."""

    JSON = "JSON"
    FORM = "a form"
    XML = "XML"
    MULTIPART = "several parts"
    BINARY = "no text"
    OTHER_TEXT = "another kind of text"
    ANYTHING = "any text or bytes"
    VENDOR = ""


_TYPE: Final = re.compile(r"([A-Za-z0-9!#$&^_.+-]+)/([A-Za-z0-9!#$&^_.+-]+)")
_CHARSET: Final = re.compile(r';[ \t]*charset[ \t]*=[ \t]*"?([^";\s]*)"?', re.IGNORECASE)
_WRITTEN: Final = {
    Encoding.JSON: (_Family.JSON, "application/json"),
    Encoding.FORM: (_Family.FORM, "application/x-www-form-urlencoded"),
    Encoding.XML: (_Family.XML, "application/xml or text/xml"),
}
# Registered types (IANA media types) whose name does not tell by its suffix (RFC 6839).
_KNOWN: Final = {
    **dict.fromkeys(("application/json", "text/json", "application/x-json"), _Family.JSON),
    "application/x-www-form-urlencoded": _Family.FORM,
    **dict.fromkeys(("application/xml", "text/xml"), _Family.XML),
    **dict.fromkeys(
        ("text/html", "text/csv", "application/graphql", "application/jwt", "application/jose"),
        _Family.OTHER_TEXT,
    ),
    **dict.fromkeys(
        ("application/pdf", "application/zip", "application/gzip", "application/cbor"),
        _Family.BINARY,
    ),
    **dict.fromkeys(
        (
            "text/plain",
            "application/octet-stream",
            "application/x-ndjson",
            "application/json-seq",
            "application/yaml",
            "text/yaml",
        ),
        _Family.ANYTHING,
    ),
}
_SUFFIXES: Final = {
    "json": _Family.JSON,
    "xml": _Family.XML,
    "jwt": _Family.OTHER_TEXT,
    "yaml": _Family.ANYTHING,
    **dict.fromkeys(("cbor", "zip", "gzip", "der", "ber", "wbxml"), _Family.BINARY),
}
_TOP_LEVEL: Final = {
    "multipart": _Family.MULTIPART,
    **dict.fromkeys(("image", "audio", "video", "font"), _Family.BINARY),
}


def check(case: Case) -> Iterator[Problem]:
    """A Content-Type that contradicts the body, or how the body is written."""
    body = case.step.request.body
    for pair in case.step.request.headers:
        if body is None or pair.name.lower() != "content-type" or not isinstance(pair.value, Lit):
            continue
        for message, hint, certain in _contradictions(str(pair.value.value), body.encoding):
            span = pair.value.span or pair.span
            yield Problem("FC0514", message, span, hint, warning=not certain)


def _contradictions(value: str, encoding: Encoding) -> Iterator[tuple[str, str, bool]]:
    """Message, hint, and whether both can certainly not be true."""
    charset = _CHARSET.search(value)
    if charset and charset[1].lower() not in ("utf-8", "utf8"):
        message = "the charset of the Content-Type is not UTF-8, in which the body is written"
        certain = charset[1].lower() not in ("us-ascii", "ascii")
        yield message, "write charset=utf-8, or leave it out", certain
    if encoding not in _WRITTEN:
        return
    written, usual = _WRITTEN[encoding]
    hint = f"write {usual}, or leave the header out: it is written for you"
    media_type = _TYPE.fullmatch(value.partition(";")[0].strip(" \t"))
    if media_type is None:
        yield "the Content-Type is no media type, such as application/json", hint, False
        return
    family = _family(media_type[1].lower(), media_type[2].lower())
    if family not in (written, _Family.VENDOR):
        message = f"the Content-Type says {family}, and the body is {written}"
        yield message, hint, family is not _Family.ANYTHING


def _family(top: str, name: str) -> _Family:
    _, plus, suffix = name.rpartition("+")
    by_suffix = _SUFFIXES.get(suffix) if plus else None
    return _KNOWN.get(f"{top}/{name}") or by_suffix or _TOP_LEVEL.get(top) or _Family.VENDOR
