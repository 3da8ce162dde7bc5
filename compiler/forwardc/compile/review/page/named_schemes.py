"""The schemes of `sign:` that are computed outside of a vault, in words.

A row for each; a test signs by what each row lists, and compares that with what a run signs.
"""

from collections.abc import Mapping
from typing import Final

from forwardc.compile.ir.program import ProgramRequest
from forwardc.compile.review.page.scheme import Parts, Scheme, body_kind
from forwardc.compile.review.page.wording import WEAK, VendorNames, expression, path_of, query_text
from forwardc.core.signatures import nuvei, ogone
from forwardc.core.signatures.cybersource import BODIES
from forwardc.core.terms.terms import Lit, Map, Term

_TIME: Final = "the time of sending"


def _option(request: ProgramRequest, name: str, names: VendorNames, usual: str = "") -> str:
    options = dict(request.sign.options.entries) if request.sign else {}
    term = options.get(name)
    if isinstance(term, Lit):
        return str(term.value)
    return usual if term is None else expression(term, names)


def _target(request: ProgramRequest, names: VendorNames) -> str:
    path, query = path_of(request.url), query_text(request.query, names)
    return f"{path}?{query}" if query else path


def _cybersource(request: ProgramRequest, names: VendorNames) -> Parts:
    target = _option(request, "request_target", names, "request-target")
    parts = [
        ("host: ", "the host that is called"),
        ("date: ", f"{_TIME}, as the header Date has it"),
        (f"{target}: ", f"{request.method.lower()} {_target(request, names)}"),
    ]
    if request.method in BODIES:
        parts.append(("digest: ", f"SHA-256= and base64 of the SHA-256 of {body_kind(request)}"))
    return [*parts, ("v-c-merchant-id: ", _option(request, "merchant_id", names))]


def _members(request: ProgramRequest) -> dict[str, Term]:
    tree = request.body.tree if request.body else None
    return dict(tree.entries) if isinstance(tree, Map) else {}


def _nuvei(request: ProgramRequest, names: VendorNames) -> Parts:
    members = _members(request)
    fields = nuvei.ORDERS[_option(request, "request", names)]
    values = [
        (name, expression(members[name], names) if name in members else "empty") for name in fields
    ]
    return [*values, ("secret", "at the end")]


def _ogone(request: ProgramRequest, names: VendorNames) -> Parts:
    members = {name: term for name, term in _members(request).items() if name != ogone.FIELD}
    ordered = sorted(members.items(), key=lambda member: member[0].upper().encode())
    return [
        (f"{name.upper()}=", f"{expression(term, names)}, then the secret")
        for name, term in ordered
    ]


def _ogone_algorithm(request: ProgramRequest, names: VendorNames) -> str:
    chosen = _option(request, "hash", names, "sha512")
    name = {"sha1": f"SHA-1, {WEAK}", "sha256": "SHA-256", "sha512": "SHA-512"}[chosen]
    return f"{name}; upper-case hexadecimal"


def _oauth(request: ProgramRequest, names: VendorNames) -> Parts:
    said = [
        query_text(request.query, names) or "no query",
        f"consumer key {_option(request, 'consumer_key', names)}",
        f"a nonce, {_TIME}, RSA-SHA256, version 1.0",
        f"base64 of the SHA-256 of {body_kind(request)}",
    ]
    return [
        ("method", request.method),
        ("address, percent-encoded", f"the host that is called, then {path_of(request.url)}"),
        ("parameters, sorted and percent-encoded", "; ".join(said)),
    ]


def _components(request: ProgramRequest, names: VendorNames) -> Parts:
    said = request.sign.said.get("components", ()) if request.sign else ()
    components = said if isinstance(said, tuple) else ()
    parts = [(f'"{name}": ', _component(str(name), request, names)) for name in components]
    said = [f"the list itself, {_TIME}, the key {_option(request, 'key_id', names)}"]
    if request.sign and request.sign.said.get("nonce") is True:
        said.append("a nonce")
    if tag := _option(request, "tag", names):
        said.append(f"the tag {tag}")
    return [*parts, ('"@signature-params": ', ", ".join(said))]


