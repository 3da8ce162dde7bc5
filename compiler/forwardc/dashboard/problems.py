"""The pages that say why there is no other page. Their texts repeat nothing that was sent."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from forwardc.dashboard.desk import Desk, Page, Refused
from forwardc.dashboard.guard import HEADERS
from forwardc.dashboard.web import html, session_of
from forwardc.runtime.history.errors import HistoryError

Handler = Callable[[Request, Any], Awaitable[Response]]

_FRAME = "<!doctype html><html lang=en><title>{0}</title><h1>{0}</h1><p>{1}</p>"


def handlers(desk: Desk) -> Mapping[Any, Handler]:
    """What answers each kind of exception."""

    async def refused(request: Request, problem: Refused) -> Response:
        values = {"heading": problem.heading, "text": problem.text}
        page = Page("problem.html.j2", values, problem.status)
        return await html(desk, page, await session_of(desk, request))

    async def http(request: Request, problem: HTTPException) -> Response:
        return await refused(request, _of_http(problem.status_code))

    return {Refused: refused, HTTPException: http, HistoryError: _no_history, Exception: _failed}


def _of_http(status: int) -> Refused:
    if status == 404:
        text = "There is nothing at this address. A run may have been deleted by its age."
        return Refused(404, "Not found", text)
    return Refused(status, "Not possible", "This address does not take such a request.")


async def _no_history(_request: Request, problem: HistoryError) -> Response:
    # Without the frame of the other pages, which reads the history too.
    text = "The history cannot be read at the moment. Reload the page; nothing was lost."
    return HTMLResponse(_FRAME.format(f"History unavailable ({problem.code})", text), 503)


async def _failed(_request: Request, _problem: Exception) -> Response:
    # Outside of the guard, so the headers are given here. The exception's message may hold values.
    text = "The dashboard failed to make this page. This is a mistake of forwardc."
    return HTMLResponse(_FRAME.format("Failed (FC9901)", text), 500, HEADERS)
