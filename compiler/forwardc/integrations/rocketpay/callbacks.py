"""Takes the callbacks of Rocketpay Gate at `POST /callbacks/rocketpay`.

A callback is verified before anything of it is kept, and answered with 200 only once it is on disk:
the Gate repeats every other one, for up to 11 days (ECOMMPAY's pages on callbacks), so that nothing
is lost while the store is away. All destinations of the integration have this one address: the
secret that verifies a callback tells whose it is.

The signature stands at the root or in `general` and covers every member, known or not, but those
named `signature` or `frame_mode`: nothing may be read from these (facts of the Gate's SDKs).
"""

import hmac
import logging
from collections.abc import Sequence
from hashlib import sha256
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from forwardc.core.dataclass import dataclass
from forwardc.core.diagnostics.errors import ForwardcError
from forwardc.core.http.request_body import BodyIncompleteError, BodyTooLargeError, read_body
from forwardc.core.http.strict_json import StrictJsonError, read_object
from forwardc.core.terms.escaping import NotExpressibleError
from forwardc.core.terms.values import Secret
from forwardc.integrations.card_tokens import Callback, CallbackReceipt, TokenStore
from forwardc.integrations.rocketpay.callback_format import CardNumberInIdError, read_callback
from forwardc.integrations.rocketpay.signers import CallbackSigner
from forwardc.runtime.history.errors import HistoryUnavailableError
from forwardc.runtime.run.signing import gate_signature, gate_text
from forwardc.runtime.secret_providers.plan_secrets import SecretResolver
from forwardc.runtime.secret_providers.provider import SecretProviderError
from forwardc.runtime.work_executor import run_blocking

PATH: Final = "/callbacks/rocketpay"
# Bytes. The documented callback with every optional member has less than 8 KiB.
_LARGEST: Final = 64 * 1024
_LOG: Final = logging.getLogger("forwardc.callbacks")


class SignatureError(ForwardcError, ValueError):
    """A callback is not signed by the Gate. The message tells the rule, never a value."""


class WrongSignatureError(SignatureError):
    """A callback has a signature, of another secret than the one that was tried."""


