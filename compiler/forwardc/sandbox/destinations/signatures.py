"""What a destination says of the signature that its project declares: nothing where it fits.

The project says scheme, options and made-up secret of each request (`project.OnboardedRequest`);
what is checked are the bytes that arrived, by the sandbox's own code.
"""

from collections.abc import Callable, Mapping
from typing import Final

from starlette.requests import Request

from forwardc.sandbox.crypto.signatures import checksums, cybersource, messages, oauth1, sigv4
from forwardc.sandbox.crypto.signatures.received import (
    CLOCK_SECONDS,
    ArrivedRequest,
    SignatureRefusedError,
)
from forwardc.sandbox.project import RequestSigning
from forwardc.sandbox.world import World

NONCES: Final = "echo.signature_nonces"

_CHECKS: Final[Mapping[str, Callable[[ArrivedRequest], str | None]]] = {
    "cybersource-http-signature": cybersource.check,
    "nuvei-checksum": checksums.check_nuvei,
    "ogone-shasign": checksums.check_ogone,
    "mastercard-oauth1": oauth1.check,
    "rfc9421": messages.check,
    "aws-sigv4": sigv4.check,
}


def refusal(world: World, request: Request, body: bytes) -> str | None:
    """Why the signature is not accepted; None where it is, or where none is declared."""
    url = _url(request)
    declared = [
        named.signing
        for named in world.named(url)
        if named.signing is not None and named.method == request.method
    ]
    if not declared:
        return None
    reasons = [_refused(world, request, url, body, signing) for signing in declared]
    return None if None in reasons else reasons[0]


def _url(request: Request) -> str:
    raw_path = request.scope.get("raw_path") or request.url.path.encode()
    path = raw_path.partition(b"?")[0].decode("latin-1")
    query = request.scope.get("query_string", b"").decode("latin-1")
    host = request.headers.get("host", request.url.netloc)
    return f"https://{host}{path}" + (f"?{query}" if query else "")


def _refused(
    world: World, request: Request, url: str, body: bytes, signing: RequestSigning
) -> str | None:
    headers = tuple((name.decode(), value.decode("latin-1")) for name, value in request.headers.raw)
    arrived = ArrivedRequest(
        request.method, url, headers, body, world.now(), signing.options, signing.secret
    )
    try:
        nonce = _CHECKS[signing.scheme](arrived)
    except SignatureRefusedError as refused:
        return f"{signing.scheme}: {refused}"
    if nonce and _is_used(world, f"{arrived.host} {nonce}"):
        return f"{signing.scheme}: the nonce was used before"
    return None


def _is_used(world: World, name: str) -> bool:
    """Whether a nonce was there before; it is kept for as long as its time can pass."""
    used, now = world.table(NONCES), world.now()
    for past in [past for past, until in used.items() if until < now]:
        del used[past]
    if name in used:
        return True
    used[name] = now + 2 * CLOCK_SECONDS
    return False
