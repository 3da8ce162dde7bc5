"""Reads and checks the body of POST /forward.

Knows no template and no vault data. Limits from the comments of SDK-net (DestinationRequest.cs,
Headers.cs, IdSource.cs); `pin_token`, `store_for_future_use` and `signature: visa` from the docs
page only. `network_token.required` is an assumption of ours.
"""

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from forwardc.sandbox.checkout.body import Faults
from forwardc.sandbox.checkout.tokens import PATTERN as TOKEN
from forwardc.sandbox.laxness import Lets

METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE")
MAX_URL = 1024
MAX_BODY = 16384
MAX_ENCRYPTED = 8192
MAX_REFERENCE = 80
MAX_RAW_HEADERS = 16
_HEADER_NAME = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
# These frame the message: a caller who sets them could smuggle a second request.
_FRAMING = ("content-length", "transfer-encoding", "connection", "upgrade", "te", "trailer")
_DESTINATION = "destination_request"
_SIGNATURES = {
    "visa": ("visa_parameters", ("shared_secret",), ("remove_resource_path_prefix",)),
    "dlocal": ("dlocal_parameters", ("secret_key",), ()),
}

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Signature:
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
    signature: Signature | None
    reference: str | None


def read(body: dict[str, Any], lets: Lets) -> ForwardRequest:
    """Check everything and name every fault at once. Raises `Refused` (422)."""
    faults = Faults()
    known = ("source", _DESTINATION, "reference", "processing_channel_id", "network_token")
    destination = faults.mapping(body, _DESTINATION, required=True)
    if not set(body) <= set(known) and not lets("checkout_unknown_members", "body"):
        faults.only(body, "", *known)
    source = _source(faults, body, lets)
    token = _network_token(faults, body)
    reference = faults.text(body, "reference", longest=MAX_REFERENCE)
    faults.text(body, "processing_channel_id", pattern=r"pc_\w{26}")
    url, method = _target(faults, destination)
    raw, encrypted = _headers(faults, destination, lets)
    text = _body(faults, destination)
    query = _pairs(faults, destination, "query")
    variables = _pairs(faults, destination, "variables")
    signature = _signature(faults, destination)
    faults.stop()
    return ForwardRequest(
        source, token, url, method, raw, encrypted, text, query, variables, signature, reference
    )


def _source(faults: Faults, body: dict[str, Any], lets: Lets) -> dict[str, Any]:
    source = faults.mapping(body, "source", required=True)
    if "source" in faults.found:
        return source
    by_id = source.get("type") == "token" and "id" in source and "token" not in source
    if by_id and lets("checkout_token_as_id", "source.id"):
        # An example of the documents writes a token's id so; no SDK does.
        source = {("token" if name == "id" else name): value for name, value in source.items()}
    kind = faults.text(source, "source.type", required=True, pattern="id|token")
    if kind == "id":
        faults.text(source, "source.id", required=True, pattern=r"src_\w{26}")
        faults.text(source, "source.cvv_token", pattern=TOKEN)
        faults.text(source, "source.pin_token", pattern=TOKEN)
        faults.only(source, "source", "type", "id", "cvv_token", "pin_token")
    if kind == "token":
        faults.text(source, "source.token", required=True, pattern=TOKEN)
        faults.flag(source, "source.store_for_future_use")
        faults.only(source, "source", "type", "token", "store_for_future_use")
    return source


def _network_token(faults: Faults, body: dict[str, Any]) -> dict[str, Any]:
    token = faults.mapping(body, "network_token")
    members = ("enabled", "request_cryptogram", "required")
    faults.only(token, "network_token", *members)
    # request_cryptogram "must be provided", but SDK-go cannot send false: absent means false.
    return {name: faults.flag(token, f"network_token.{name}") for name in members}


def _target(faults: Faults, destination: dict[str, Any]) -> Pair:
    path = f"{_DESTINATION}.url"
    url = faults.text(destination, path, required=True, longest=MAX_URL)
    if url is not None and not _is_https(url):
        faults.add(path, "invalid")
    method = faults.text(
        destination, f"{_DESTINATION}.method", required=True, pattern="|".join(METHODS)
    )
    return url or "", method or ""


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


def _headers(
    faults: Faults, destination: dict[str, Any], lets: Lets
) -> tuple[tuple[Pair, ...], str | None]:
    path = f"{_DESTINATION}.headers"
    headers = faults.mapping(destination, path, required=True)
    raw = faults.mapping(headers, f"{path}.raw", required=path not in faults.found)
    if len(raw) > MAX_RAW_HEADERS:
        faults.add(f"{path}.raw", "too_many")
    for name, value in raw.items():
        if not is_header_name(name) or not isinstance(value, str):
            faults.add(f"{path}.raw", "invalid")
    encrypted = headers.get("encrypted")
    empty = encrypted is not None and not encrypted
    if empty and lets("checkout_empty_encrypted", f"{path}.encrypted"):
        # Calls in the documents show `{}` and an empty string.
        encrypted = None
    faults.text({"encrypted": encrypted}, f"{path}.encrypted", longest=MAX_ENCRYPTED)
    faults.only(headers, path, "raw", "encrypted")
    return tuple(raw.items()), encrypted


def is_header_name(name: str) -> bool:
    """Whether a caller may set a header of this name."""
    return bool(re.fullmatch(_HEADER_NAME, name)) and name.lower() not in _FRAMING


def _body(faults: Faults, destination: dict[str, Any]) -> str:
    path = f"{_DESTINATION}.body"
    members = ("url", "method", "headers", "body", "query", "variables", "signature")
    faults.only(destination, _DESTINATION, *members)
    return faults.text(destination, path, required=True, longest=MAX_BODY) or ""


def _pairs(faults: Faults, destination: dict[str, Any], member: str) -> tuple[Pair, ...]:
    path = f"{_DESTINATION}.{member}"
    items = destination.get(member)
    if items is None:
        return ()
    if not isinstance(items, list) or not all(_is_pair(item) for item in items):
        faults.add(path, "invalid")
        return ()
    return tuple((item["name"], item["value"]) for item in items)


def _is_pair(item: object) -> bool:
    if not isinstance(item, dict) or set(item) != {"name", "value"}:
        return False
    return bool(item["name"]) and all(isinstance(text, str) for text in item.values())


def _signature(faults: Faults, destination: dict[str, Any]) -> Signature | None:
    path = f"{_DESTINATION}.signature"
    signature = faults.mapping(destination, path)
    if destination.get("signature") is None or path in faults.found:
        return None
    # `mastercard` is unconfirmed and its key format unknown: refused.
    kind = faults.text(signature, f"{path}.type", required=True, pattern="|".join(_SIGNATURES))
    if kind is None:
        return None
    owner, required, optional = _SIGNATURES[kind]
    faults.only(signature, path, "type", owner)
    members = faults.mapping(signature, f"{path}.{owner}", required=True)
    faults.only(members, f"{path}.{owner}", *required, *optional)
    parameters = {
        name: faults.text(members, f"{path}.{owner}.{name}", required=name in required)
        for name in (*required, *optional)
    }
    return Signature(kind, {name: text for name, text in parameters.items() if text is not None})
