"""Between HTTP and the pages: sessions, the fields of addresses and forms, answers as HTML.

What goes wrong is a page, too: it says why there is no other, and repeats nothing that was sent.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from forwardc.core.http.request_body import BodyIncompleteError, BodyTooLargeError, read_body
from forwardc.dashboard.guard import HEADERS, LARGEST_FORM
from forwardc.dashboard.login import SESSION_SECONDS, Session
from forwardc.dashboard.render import render
from forwardc.dashboard.views import Page, PageRefusedError, ViewContext
from forwardc.runtime.history.errors import HistoryError
from forwardc.runtime.work_executor import run_blocking

# Fields. The page with most filters has eleven and a place; more are a mistake or an attack.
_MOST_FIELDS = 20


async def session_of(context: ViewContext, request: Request) -> Session | None:
    """Who asks; None where nobody is signed in."""
    cookie = request.cookies.get(context.settings.cookie)
    if not cookie:
        return None
    return await run_blocking(context.settings.logins.session, cookie)


def open_session(context: ViewContext, request: Request, answer: Response, cookie: str) -> None:
    """Give a browser its session: not to scripts, not to other sites, not over plain HTTP later."""
    answer.set_cookie(
        context.settings.cookie,
        cookie,
        max_age=SESSION_SECONDS,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )


def query_of(request: Request) -> dict[str, str]:
    """The fields of an address. Raises `PageRefusedError` where one stands there twice."""
    pairs = request.query_params.multi_items()
    if len(pairs) > _MOST_FIELDS or len({name for name, _ in pairs}) < len(pairs):
        raise PageRefusedError(
            400, "The address is not right", "A filter stands in it more than once."
        )
    return dict(pairs)


async def form_of(request: Request) -> dict[str, str]:
    """The fields of a form. Raises `PageRefusedError` where it is too large, or not text."""
    try:
        body = await read_body(request.receive, LARGEST_FORM)
    except BodyTooLargeError:
        raise PageRefusedError(413, "The form is too large", "Nothing was changed.") from None
    except BodyIncompleteError:
        raise PageRefusedError(400, "The form cannot be read", "Nothing was changed.") from None
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise PageRefusedError(400, "The form cannot be read", "Nothing was changed.") from None
    return dict(pairs)


async def html(context: ViewContext, page: Page, session: Session | None) -> Response:
    """A page as an answer. It may read the history, so it is made outside of the event loop."""
    text = await run_blocking(render, context, page, session)
    return HTMLResponse(text, page.status)


Handler = Callable[[Request, Any], Awaitable[Response]]

_FRAME = "<!doctype html><html lang=en><title>{0}</title><h1>{0}</h1><p>{1}</p>"


def handlers(context: ViewContext) -> Mapping[Any, Handler]:
    """What answers each kind of exception."""

    async def refused(request: Request, problem: PageRefusedError) -> Response:
        values = {"heading": problem.heading, "text": problem.text}
        page = Page("problem.html.j2", values, problem.status)
        return await html(context, page, await session_of(context, request))

    async def http(request: Request, problem: HTTPException) -> Response:
        return await refused(request, _of_http(problem.status_code))

    return {
        PageRefusedError: refused,
        HTTPException: http,
        HistoryError: _no_history,
        Exception: _failed,
    }


def _of_http(status: int) -> PageRefusedError:
    if status == 404:
        text = "There is nothing at this address. A run may have been deleted by its age."
        return PageRefusedError(404, "Not found", text)
    return PageRefusedError(status, "Not possible", "This address does not take such a request.")


async def _no_history(_request: Request, problem: HistoryError) -> Response:
    # Without the frame of the other pages, which reads the history too.
    text = "The history cannot be read at the moment. Reload the page; nothing was lost."
    return HTMLResponse(_FRAME.format(f"History unavailable ({problem.code})", text), 503)


async def _failed(_request: Request, _problem: Exception) -> Response:
    # Outside of the guard, so the headers are given here. The exception's message may hold values.
    text = "The dashboard failed to make this page. This is a mistake of forwardc."
    return HTMLResponse(_FRAME.format("Failed (FC9901)", text), 500, HEADERS)
