"""Signatures that are computed outside of a vault become terms of the request.

`sign: {scheme: cybersource-http-signature, ...}` says which parts of a request are signed. They are
put together here as one map, and each header or member that the scheme adds is a call over it:

    Digest: request_signature({method, url, body, time, options}, scheme=, gives="Digest", key=)

So a signature is a value like any other. Its stage is that of what is signed; it is masked, since
its key is; it is computed anew for each attempt, since it reads the time; and the plan, its digests
and the runtime need nothing more for it. The parts are encoded in it as they are where they leave,
so that what is signed are the bytes that are sent (`tests/signing/test_arrival.py`).

Where card data is inside, nothing is added: `ProgramSignature.card` names it, and each vault
refuses the operation (`compile/vaults/signed_requests.py`). What else is wrong is reported by
`checks/signed_request.py`.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from forwardc.compile.ir.analysis import atoms_in
from forwardc.compile.ir.optional import if_present, named_values
from forwardc.compile.ir.program import ProgramBody, ProgramPair, ProgramRequest, ProgramSignature
from forwardc.core.dataclass import replace
from forwardc.core.terms.terms import Call, Encoded, Encoding, Lit, Map, Ref, Term

if TYPE_CHECKING:
    from forwardc.core.signatures.schemes import SignatureScheme

NONCE = Ref("run.nonce")
"""Another one for each attempt."""
PLAIN: Final = {"v-c-merchant-id": "merchant_id", "X-Amz-Security-Token": "session_token"}
"""Headers that hold what the author says of the scheme, as it is."""
# What a header that is no signature is made of, so that a plan does not say it all again.
_ONLY: Final = {
    "Date": ("time",),
    "Digest": ("body",),
    "Content-Digest": ("body", "options"),
    "Signature-Input": ("time", "nonce", "options"),
    "X-Amz-Date": ("time",),
    "X-Amz-Content-Sha256": ("body",),
}


def with_signature(request: ProgramRequest) -> ProgramRequest:
    """The request with what its signature adds, where that is computed outside of a vault."""
    sign = request.sign
    if sign is None or not sign.is_term:
        return request
    from forwardc.core.signatures.schemes import SIGNATURE_SCHEMES

    scheme = SIGNATURE_SCHEMES[sign.scheme]
    covered = _covered(request, sign, scheme)
    atoms = atoms_in(covered)
    if atoms:
        return replace(request, sign=replace(sign, card=atoms[0]))
    options = dict(sign.options.entries)
    calls = [
        (name, options.get(PLAIN.get(name, ""), _call(covered, sign, name)))
        for name in scheme.adds(request.method, sign.said)
    ]
    return _in_body(request, calls) if scheme.in_body else _in_headers(request, calls)


def _call(covered: Map, sign: ProgramSignature, gives: str) -> Call:
    only = ("method", "url", *_ONLY[gives]) if gives in _ONLY else ()
    part = Map(tuple((at, term) for at, term in covered.entries if not only or at in only))
    named = (("scheme", Lit(sign.scheme)), ("gives", Lit(gives)), ("key", sign.secret))
    return Call("request_signature", (part,), named, span=sign.span)


def _in_headers(request: ProgramRequest, calls: list[tuple[str, Term]]) -> ProgramRequest:
    """The headers behind the author's own; one that he writes himself is a mistake of his."""
    written = {pair.name.lower() for pair in request.headers}
    added = (
        ProgramPair(name, call, call.span) for name, call in calls if name.lower() not in written
    )
    return replace(request, headers=(*request.headers, *added))


def _in_body(request: ProgramRequest, calls: list[tuple[str, Term]]) -> ProgramRequest:
    body = request.body
    if body is None or not isinstance(body.tree, Map):
        return request
    written = {name for name, _ in body.tree.entries}
    added = tuple((name, call) for name, call in calls if name not in written)
    tree = Map((*body.tree.entries, *added), span=body.tree.span)
    return replace(request, body=replace(body, tree=tree))


def _covered(request: ProgramRequest, sign: ProgramSignature, scheme: "SignatureScheme") -> Map:
    """What the scheme reads of the request, as one map; its options with it."""
    fields = scheme.fields(sign.said)
    entries: list[tuple[str, Term]] = [("method", Lit(request.method))]
    entries.append(("url", Encoded(Encoding.URL, request.url)))
    if fields is None:
        if request.query:
            entries.append(("query", _query(request)))
        if headers := [pair for pair in request.headers if _is_signed(pair.name, sign)]:
            entries.append(("headers", _headers(headers)))
        if request.body and scheme.hashes_body(request.method, sign.said):
            entries.append(("body", _body(request.body)))
    else:
        added = scheme.adds(request.method, sign.said)
        entries.append(("fields", Map(tuple(_fields(request.body, fields, added)))))
    entries.append(("time", Call("unix", (Ref("run.now"),))))
    if sign.scheme == "mastercard-oauth1" or sign.said.get("nonce") is True:
        entries.append(("nonce", NONCE))
    return Map((*entries, ("options", sign.options)))


def _query(request: ProgramRequest) -> Term:
    return named_values((pair.name, Encoded(Encoding.QUERY, pair.value)) for pair in request.query)


def _headers(pairs: list[ProgramPair]) -> Term:
    return named_values((pair.name, Encoded(Encoding.HEADER, pair.value)) for pair in pairs)


def _body(body: ProgramBody) -> Term:
    encoded = Encoded(body.encoding, body.tree, doctype=body.doctype)
    return if_present(body.tree, encoded)


def _is_signed(name: str, sign: ProgramSignature) -> bool:
    """Whether a header of the author's is among what is signed."""
    lower = name.lower()
    if sign.scheme == "aws-sigv4":
        return lower == "content-type" or lower.startswith("x-amz-")
    components = sign.said.get("components", ())
    return isinstance(components, tuple) and lower in components


def _fields(
    body: ProgramBody | None, names: tuple[str, ...], added: tuple[str, ...]
) -> Iterator[tuple[str, Term]]:
    """The members of the body that are signed: those of these names, all where there are none."""
    tree = body.tree if body else None
    for name, term in tree.entries if isinstance(tree, Map) else ():
        if name not in added and (not names or name in names):
            yield name, term
