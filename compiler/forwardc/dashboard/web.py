"""Between HTTP and the pages: sessions, the fields of addresses and forms, HTML answers.

Knows no page.
"""

from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from forwardc.core.http.request_body import BodyIncompleteError, BodyTooLargeError, read_body
from forwardc.dashboard.desk import Desk, Page, Refused
from forwardc.dashboard.guard import LARGEST_FORM
from forwardc.dashboard.login import SESSION_SECONDS, Session
from forwardc.dashboard.render import render
from forwardc.runtime.work_executor import run_blocking

_MOST_FIELDS = 20


async def session_of(desk: Desk, request: Request) -> Session | None:
    """Who asks; None where nobody is signed in."""
    cookie = request.cookies.get(desk.settings.cookie)
    if not cookie:
        return None
    return await run_blocking(desk.settings.logins.session, cookie)


def open_session(desk: Desk, request: Request, answer: Response, cookie: str) -> None:
    """Give a browser its session: not to scripts, not to other sites, not over plain HTTP later."""
    answer.set_cookie(
        desk.settings.cookie,
        cookie,
        max_age=SESSION_SECONDS,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )


def query_of(request: Request) -> dict[str, str]:
    """The fields of an address. Raises `Refused` where one stands there twice."""
    pairs = request.query_params.multi_items()
    if len(pairs) > _MOST_FIELDS or len({name for name, _ in pairs}) < len(pairs):
        raise Refused(400, "The address is not right", "A filter stands in it more than once.")
    return dict(pairs)


async def form_of(request: Request) -> dict[str, str]:
    """The fields of a form. Raises `Refused` where it is too large, or not text."""
    try:
        body = await read_body(request.receive, LARGEST_FORM)
    except BodyTooLargeError:
        raise Refused(413, "The form is too large", "Nothing was changed.") from None
    except BodyIncompleteError:
        raise Refused(400, "The form cannot be read", "Nothing was changed.") from None
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise Refused(400, "The form cannot be read", "Nothing was changed.") from None
    return dict(pairs)


async def html(desk: Desk, page: Page, session: Session | None) -> Response:
    """A page as an answer. It may read the history, so it is made outside of the event loop."""
    text = await run_blocking(render, desk, page, session)
    return HTMLResponse(text, page.status)
