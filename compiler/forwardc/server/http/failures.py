"""What answers a call that a handler did not: refusals, paths that are not, mistakes of ours.

Knows no handler. Nothing of an exception reaches the caller.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from forwardc.runtime.history.errors import HistoryError
from forwardc.server.http.problem_response import problem_response
from forwardc.server.http.problems import ProblemError, ProblemKind, retry_after
from forwardc.server.telemetry.current_call import CURRENT_CALL

Handler = Callable[[Request, Any], Awaitable[Response]]

_LOG: Final = logging.getLogger("forwardc.server")
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
