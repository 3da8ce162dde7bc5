"""What the value of a secret must be for the way it is used: a key of a kind, or a login.

The runtime checks nothing by it. It tells whoever makes a value up, as a sandbox does, what would
serve: a plan says it beside the secret, so that no plan's terms have to be understood for it.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

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
            for name, form in _in_request(step.request, as_keys):
                forms.setdefault(name, form)
    return forms


def _in_request(
    request: ProgramRequest, as_keys: Mapping[str, str | None]
) -> Iterator[tuple[str, Form]]:
    for node in request.holding(HAS_CALL):
        if isinstance(node, Call) and node.function == "jwe":
            yield from _of_key(dict(node.named), as_keys)
    for pair in request.headers:
        yield from _of_header(unwrapped(pair.value))
    sign = request.sign
    name = _secret(sign.secret) if sign is not None and sign.is_term else None
    if sign is not None and name is not None:
        from forwardc.core.signatures.schemes import form_of

        form = form_of(sign.scheme, sign.said)
        # A text needs none: any made-up value is one.
        yield from () if form == "text" else [(name, {"kind": form})]


def _of_key(
    named: Mapping[str, Term], as_keys: Mapping[str, str | None]
) -> Iterator[tuple[str, Form]]:
    alg, enc = _text(named.get("alg")), _text(named.get("enc"))
    octets = _DIRECT.get(enc) if alg == "dir" else _WRAPS.get(alg)
    rsa = alg.startswith("RSA")
    key = unwrapped(named.get("key", Lit(None)))
    whole = _secret(key)
    if whole is not None and (rsa or octets):
        yield whole, {"kind": "rsa_jwk"} if rsa else {"kind": "oct_jwk", "bytes": octets}
    members = dict(key.entries) if isinstance(key, Map) else {}
    symmetric = _secret(members.get("k"))
    if symmetric is not None and octets:
        as_key = as_keys.get(symmetric)
        if as_key is None:
            yield symmetric, {"kind": "base64url", "bytes": octets}
        elif as_key == "base64url":
            yield symmetric, {"kind": "text", "bytes": octets}


def _of_header(value: Term) -> Iterator[tuple[str, Form]]:
    """What follows `Basic` is the base64 of `user:password` (RFC 7617)."""
    if not isinstance(value, Text) or len(value.parts) != 2:
        return
    scheme, rest = value.parts[0], unwrapped(value.parts[1])
    if _text(scheme).strip().lower() != "basic":
        return
    encoded = rest.args[0] if isinstance(rest, Call) and rest.function == "base64" else None
    name, login = _secret(rest), _secret(encoded)
    if name is not None:
        yield name, {"kind": "basic"}
    if login is not None:
        yield login, {"kind": "login"}


def _secret(term: Term | None) -> str | None:
    plain = None if term is None else unwrapped(term)
    if isinstance(plain, Ref) and plain.root == "secrets":
        return plain.name.removeprefix("secrets.")
    return None


def _text(term: Term | None) -> str:
    return term.value if isinstance(term, Lit) and isinstance(term.value, str) else ""
