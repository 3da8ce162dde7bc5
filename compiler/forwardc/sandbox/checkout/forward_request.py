"""Reads and checks the body of POST /forward: everything that is wrong is named at once.

Members, limits and choices are tables of `vault_tables.py`; here is what no table can say: a URL
that can be called, names of headers, pairs.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from forwardc.sandbox.checkout import vault_tables as tables
from forwardc.sandbox.checkout.clients import CheckoutAccount, check_channel
from forwardc.sandbox.checkout.request_checks import RequestFaults, check, check_kind

_HEADER_NAME = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
# These frame the message: a caller who sets them could smuggle a second request.
_FRAMING = ("content-length", "transfer-encoding", "connection", "upgrade", "te", "trailer")
_TO = "destination_request"
_HEADERS = f"{_TO}.headers"

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class ForwardSignature:
    """How the final request is signed; the parameters are templates."""

    kind: str
    parameters: dict[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class ForwardRequest:
    """A checked request. Texts of headers, query, variables, body and signature are templates."""

    source: dict[str, Any]
    network_token: dict[str, Any]
    url: str
    method: str
    raw_headers: tuple[Pair, ...] = field(repr=False)
    encrypted_headers: str | None = field(repr=False)
    body: str = field(repr=False)
    query: tuple[Pair, ...] = field(repr=False)
    variables: tuple[Pair, ...] = field(repr=False)
    signature: ForwardSignature | None
    reference: str | None


def read(account: CheckoutAccount, document: dict[str, Any]) -> ForwardRequest:
    """Check everything and name every fault at once. Raises `CheckoutError` (422)."""
    body = _let_through(account, document)
    faults = RequestFaults()
    check(faults, body, tables.FORWARD)
    check_kind(faults, body.get("source"), "source", tables.FORWARD_SOURCES)
    to = body.get(_TO)
    if isinstance(to, dict):
        _check_destination(faults, to)
    check_channel(account, faults, body)
    faults.stop()
    return _request(body, body[_TO])


def _let_through(account: CheckoutAccount, document: dict[str, Any]) -> dict[str, Any]:
    """The body without what a laxness takes: each slip of it is noted, not the first only."""
    body = dict(document)
    members = {rule.path for rule in tables.FORWARD}
    strange = [name for name in body if name not in members]
    if strange and account.lets("checkout_unknown_members", "body"):
        body = {name: value for name, value in body.items() if name in members}
    source = body.get("source")
    if (
        isinstance(source, dict)
        and source.get("type") == "token"
        and "token" not in source
        and "id" in source
        and account.lets("checkout_token_as_id", "source.id")
    ):
        # An example of the documents writes a token's id so; no SDK does.
        body["source"] = {("token" if n == "id" else n): value for n, value in source.items()}
    to = body.get(_TO)
    headers = to.get("headers") if isinstance(to, dict) else None
    if (
        isinstance(to, dict)
        and isinstance(headers, dict)
        and headers.get("encrypted") in ("", {})
        and account.lets("checkout_empty_encrypted", f"{_HEADERS}.encrypted")
    ):
        # Calls in the documents show both.
        body[_TO] = {**to, "headers": {**headers, "encrypted": None}}
    return body


def _check_destination(faults: RequestFaults, to: dict[str, Any]) -> None:
    url = to.get("url")
    if isinstance(url, str) and f"{_TO}.url" not in faults.by_path and not _is_https(url):
        faults.add(f"{_TO}.url", "invalid")
    headers = to.get("headers")
    raw = headers.get("raw") if isinstance(headers, dict) else None
    if isinstance(raw, dict) and not all(map(_is_header, raw.items())):
        faults.add(f"{_HEADERS}.raw", "invalid")
    for member in ("query", "variables"):
        items = to.get(member)
        if isinstance(items, list) and not all(map(_is_pair, items)):
            faults.add(f"{_TO}.{member}", "invalid")
    if to.get("signature") is not None:
        check_kind(faults, to["signature"], f"{_TO}.signature", tables.SIGNATURES)


def _request(body: Mapping[str, Any], to: Mapping[str, Any]) -> ForwardRequest:
    return ForwardRequest(
        source=body["source"],
        network_token=body.get("network_token") or {},
        url=to["url"],
        method=to["method"],
        raw_headers=tuple(to["headers"]["raw"].items()),
        encrypted_headers=to["headers"].get("encrypted"),
        body=to["body"],
        query=_pairs(to.get("query")),
        variables=_pairs(to.get("variables")),
        signature=_signature(to.get("signature")),
        reference=body.get("reference"),
    )


def _pairs(items: list[dict[str, str]] | None) -> tuple[Pair, ...]:
    return tuple((item["name"], item["value"]) for item in items or ())


def _signature(signature: Mapping[str, Any] | None) -> ForwardSignature | None:
    if signature is None:
        return None
    parameters = signature[f"{signature['type']}_parameters"]
    return ForwardSignature(
        signature["type"], {n: text for n, text in parameters.items() if text is not None}
    )


def _is_https(url: str) -> bool:
    if not re.fullmatch(r"[!-~]+", url) or "{{" in url:
        return False
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    plain = parts.username is None and not parts.fragment and port != 0
    return parts.scheme == "https" and bool(parts.hostname) and plain


def _is_header(pair: tuple[str, object]) -> bool:
    return is_header_name(pair[0]) and isinstance(pair[1], str)


def is_header_name(name: str) -> bool:
    """Whether a caller may set a header of this name."""
    return bool(re.fullmatch(_HEADER_NAME, name)) and name.lower() not in _FRAMING


def _is_pair(item: object) -> bool:
    if not isinstance(item, dict) or set(item) != {"name", "value"}:
        return False
    return bool(item["name"]) and all(isinstance(text, str) for text in item.values())
