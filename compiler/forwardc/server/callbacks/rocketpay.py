"""Takes the callbacks of Rocketpay Gate at `POST /callbacks/rocketpay`.

Knows no database and shows nothing. A callback is verified before anything of it is kept, and
answered with 200 only once it is on disk: the Gate repeats every other one, for up to 11 days
(ECOMMPAY's pages on callbacks), so that nothing is lost while the store is away.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from forwardc.core.http.request_body import BodyIncompleteError, BodyTooLargeError, read_body
from forwardc.core.http.strict_json import StrictJsonError, read_object
from forwardc.core.terms.values import Secret
from forwardc.plan.environment import parts_of
from forwardc.plan.model import Plan
from forwardc.plan.secret_names import SecretId, identities
from forwardc.runtime.history.errors import HistoryUnavailableError
from forwardc.runtime.secret_providers.plan_secrets import SecretResolver
from forwardc.runtime.secret_providers.provider import SecretProviderError
from forwardc.runtime.tokens.read import LooksLikeCard, read_callback
from forwardc.runtime.tokens.records import Callback, Receipt
from forwardc.runtime.tokens.store import TokenStore
from forwardc.runtime.work_executor import run_blocking
from forwardc.server.callbacks.rocketpay_signature import NotSigned, verified_digest

PATH: Final = "/callbacks/rocketpay"
_SIGNS: Final = ("secret", "rocketpay_secret")
_LARGEST: Final = 64 * 1024
_LOG: Final = logging.getLogger("forwardc.callbacks")


class _Refused(Exception):  # noqa: N818 - an answer of ours, not a fault
    """A callback is not taken. `status` is that of HTTP; the message tells the rule."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class _Desk:
    """Takes one callback after the other. Holds no state of its own."""

    store: TokenStore
    look_up: SecretResolver
    variable: str
    let_through: frozenset[str] = frozenset()

    def take(self, body: bytes) -> Receipt:
        """Verify and store one body. Raises `_Refused`, or what the store raises."""
        try:
            secret = self.look_up(self.variable)
        except SecretProviderError as problem:
            raise _Refused(503, f"no signature can be verified: {problem}") from None
        if secret is None:
            raise _Refused(503, f"{self.variable} is not set, so no signature can be verified")
        try:
            document = read_object(body)
            digest = verified_digest(document, Secret(secret))
        except StrictJsonError as problem:
            raise _Refused(400, str(problem)) from None
        except NotSigned as problem:
            raise _Refused(403, str(problem)) from None
        try:
            callback = read_callback(document, digest, self.let_through)
        except LooksLikeCard as problem:
            raise _Refused(400, f"its {problem} looks like a card number") from None
        receipt = self.store.receive(callback)
        if receipt.stranger:
            _tell_stranger(callback)
        if receipt.undecided:
            _tell_undecided(receipt.undecided)
        return receipt


def secret_in(plans: Iterable[Plan], place: str) -> SecretId:
    """The secret that signs the callbacks of a place, of the owner whose it is in its plans.

    Without such a plan it is the destination's own.
    """
    found = (one for plan in plans for one in identities(plan))
    return next((one for one in found if (one.kind, one.name) == _SIGNS), secret_of(place))


def secret_of(place: str) -> SecretId:
    """The secret that signs the callbacks of a place, as the destination's own."""
    return SecretId("secret", *parts_of(place), "rocketpay", _SIGNS[1])


def let_through_in(plans: Iterable[Plan]) -> frozenset[str]:
    """The params of a place's plans that are no card numbers, whatever they look like."""
    return frozenset(
        name
        for plan in plans
        if plan.integration == "rocketpay"
        for name, spec in plan.params.items()
        if spec.not_card
    )


def routes(
    store: TokenStore,
    look_up: SecretResolver,
    secret: SecretId,
    let_through: frozenset[str] = frozenset(),
) -> list[Route]:
    """The route to mount. `look_up` is asked for the secret with every callback.

    `let_through` names the params whose values may come back though they look like a card number.
    """
    desk = _Desk(store, look_up, secret.variable, let_through)

    async def endpoint(request: Request) -> Response:
        try:
            # Verifying and storing both take their time, and the store blocks.
            receipt = await run_blocking(desk.take, await _body(request))
        except _Refused as refusal:
            return _refuse(refusal.status, str(refusal))
        except HistoryUnavailableError:
            return _refuse(503, "the history cannot be written")
        return JSONResponse({"status": "repeated" if receipt.repeated else "stored"})

    return [Route(PATH, endpoint, methods=["POST"])]


async def _body(request: Request) -> bytes:
    try:
        return await read_body(request.receive, _LARGEST)
    except BodyTooLargeError:
        raise _Refused(413, f"it is larger than {_LARGEST} bytes") from None
    except BodyIncompleteError:
        raise _Refused(400, "it ended early") from None


def _refuse(status: int, reason: str) -> Response:
    _LOG.warning("FC0828 a callback of rocketpay is refused with %d: %s", status, reason)
    # Why the store or a secret is missing is nobody's matter outside.
    told = reason if status < 500 else "try again later"
    return JSONResponse({"code": "FC0828", "message": told}, status)


def _tell_stranger(callback: Callback) -> None:
    token = callback.facts.token if callback.facts else ""
    _LOG.warning(
        "FC0829 a callback of rocketpay is about token ...%s, which nobody announced; it is stored",
        token[-6:],
    )


def _tell_undecided(runs: tuple[str, ...]) -> None:
    _LOG.warning(
        "FC0824 a callback of rocketpay is about a payment that more than one run named; find out"
        " which one made it, and settle with `forwardc resolve`: %s",
        ", ".join(runs),
    )
