"""What the value of a secret must be for the way it is used: a key of a kind, or a login.

The runtime checks nothing by it. It tells whoever makes a value up, as a sandbox does, what would
serve: a plan says it beside the secret, so that no plan's terms have to be understood for it.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from forwardc.compile.ir.client_certificate import ClientCertificate
from forwardc.compile.ir.program import ProgramOperation, ProgramRequest
from forwardc.core.terms.terms import HAS_CALL, Call, Lit, Map, Ref, Term, Text, unwrapped

Form = Mapping[str, object]

# RFC 7518, sections 4.4, 4.7 and 5: octets of the key by algorithm, of `dir` by encryption.
_WRAPS: Final = {
    "A128GCMKW": 16,
    "A192GCMKW": 24,
    "A256GCMKW": 32,
    "A128KW": 16,
    "A192KW": 24,
    "A256KW": 32,
}
_DIRECT: Final = {
    "A128GCM": 16,
    "A192GCM": 24,
    "A256GCM": 32,
    "A128CBC-HS256": 32,
    "A192CBC-HS384": 48,
    "A256CBC-HS512": 64,
}


def secret_forms(
    operations: Iterable[ProgramOperation], as_keys: Mapping[str, str | None]
) -> dict[str, Form]:
    """The form of each secret that has one, by name. `as_keys` says how each one derives."""
    forms: dict[str, Form] = {}
    for operation in operations:
        for step in operation.steps:
            for ref, form in forms_in(step.request, as_keys):
                forms.setdefault(secret_name(ref), form)
    return forms


def certificate_forms(certificate: ClientCertificate | None) -> dict[str, Form]:
    """The forms of a client certificate and its key, by the names of their secrets."""
    if certificate is None:
        return {}
    names = {"certificate": certificate.certificate, "certificate_key": certificate.key}
    # Where one secret holds both, it is made up as the certificate, and its key is beside that.
    return {name: {"kind": kind, "key": certificate.key} for kind, name in reversed(names.items())}


def forms_in(
    request: ProgramRequest, as_keys: Mapping[str, str | None]
) -> Iterator[tuple[Ref, Form]]:
    """The forms that a request asks of its secrets, at each use."""
    for node in request.holding(HAS_CALL):
        if isinstance(node, Call) and node.function == "jwe":
            yield from _of_key(dict(node.named), as_keys)
    for pair in request.headers:
        yield from _of_header(unwrapped(pair.value))
    sign = request.sign
    ref = _secret(sign.secret) if sign is not None and sign.is_term else None
    if sign is not None and ref is not None:
        from forwardc.core.signatures.schemes import form_of

        form = form_of(sign.scheme, sign.said)
        # A text needs none: any made-up value is one.
        yield from () if form == "text" else [(ref, {"kind": form})]


def _of_key(
    named: Mapping[str, Term], as_keys: Mapping[str, str | None]
) -> Iterator[tuple[Ref, Form]]:
    alg, enc = _text(named.get("alg")), _text(named.get("enc"))
    octets = _DIRECT.get(enc) if alg == "dir" else _WRAPS.get(alg)
    # RSA1_5 is refused for itself.
    rsa = alg.startswith("RSA-OAEP")
    key = unwrapped(named.get("key", Lit(None)))
    whole = _secret(key)
    if whole is not None and (rsa or octets):
        yield whole, {"kind": "rsa_jwk"} if rsa else {"kind": "oct_jwk", "bytes": octets}
    members = dict(key.entries) if isinstance(key, Map) else {}
    symmetric = _secret(members.get("k"))
    if symmetric is not None and octets:
        as_key = as_keys.get(secret_name(symmetric))
        if as_key is None:
            yield symmetric, {"kind": "base64url", "bytes": octets}
        elif as_key == "base64url":
            yield symmetric, {"kind": "text", "bytes": octets}


def _of_header(value: Term) -> Iterator[tuple[Ref, Form]]:
    """What follows `Basic` is the base64 of `user:password` (RFC 7617)."""
    if not isinstance(value, Text) or len(value.parts) != 2:
        return
    scheme, rest = value.parts[0], unwrapped(value.parts[1])
    if _text(scheme).strip().lower() != "basic":
        return
    encoded = rest.args[0] if isinstance(rest, Call) and rest.function == "base64" else None
    basic, login = _secret(rest), _secret(encoded)
    if basic is not None:
        yield basic, {"kind": "basic"}
    if login is not None:
        yield login, {"kind": "login"}


def secret_name(ref: Ref) -> str:
    """The name under which a destination declares a secret."""
    return ref.name.removeprefix("secrets.")


def _secret(term: Term | None) -> Ref | None:
    plain = None if term is None else unwrapped(term)
    return plain if isinstance(plain, Ref) and plain.root == "secrets" else None


def _text(term: Term | None) -> str:
    return term.value if isinstance(term, Lit) and isinstance(term.value, str) else ""
