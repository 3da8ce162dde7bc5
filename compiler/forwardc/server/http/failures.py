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
from forwardc.server.http.problem_response import answer_of
from forwardc.server.http.problems import Kind, Refusal, retry_after
from forwardc.server.telemetry.current_call import CURRENT

Handler = Callable[[Request, Any], Awaitable[Response]]

_LOG: Final = logging.getLogger("forwardc.server")
_RETRY_S: Final = 5.0
_OF_STATUS: Final = {404: Kind.NOT_FOUND, 405: Kind.METHOD_NOT_ALLOWED}


def handlers() -> Mapping[Any, Handler]:
    """What answers each kind of exception."""
    return {Refusal: _refused, HTTPException: _http, HistoryError: _no_history, Exception: _failed}


async def _no_history(_request: Request, problem: HistoryError) -> Response:
    _LOG.error("%s the history cannot be used: %s", problem.code, problem.message)
    return _answer(Refusal(Kind.UNAVAILABLE, headers=retry_after(_RETRY_S)))


async def _refused(_request: Request, refusal: Refusal) -> Response:
    return _answer(refusal)


async def _http(_request: Request, problem: HTTPException) -> Response:
    kind = _OF_STATUS.get(problem.status_code, Kind.INVALID_REQUEST)
    return _answer(Refusal(kind, headers=problem.headers))


async def _failed(_request: Request, problem: Exception) -> Response:
    _LOG.error("FC9901 a call failed by a mistake of forwardc", exc_info=problem)
    return _answer(Refusal(Kind.INTERNAL_ERROR))


def _answer(refusal: Refusal) -> Response:
    call = CURRENT.get()
    if call is None:
        return answer_of(refusal)
    call.problem = refusal.kind.slug
    return answer_of(refusal, f"urn:uuid:{call.id}")
