"""What protects a request: its encrypted parts, and its signatures with what each one signs.

JWEs, HMACs and hashes over a secret are looked for in every value; a signature of `sign:` is
described by its scheme's row. Keys and secrets are named, and never shown.
"""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from forwardc.compile.ir.analysis import Stage, refs_in, stage_of
from forwardc.compile.ir.program import ProgramStep
from forwardc.compile.review.page.places import leaves, own_nodes, place_of
from forwardc.compile.review.page.request_values import values_of
from forwardc.compile.review.page.scheme import Parts
from forwardc.compile.review.page.schemes import SCHEMES
from forwardc.compile.review.page.wording import AS_KEY, WEAK, VendorNames, expression, part
from forwardc.compile.vaults.assess import Assessment
from forwardc.compile.vaults.contract import Context
from forwardc.compile.vaults.emission import EmittedCall, EmittedStep
from forwardc.compile.vaults.encode import Json
from forwardc.core.dataclass import dataclass
from forwardc.core.terms.functions import HMACS
from forwardc.core.terms.terms import HAS_CALL, Call, If, Lit, Map, Ref, Seq, Term, Text, walk
from forwardc.core.terms.values import resolve

# What the key management algorithm of RFC 7518 itself puts into the protected header.
_OWN_MEMBERS = {"GCMKW": ("iv", "tag"), "ECDH-ES": ("epk",), "PBES2": ("p2s", "p2c")}
_KEY_ALGORITHMS = {
    "RSA-OAEP": "the content key is encrypted with RSA-OAEP (SHA-1)",
    "RSA-OAEP-256": "the content key is encrypted with RSA-OAEP (SHA-256)",
    "A128GCMKW": "the content key is wrapped with AES-128 in GCM",
    "A192GCMKW": "the content key is wrapped with AES-192 in GCM",
    "A256GCMKW": "the content key is wrapped with AES-256 in GCM",
    "dir": "the key is the content key",
}
_OURS = "our runtime"
_HASHES = {
    "hmac_sha256": "HMAC-SHA256",
    "hmac_sha512": "HMAC-SHA512",
    "hmac_sha1": f"HMAC-SHA1, {WEAK}",
    "sha256": "SHA-256",
    "sha512": "SHA-512",
    "sha1": f"SHA-1, {WEAK}",
    "md5": f"MD5, {WEAK}",
}
"""The hash functions by name; a hash without a key proves something where a secret is in it."""


@dataclass(frozen=True, slots=True)
class EncryptedPart:
    """A JWE in its place. `header` is its protected header, `inside` what is encrypted."""

    place: str
    alg: str
    alg_words: str
    enc: str
    key: str
    header: Parts
    inside: Parts
    is_json: bool
    by: str
    call: Call


@dataclass(frozen=True, slots=True)
class RequestSignature:
    """A signature: which text, in which order, under which secret, and where it lands."""

    title: str
    place: str
    algorithm: str
    secret: str
    by: str
    parts: Parts
    joined: str
    written: str
    source: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    """Headers that it adds, with what stands in them."""
    into: str | None = None
    """Where in the body it is put: a JSON Pointer."""


@dataclass(frozen=True, slots=True)
class Carrier:
    """Who carries a step: `vault` is the vault's title, and None where our runtime calls itself."""

    vault: str | None
    context: Context
    names: VendorNames

    def makes(self, call: Call) -> str:
        """Who computes a function: the vault where a part of it exists only there."""
        in_vault = self.vault and stage_of(call, self.context.stored) is Stage.VAULT
        return self.vault if self.vault and in_vault else _OURS


def encrypted_parts(step: ProgramStep, carrier: Carrier) -> list[EncryptedPart]:
    """Every JWE of a step's request, an inner one after the one around it."""
    return [
        _sealed(value.place, call, carrier)
        for value, call in values_of(step.request).calls
        if call.function == "jwe"
    ]


def _sealed(place: str, call: Call, carrier: Carrier) -> EncryptedPart:
    named, data, names = dict(call.named), call.args[0], carrier.names
    alg, enc = expression(named["alg"], names), expression(named["enc"], names)
    own = [("alg", alg), ("enc", enc)]
    if "headers" in named:
        own += _members(named["headers"], names)
    own += [
        (name, "made with the key")
        for part, members in _OWN_MEMBERS.items()
        if part in alg
        for name in members
    ]
    is_json = isinstance(data, Map | Seq)
    inside = _members(data, names) if is_json else [("text", expression(data, names))]
    return EncryptedPart(
        *(
            place,
            alg,
            _KEY_ALGORITHMS.get(alg, ""),
            enc,
            _key(named["key"], carrier.context),
            own,
            inside,
        ),
        is_json=is_json,
        by=carrier.makes(call),
        call=call,
    )


def _members(term: Term, names: VendorNames) -> Parts:
    """The members of a map with what each holds; a JWE among them is described by itself."""
    if not isinstance(term, Map | Seq):
        return [("all members", expression(term, names))]
    return [(at.removeprefix("/"), _member(leaf, names)) for at, leaf in leaves(term)]


def _member(leaf: Term, names: VendorNames) -> str:
    text = "a JWE, described by itself" if _is_jwe(leaf) else expression(leaf, names)
    optional = any(isinstance(node, If) for node in own_nodes(leaf))
    return f"{text} (may be left out)" if optional else text


def _is_jwe(term: Term) -> bool:
    return any(isinstance(node, Call) and node.function == "jwe" for node in own_nodes(term))