class _CallbackRefusedError(ForwardcError):
    """A callback is not taken. `status` is that of HTTP; the message tells the rule."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def callback_routes(
    store: TokenStore, look_up: SecretResolver, signers: Sequence[CallbackSigner]
) -> list[Route]:
    """The route to mount. `look_up` is asked for the secret of each signer with every callback.

    So a new secret is used at once, and one that is missing keeps nobody from serving.
    """
    receiver = _CallbackReceiver(store, look_up, tuple(signers))

    async def endpoint(request: Request) -> Response:
        try:
            # Verifying and storing both take their time, and the store blocks.
            receipt = await run_blocking(receiver.receive, await _body(request))
        except _CallbackRefusedError as refusal:
            return _refuse(refusal.status, str(refusal))
        except HistoryUnavailableError:
            return _refuse(503, "the history cannot be written")
        return JSONResponse({"status": "repeated" if receipt.repeated else "stored"})

    return [Route(PATH, endpoint, methods=["POST"])]


def verified_digest(document: dict[str, Any], secret: Secret) -> str:
    """SHA-256 of the signed text, in hexadecimal, once the signature is right.

    The text identifies a callback better than its bytes do: two bodies of one text have the same
    signature, so that whoever has seen a callback could send it in another form.

    Raises: `SignatureError`, as a `WrongSignatureError` where another secret might verify it.
    """
    signatures = _signatures(document)
    if not signatures:
        raise SignatureError("it has no signature")
    try:
        text = gate_text(document)
        right = gate_signature(document, str(secret.reveal())).encode()
    except NotExpressibleError:
        raise SignatureError("it holds a number that cannot be signed") from None
    # All are compared, each in constant time.
    equal = [hmac.compare_digest(right, signature.encode()) for signature in signatures]
    if not any(equal):
        raise WrongSignatureError("its signature is wrong")
    return sha256(text.encode()).hexdigest()


def _signatures(document: dict[str, Any]) -> list[str]:
    general = document.get("general")
    places = (document, general if isinstance(general, dict) else {})
    signatures = (place.get("signature") for place in places)
    return [signature for signature in signatures if isinstance(signature, str) and signature]


@dataclass(frozen=True, slots=True)
class _CallbackReceiver:
    """Takes one callback after the other, from many threads. Holds no state of its own."""

    store: TokenStore
    look_up: SecretResolver
    signers: tuple[CallbackSigner, ...]

    def receive(self, body: bytes) -> CallbackReceipt:
        """Verify and store one body. Raises: `_CallbackRefusedError`, or what the store raises."""
        secrets, missing = self._secrets()
        if not secrets and missing is not None:
            raise missing
        try:
            document = read_object(body)
        except StrictJsonError as problem:
            raise _CallbackRefusedError(400, str(problem)) from None
        signers, digest = _verified(document, secrets, missing)
        destinations = sorted({name for signer in signers for name in signer.destinations})
        let_through = frozenset(name for signer in signers for name in signer.let_through)
        try:
            callback = read_callback(document, digest, tuple(destinations), let_through)
        except CardNumberInIdError as problem:
            raise _CallbackRefusedError(400, f"its {problem} looks like a card number") from None
        receipt = self.store.receive(callback)
        if receipt.stranger:
            _warn_of_stranger(callback)
        if receipt.undecided:
            _warn_of_undecided(receipt.undecided)
        return receipt

    def _secrets(
        self,
    ) -> tuple[list[tuple[CallbackSigner, Secret]], _CallbackRefusedError | None]:
        """The signers whose secret is there, and why the first of the others has none."""
        secrets: list[tuple[CallbackSigner, Secret]] = []
        missing: list[str] = []
        for signer in self.signers:
            variable = signer.secret.variable
            try:
                value = self.look_up(variable)
            except SecretProviderError as problem:
                missing.append(f"no signature can be verified: {problem}")
                continue
            if value is None:
                missing.append(f"{variable} is not set, so no signature can be verified")
            else:
                secrets.append((signer, Secret(value)))
        return secrets, _CallbackRefusedError(503, missing[0]) if missing else None


def _verified(
    document: dict[str, Any],
    secrets: list[tuple[CallbackSigner, Secret]],
    missing: _CallbackRefusedError | None,
) -> tuple[list[CallbackSigner], str]:
    """Whose callback it is, and its digest. All secrets are tried: two may have one value.

    Raises: `_CallbackRefusedError`. Where a secret is missing that might have verified it, the
    Gate is asked to come again.
    """
    signers: list[CallbackSigner] = []
    digest, wrong = "", "its signature is wrong"
    for signer, secret in secrets:
        try:
            digest = verified_digest(document, secret)
        except WrongSignatureError as problem:
            wrong = str(problem)
        except SignatureError as problem:
            raise _CallbackRefusedError(403, str(problem)) from None
        else:
            signers.append(signer)
    if signers:
        return signers, digest
    raise missing or _CallbackRefusedError(403, wrong)


async def _body(request: Request) -> bytes:
    try:
        return await read_body(request.receive, _LARGEST)
    except BodyTooLargeError:
        raise _CallbackRefusedError(413, f"it is larger than {_LARGEST} bytes") from None
    except BodyIncompleteError:
        raise _CallbackRefusedError(400, "it ended early") from None


def _refuse(status: int, reason: str) -> Response:
    _LOG.warning("FC0828 a callback of rocketpay is refused with %d: %s", status, reason)
    # Why the store or a secret is missing is nobody's matter outside.
    message = reason if status < 500 else "try again later"
    return JSONResponse({"code": "FC0828", "message": message}, status)


def _warn_of_stranger(callback: Callback) -> None:
    token = callback.facts.token if callback.facts else ""
    _LOG.warning(
        "FC0829 a callback of rocketpay is about token ...%s, which nobody announced; it is stored",
        token[-6:],
    )


def _warn_of_undecided(runs: tuple[str, ...]) -> None:
    _LOG.warning(
        "FC0824 a callback of rocketpay is about a payment that more than one run named; find out"
        " which one made it, and settle with `forwardc resolve`: %s",
        ", ".join(runs),
    )