def _component(name: str, request: ProgramRequest, names: VendorNames) -> str:
    if name == "content-digest":
        chosen = _option(request, "content_digest", names, "sha-256")
        return f"{chosen} and base64 of that hash of {body_kind(request)}"
    known = {
        "@method": request.method,
        "@path": path_of(request.url),
        "@query": f"?{query_text(request.query, names)}",
        "@request-target": _target(request, names),
        "@authority": "the host that is called",
        "@scheme": "https or http, as it is called",
        "@target-uri": "the whole address",
    }
    header = next((pair for pair in request.headers if pair.name.lower() == name), None)
    return known.get(name, expression(header.value, names) if header else "missing")


def _rfc9421_algorithm(request: ProgramRequest, names: VendorNames) -> str:
    return f"{_option(request, 'alg', names)}, base64"


def _aws(request: ProgramRequest, names: VendorNames) -> Parts:
    token = ["x-amz-security-token"] if _option(request, "session_token", names) else []
    own = [pair.name.lower() for pair in request.headers]
    mine = [name for name in own if name == "content-type" or name.startswith("x-amz-")]
    signed = sorted({"host", "x-amz-date", "x-amz-content-sha256", *token, *mine})
    region, service = _option(request, "region", names), _option(request, "service", names)
    return [
        ("method", request.method),
        ("path, percent-encoded", path_of(request.url)),
        ("query, sorted", query_text(request.query, names) or "empty"),
        ("headers", ", ".join(signed)),
        ("hexadecimal of the SHA-256 of", body_kind(request)),
        ("key for", f"the day, {region}, {service}"),
    ]


NAMED_SCHEMES: Final[Mapping[str, Scheme]] = {
    "cybersource-http-signature": Scheme(
        "Cybersource HTTP signature",
        "header Signature",
        "HMAC-SHA256, base64; the secret is base64",
        "each as `name: value`, a line feed between them",
        'keyid="...", algorithm="HmacSHA256", headers="...", signature="<signature>"',
        "developer.cybersource.com, REST, HTTP signature authentication",
        _cybersource,
    ),
    "nuvei-checksum": Scheme(
        "Nuvei checksum",
        "body/checksum",
        "SHA-256, lower-case hexadecimal",
        "one after the other, without separators, then the secret",
        "<signature>",
        "docs.nuvei.com, Authentication",
        _nuvei,
    ),
    "ogone-shasign": Scheme(
        "Ogone SHASIGN",
        "body SHASIGN",
        _ogone_algorithm,
        "fields that are not empty, sorted by name, each with the secret behind it",
        "<signature>",
        "Ingenico e-Commerce, DirectLink, SHA-IN signature",
        _ogone,
    ),
    "mastercard-oauth1": Scheme(
        "Mastercard OAuth 1.0a",
        "header Authorization",
        "RSA with SHA-256 (PKCS #1 v1.5), base64",
        "with & between them, each percent-encoded",
        'OAuth oauth_consumer_key="...", ..., oauth_signature="<signature>"',
        "RFC 5849; github.com/Mastercard/oauth1-signer-python",
        _oauth,
    ),
    "rfc9421": Scheme(
        "HTTP Message Signature",
        "header Signature",
        _rfc9421_algorithm,
        'each as `"name": value`, a line feed between them',
        "sig1=:<signature>:",
        "RFC 9421; Content-Digest by RFC 9530",
        _components,
    ),
    "aws-sigv4": Scheme(
        "AWS Signature Version 4",
        "header Authorization",
        "HMAC-SHA256 over the SHA-256 of the parts, lower-case hexadecimal",
        "a line feed between them",
        "AWS4-HMAC-SHA256 Credential=..., SignedHeaders=..., Signature=<signature>",
        "docs.aws.amazon.com, IAM, Create a signed AWS API request",
        _aws,
    ),
}
