"""The dashboard as an application: its addresses, who may use them, signing in and out.

`create` is all that a server needs: it puts the views, and those that others add, behind one guard.
"""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from forwardc.core.resources import package_file
from forwardc.dashboard.actions import pause, resolve_by_hand, unpause
from forwardc.dashboard.approvals import approvals
from forwardc.dashboard.audit import audit
from forwardc.dashboard.coverage import coverage
from forwardc.dashboard.guard import Guard
from forwardc.dashboard.history import exported, history
from forwardc.dashboard.login import Role
from forwardc.dashboard.overview import overview
from forwardc.dashboard.pauses import pauses
from forwardc.dashboard.run_page import run_page
from forwardc.dashboard.secrets import secrets
from forwardc.dashboard.unknown import unknown
from forwardc.dashboard.views import (
    Action,
    DashboardSettings,
    Page,
    PageRefusedError,
    View,
    ViewContext,
    ViewRequest,
)
from forwardc.dashboard.web import form_of, handlers, html, open_session, query_of, session_of
from forwardc.runtime.history.errors import HistoryError
from forwardc.runtime.history.export import ExportFormat
from forwardc.runtime.history.store import Store
from forwardc.runtime.work_executor import run_blocking

Endpoint = Callable[[Request], Awaitable[Response]]

_VIEWS: dict[str, View] = {
    "/": overview,
    "/history": history,
    "/runs/{run_id}": run_page,
    "/unknown": unknown,
    "/pauses": pauses,
    "/coverage": coverage,
    "/approvals": approvals,
    "/secrets": secrets,
    "/audit": audit,
}
_ACTIONS: dict[str, Action] = {
    "/pauses/add": pause,
    "/pauses/end": unpause,
    "/runs/{run_id}/settle": resolve_by_hand,
}
# Characters. Codes of ours have up to 250; what is longer is cut, and then wrong.
_LONGEST_CODE = 512


def create(store: Store, settings: DashboardSettings, beside: Sequence[Route] = ()) -> Starlette:
    """The application over a history. It answers under `settings.hosts` only.

    `beside` are routes that no session guards, such as those of callbacks.
    """
    context = ViewContext(store, settings)
    views = _VIEWS | {path: view for pages in settings.pages for path, view in pages.views.items()}
    return Starlette(
        routes=[
            *beside,
            _file("/dashboard.css", "text/css"),
            _file("/icon.svg", "image/svg+xml"),
            Route("/login", _login_page(context), methods=["GET"]),
            Route("/login", _sign_in(context), methods=["POST"]),
            Route("/logout", _sign_out(context), methods=["POST"]),
            *(
                Route(f"/history.{form}", _export(context, form), methods=["GET"])
                for form in ExportFormat
            ),
            *(Route(path, _view(context, view), methods=["GET"]) for path, view in views.items()),
            *(
                Route(path, _act(context, action), methods=["POST"])
                for path, action in _ACTIONS.items()
            ),
        ],
        middleware=[Middleware(Guard, hosts=settings.hosts)],
        exception_handlers=handlers(context),
    )


def _file(path: str, media_type: str) -> Route:
    content = package_file("dashboard", "static", path[1:]).read_bytes()

    async def send(_request: Request) -> Response:
        return Response(content, media_type=media_type)

    return Route(path, send, methods=["GET"])


def _view(context: ViewContext, view: View) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        session = await session_of(context, request)
        if session is None:
            return RedirectResponse("/login", 303)
        view_request = ViewRequest(session, path=request.path_params, query=query_of(request))
        page = await run_blocking(view, context, view_request)
        return await html(context, page, session)

    return endpoint


def _export(context: ViewContext, form: ExportFormat) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        session = await session_of(context, request)
        if session is None:
            return RedirectResponse("/login", 303)
        view_request = ViewRequest(session, query=query_of(request))
        file = await run_blocking(exported, context, view_request, form)
        named = {"Content-Disposition": f'attachment; filename="{file.name}"'}
        return StreamingResponse(file.pieces, media_type=file.media_type, headers=named)

    return endpoint


def _act(context: ViewContext, action: Action) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        form = await form_of(request)
        session = await session_of(context, request)
        if session is None or not session.owns(form.get("csrf", "")):
            raise _too_old()
        if session.role is not Role.ADMIN:
            text = "A viewer may look. Sign in as an admin to change this."
            raise PageRefusedError(403, "Not allowed", text)
        view_request = ViewRequest(session, path=request.path_params, form=form)
        return RedirectResponse(await run_blocking(action, context, view_request), 303)

    return endpoint


def _login_page(context: ViewContext) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        # The code is spent by the form below, not by looking: a preview of the link uses nothing.
        code = query_of(request).get("code", "")[:_LONGEST_CODE]
        return await html(context, _login(context, code), None)

    return endpoint


def _login(context: ViewContext, code: str = "", problem: str | None = None) -> Page:
    values = {"code": code, "problem": problem, "tokens": context.settings.enter is not None}
    return Page("login.html.j2", values, 403 if problem else 200)


def _sign_in(context: ViewContext) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        form = await form_of(request)
        if context.settings.enter is not None and form.get("token"):
            cookie = await context.settings.enter(form["token"].strip())
            problem = "This access token is not believed, or has no scope of the dashboard."
        else:
            code = form.get("code", "").strip()
            cookie = await run_blocking(context.settings.logins.redeem, code)
            problem = "This code is wrong, was used before, or is older than ten minutes."
        if cookie is None:
            return await html(context, _login(context, problem=problem), None)
        await run_blocking(_record_sign_in, context, cookie)
        answer = RedirectResponse("/", 303)
        open_session(context, request, answer, cookie)
        return answer

    return endpoint


def _record_sign_in(context: ViewContext, cookie: str) -> None:
    """Leave an event: who signed in may read everything that is here."""
    session = context.settings.logins.session(cookie)
    if session is not None:
        by = session.client_id or "whoever had the link"
        # While a disk is full, whoever has to mend it may still look.
        with suppress(HistoryError):
            context.store.record("sign-in", by, f"dashboard, as {session.role}")


def _sign_out(context: ViewContext) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        session, form = await session_of(context, request), await form_of(request)
        if session is None or not session.owns(form.get("csrf", "")):
            raise _too_old()
        cookie = request.cookies[context.settings.cookie]
        await run_blocking(context.settings.logins.end, cookie)
        answer = RedirectResponse("/login", 303)
        answer.delete_cookie(context.settings.cookie, httponly=True, samesite="strict")
        return answer

    return endpoint


def _too_old() -> PageRefusedError:
    return PageRefusedError(
        403, "The form is too old", "Open its page again, and send it from there."
    )
