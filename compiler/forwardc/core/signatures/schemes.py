"""The named schemes as data: what each covers of a request, what it adds, and what its secret is.

From what is covered follows whether card data is inside the signed text, and so who can sign: us,
or nobody but a vault with the scheme's functions. A row says for given options what is covered.

| scheme | covers | adds |
|---|---|---|
| cybersource-http-signature | URL, body of POST, PUT, PATCH | Date, Digest, Signature and others |
| nuvei-checksum | fields of the body by the operation's order | `/checksum` |
| ogone-shasign | every field of the body | `SHASIGN` |
| mastercard-oauth1 | URL with query, body | Authorization |
| rfc9421 | the components; the body with `content-digest` | Signature-Input, Signature |
| aws-sigv4 | URL with query, headers of AWS, body | X-Amz-Date, Authorization and others |

Held by `tests/signing/test_vectors.py` (published vectors) and `tests/signing/test_arrival.py`.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from forwardc.core.dataclass import dataclass
from forwardc.core.signatures import (
    cybersource,
    http_messages,
    nuvei,
    oauth1,
    ogone,
    sigv4,
)
from forwardc.core.signatures.request_text import RequestText, read_request

Options = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SignatureScheme:
    """One scheme. `adds` are headers, or the member of the body, for a method and options.

    `hashes_body` tells whether a hash of the whole body is signed; `fields` are the members that
    are, None where no member is signed by itself, and empty where every one is. `secret` is the
    form that the secret has, for given options.
    """

    name: str
    adds: Callable[[str, Options], tuple[str, ...]]
    compute: Callable[[RequestText, str, str], str]
    secret: Callable[[Options], str]
    hashes_body: Callable[[str, Options], bool] = lambda _method, _options: False
    fields: Callable[[Options], tuple[str, ...] | None] = lambda _options: None
    hash: str = "SHA-256 of the body"
    """What the vault would have to compute, where card data is inside."""

    @property
    def in_body(self) -> bool:
        """Whether it lands in the body, and not in headers."""
        return self.fields({"request": "payment"}) is not None


def _cybersource_headers(method: str, _options: Options) -> tuple[str, ...]:
    digest = ("Digest",) if method in cybersource.BODIES else ()
    return ("Date", "v-c-merchant-id", *digest, "Signature")


def _rfc9421_headers(_method: str, options: Options) -> tuple[str, ...]:
    digest = ("Content-Digest",) if _has_digest(options) else ()
    return (*digest, "Signature-Input", "Signature")


def _has_digest(options: Options) -> bool:
    return "content-digest" in options.get("components", ())


def _rfc9421_secret(options: Options) -> str:
    match options.get("alg"):
        case "ed25519":
            return "ed25519_private"
        case "ecdsa-p256-sha256":
            return "ec_private"
        case "hmac-sha256":
            return "base64" if options.get("key_form") == "base64" else "text"
        case _:
            return "rsa_private"


def _amz_headers(_method: str, options: Options) -> tuple[str, ...]:
    token = ("X-Amz-Security-Token",) if "session_token" in options else ()
    return ("X-Amz-Date", "X-Amz-Content-Sha256", *token, "Authorization")


SIGNATURE_SCHEMES: Final[Mapping[str, SignatureScheme]] = MappingProxyType(
    {
        scheme.name: scheme
        for scheme in (
            SignatureScheme(
                "cybersource-http-signature",
                adds=_cybersource_headers,
                compute=cybersource.header,
                secret=lambda _options: "base64",
                hashes_body=lambda method, _options: method in cybersource.BODIES,
            ),
            SignatureScheme(
                "nuvei-checksum",
                adds=lambda _method, _options: ("checksum",),
                compute=lambda request, _gives, secret: nuvei.checksum(request, secret),
                secret=lambda _options: "text",
                fields=lambda options: nuvei.ORDERS[str(options["request"])],
                hash="SHA-256 of fields",
            ),
            SignatureScheme(
                "ogone-shasign",
                adds=lambda _method, _options: (ogone.FIELD,),
                compute=lambda request, _gives, secret: ogone.shasign(request, secret),
                secret=lambda _options: "text",
                fields=lambda _options: (),
                hash="a SHA of the sorted fields",
            ),
            SignatureScheme(
                "mastercard-oauth1",
                adds=lambda _method, _options: ("Authorization",),
                compute=lambda request, _gives, secret: oauth1.authorization(request, secret),
                secret=lambda _options: "rsa_private",
                hashes_body=lambda _method, _options: True,
            ),
            SignatureScheme(
                "rfc9421",
                adds=_rfc9421_headers,
                compute=http_messages.header,
                secret=_rfc9421_secret,
                hashes_body=lambda _method, options: _has_digest(options),
            ),
            SignatureScheme(
                "aws-sigv4",
                adds=_amz_headers,
                compute=sigv4.header,
                secret=lambda _options: "text",
                hashes_body=lambda _method, _options: True,
            ),
        )
    }
)
"""Every scheme that is computed outside of a vault, by its name in `sign:`."""


def request_signature(text: str, *, scheme: str, gives: str, key: str) -> str:
    """One header or member of a signature, over the request that the JSON `text` says.

    Raises `SigningError` where the secret is no key of the scheme, or a part cannot be signed.
    """
    return SIGNATURE_SCHEMES[scheme].compute(read_request(text), gives, key)


def form_of(scheme: str, options: Options) -> str:
    """The form of the secret: text, base64, rsa_private, ec_private or ed25519_private."""
    return SIGNATURE_SCHEMES[scheme].secret(options)