def _key(term: Term, context: Context) -> str:
    """A key in words: whose it is and what it is made of, never a part of it."""
    secrets = [node.name for node in walk(term) if isinstance(node, Ref) and node.root == "secrets"]
    if secrets:
        name = secrets[0].removeprefix("secrets.")
        form = context.program.secrets[name].as_key
        return f"{AS_KEY[form]} {name}" if form else f"the secret {name}"
    jwk = (
        {key: value.value for key, value in term.entries if isinstance(value, Lit)}
        if isinstance(term, Map)
        else {}
    )
    if "kty" not in jwk:
        return "given on each run"
    return f"public key of the destination, {jwk['kty']}, thumbprint {_thumbprint(jwk)}"


def _thumbprint(jwk: dict[str, Any]) -> str:
    from jwcrypto.jwk import JWK

    return str(JWK(**jwk).thumbprint())


def request_signatures(step: ProgramStep, carrier: Carrier) -> list[RequestSignature]:
    """The signature of `sign:`, and each HMAC and hash over a secret in a value of the request."""
    signatures = [
        signature
        for value, call in values_of(step.request).calls
        if call.function in _HASHES
        for signature in _hash(value.place, value.term, call, carrier)
    ]
    signatures += _agreed(step, carrier.vault or _OURS)
    sign = step.request.sign
    if sign is None:
        return signatures
    scheme, names, request = SCHEMES[sign.scheme], carrier.names, step.request
    algorithm = scheme.algorithm
    return [
        *signatures,
        RequestSignature(
            title=scheme.title,
            place=f"body{sign.into}" if sign.into else scheme.place,
            algorithm=algorithm if isinstance(algorithm, str) else algorithm(request, names),
            secret=_secret(sign.secret, names),
            by=_OURS if sign.is_term else carrier.vault or _OURS,
            parts=scheme.parts(request, names),
            joined=scheme.joined,
            written=scheme.written,
            source=scheme.source,
            headers=scheme.headers,
            into=sign.into,
        ),
    ]


def _agreed(step: ProgramStep, vault: str) -> Iterator[RequestSignature]:
    """The signatures that the vault computes by arrangement."""
    for consent in step.agreed:
        signature = consent.arrangement.signature
        if signature is not None:
            yield RequestSignature(
                title=f"{signature.replacement}, by arrangement",
                place=place_of(step.request.body, signature.at),
                algorithm="set up by the vault",
                secret="given to the vault",  # noqa: S106 - words
                by=vault,
                parts=[("", signature.covers or "not said")],
                joined="",
                written="<signature>",
            )


def with_signatures(sample: Json, signatures: list[RequestSignature]) -> Json:
    """A sample request with the headers that signatures add, and those that stand in its body."""
    headers = [
        {"name": name, "value": text}
        for signature in signatures
        for name, text in signature.headers
    ]
    body = sample["body"]
    for signature in signatures:
        path, _, name = (signature.into or "").rpartition("/")
        if name:
            # The sample is others', too.
            body = deepcopy(body)
            parent = resolve(body, path)
            if isinstance(parent, dict):
                parent[name] = signature.written
    return {**sample, "headers": [*sample["headers"], *headers], "body": body}


def _hash(place: str, leaf: Term, call: Call, carrier: Carrier) -> Iterator[RequestSignature]:
    """An HMAC, or a hash with a secret in its text; none where a hash proves nothing."""
    names, message = carrier.names, call.args[-1]
    if call.function in HMACS:
        secret = _secret(call.args[0], names)
    else:
        secret = ", ".join(
            dict.fromkeys(ref.name.removeprefix("secrets.") for ref in refs_in(message, "secrets"))
        )
    if not secret:
        return
    parts = message.parts if isinstance(message, Text) else (message,)
    algorithm = _HASHES[call.function]
    yield RequestSignature(
        title=algorithm.partition(",")[0],
        place=place,
        algorithm=algorithm,
        secret=secret,
        by=carrier.makes(call),
        parts=[("", part(piece, names)) for piece in parts],
        joined="one after the other, without separators",
        written=expression(leaf, names),
    )


def _secret(term: Term, names: VendorNames) -> str:
    return expression(term, names).removeprefix("secrets.")


def on_the_way(emitted: EmittedStep) -> list[dict[str, str]]:
    """The headers that travel to the vault as a JWE to its own key, and leave it in clear."""
    return [
        {
            "headers": ", ".join(name for name, _ in data.entries),
            "alg": str(getattr(dict(call.named)["alg"], "value", "")),
            "enc": str(getattr(dict(call.named)["enc"], "value", "")),
        }
        for call in _calls(emitted.call)
        if dict(call.named).get("key") == Ref("vault.jwk")
        for data in call.args
        if isinstance(data, Map)
    ]


def _calls(request: EmittedCall) -> Iterator[Call]:
    """Every JWE in a request."""
    lines = (term for _, term in (*request.query, *request.headers))
    for term in (request.url, *lines, *([request.body] if request.body else [])):
        yield from (
            node
            for node in walk(term, HAS_CALL)
            if isinstance(node, Call) and node.function == "jwe"
        )


def protections(
    assessment: Assessment, names: VendorNames
) -> list[tuple[list[EncryptedPart], list[RequestSignature]]]:
    """What protects each step of an operation, in their order."""
    title, protected = assessment.vault.facts.title, []
    for step, emitted in zip(
        assessment.context.operation.steps, assessment.emitted_steps, strict=True
    ):
        vault = None if emitted.is_direct else title
        carrier = Carrier(vault, assessment.context, names)
        protected.append((encrypted_parts(step, carrier), request_signatures(step, carrier)))
    return protected
