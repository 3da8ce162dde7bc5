"""What a call is refused with: a table of problems (RFC 9457), the error that names one, an answer.

A problem says what the caller can do, and nothing of what is inside: whatever is raised on the way
of a call ends in one of them.
"""

import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from enum import Enum
from typing import Any, Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from forwardc.core.dataclass import dataclass
from forwardc.core.diagnostics.errors import ForwardcError
from forwardc.runtime.history.errors import HistoryError
from forwardc.server.telemetry.calls import CURRENT_CALL

MEDIA_TYPE: Final = "application/problem+json"


@dataclass(frozen=True, slots=True)
class ProblemDefinition:
    """A kind of problem: its status, its title, and what a caller should know and do."""

    status: int
    title: str
    advice: str


class ProblemKind(Enum):
    """Every problem that this server answers. The name, with hyphens, ends the problem's `type`."""

    INVALID_REQUEST = ProblemDefinition(
        400, "The request is not valid", "Mend the members that `errors` names."
    )
    INVALID_TOKEN = ProblemDefinition(
        401, "The access token is not valid", "Ask for a new access token."
    )
    INSUFFICIENT_SCOPE = ProblemDefinition(
        403, "The access token does not allow this", "Ask for a token with the scope of this API."
    )
    DESTINATION_REFUSED = ProblemDefinition(
        403,
        "The client may not ask for this destination",
        "Ask for a destination of this client, or have the merchant bind it to this one.",
    )
    ADDRESS_REFUSED = ProblemDefinition(
        403, "Calls from this address are not taken", "Call from an address on the allow list."
    )
    PAYMENT_NOT_FOUND = ProblemDefinition(
        404,
        "No payment method fits this request",
        "Check the payment reference and the customer's identifiers.",
    )
    NOT_FOUND = ProblemDefinition(404, "There is nothing here", "Check the path.")
    METHOD_NOT_ALLOWED = ProblemDefinition(
        405, "The path does not take this method", "Use a method of `Allow`."
    )
    REQUEST_TIMEOUT = ProblemDefinition(408, "The request did not arrive in time", "Send it again.")
    SHARED_BY_ANOTHER = ProblemDefinition(
        409,
        "Another client has asked for this payment",
        "This call sent nothing. What came of it is for the client that asked first.",
    )
    CONTENT_TOO_LARGE = ProblemDefinition(413, "The request is too large", "Send 64 KiB at most.")
    UNSUPPORTED_MEDIA_TYPE = ProblemDefinition(
        415, "The request has another media type than this path takes", "Send what OpenAPI names."
    )
    MISDIRECTED = ProblemDefinition(
        421, "This server does not answer to that name", "Check the host name."
    )
    KEY_REUSED = ProblemDefinition(
        422,
        "The idempotency key was used for another request",
        "Use a new key, or repeat the request that the key belongs to.",
    )
    NOT_FORWARDED = ProblemDefinition(
        422,
        "The vault does not take this merchant's request",
        "Nothing reached the destination, and a repeat changes nothing. The merchant has to mend "
        "its set-up.",
    )
    NOT_FORWARDABLE = ProblemDefinition(
        422,
        "The payment cannot be forwarded as it is",
        "Nothing was sent, and a repeat changes nothing. The merchant has to mend its data or its "
        "set-up.",
    )
    TOO_MANY_REQUESTS = ProblemDefinition(
        429, "Too many requests", "Wait as many seconds as `Retry-After` says."
    )
    HEADERS_TOO_LARGE = ProblemDefinition(
        431, "The header fields are too large", "Send fewer and shorter ones."
    )
    INTERNAL_ERROR = ProblemDefinition(
        500,
        "The server made a mistake",
        "The merchant can see whether anything was sent. A repeat is not sent twice.",
    )
    UNAVAILABLE = ProblemDefinition(
        503,
        "The payment cannot be forwarded now",
        "This call sent nothing. Send it again after `Retry-After` seconds: it is not sent twice.",
    )
    STILL_RUNNING = ProblemDefinition(
        503,
        "The same payment is being forwarded",
        "Ask again after `Retry-After` seconds: the first answer will be replayed.",
    )
    OUTCOME_UNKNOWN = ProblemDefinition(
        504,
        "What became of the payment is not known",
        "It may have reached the destination, and is not sent again. The merchant settles it.",
    )

    @property
    def slug(self) -> str:
        """The last part of the problem's `type`."""
        return self.name.lower().replace("_", "-")


class ProblemError(ForwardcError):
    """Ends a call with a problem. Nothing in it may hold a value of the request.

    `more` are further members (`run`, `errors`), `headers` further fields (`Retry-After`).
    """

    def __init__(
        self,
        kind: ProblemKind,
        detail: str | None = None,
        *,
        more: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(kind.slug)
        self.kind = kind
        self.detail = detail
        self.more = dict(more or {})
        self.headers = dict(headers or {})

    def document(self, instance: str | None = None) -> dict[str, Any]:
        """The members of `application/problem+json`. `instance` names this one call."""
        shape = self.kind.value
        return {
            "type": f"/problems/{self.kind.slug}",
            "title": shape.title,
            "status": shape.status,
            "detail": self.detail or shape.advice,
            **({"instance": instance} if instance else {}),
            **self.more,
        }


def retry_after(seconds: float) -> dict[str, str]:
    """The header that asks for patience, in whole seconds, one at least."""
    return {"Retry-After": str(max(1, -int(-seconds // 1)))}


NEVER_STORED: Final = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
"""Headers of every answer: what a payment came to is no cache's business."""


def problem_response(refusal: ProblemError, instance: str | None = None) -> Response:
    """The answer to a call that was refused. `instance` names this one call."""
    return Response(
        json.dumps(refusal.document(instance), ensure_ascii=False).encode(),
        refusal.kind.value.status,
        {**NEVER_STORED, **refusal.headers},
        MEDIA_TYPE,
    )


# What answers a call that a handler did not: problems, paths that are not, mistakes of ours.

Handler = Callable[[Request, Any], Awaitable[Response]]

_LOG: Final = logging.getLogger("forwardc.server")
# Seconds: a database that restarts is back by then.
_RETRY_S: Final = 5.0
_OF_STATUS: Final = {404: ProblemKind.NOT_FOUND, 405: ProblemKind.METHOD_NOT_ALLOWED}


def handlers() -> Mapping[Any, Handler]:
    """What answers each kind of exception."""
    return {
        ProblemError: _refused,
        HTTPException: _http,
        HistoryError: _no_history,
        Exception: _failed,
    }


async def _no_history(_request: Request, problem: HistoryError) -> Response:
    _LOG.error("%s the history cannot be used: %s", problem.code, problem.message)
    return _answer(ProblemError(ProblemKind.UNAVAILABLE, headers=retry_after(_RETRY_S)))


async def _refused(_request: Request, refusal: ProblemError) -> Response:
    return _answer(refusal)


async def _http(_request: Request, problem: HTTPException) -> Response:
    kind = _OF_STATUS.get(problem.status_code, ProblemKind.INVALID_REQUEST)
    return _answer(ProblemError(kind, headers=problem.headers))


async def _failed(_request: Request, problem: Exception) -> Response:
    _LOG.error("FC9901 a call failed by a mistake of forwardc", exc_info=problem)
    return _answer(ProblemError(ProblemKind.INTERNAL_ERROR))


def _answer(refusal: ProblemError) -> Response:
    call = CURRENT_CALL.get()
    if call is None:
        return problem_response(refusal)
    call.problem = refusal.kind.slug
    return problem_response(refusal, f"urn:uuid:{call.id}")
