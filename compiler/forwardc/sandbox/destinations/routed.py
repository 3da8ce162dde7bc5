"""An app of a party's routes, in which nothing but the party itself answers.

Knows no vendor. The framework's own pages (404 and 405 as text, 307 for a slash too many) are no
vendor's, and a client that followed such a redirect would send a card twice.
"""

from collections.abc import Callable, Mapping, Sequence

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

Refuse = Callable[[int, str], Response]
"""A party's answer to a status of HTTP and its words: 404 `Not Found`."""


def app_of(routes: Sequence[BaseRoute], refuse: Refuse) -> Starlette:
    """The app. What has no route, or another method, is refused in the party's own shape."""

    async def refused(_: Request, problem: Exception) -> Response:
        assert isinstance(problem, HTTPException)  # noqa: S101 - it is registered for these only
        response = refuse(problem.status_code, problem.detail)
        headers: Mapping[str, str] = problem.headers or {}
        response.headers.update(headers)
        return response

    app = Starlette(routes=routes, exception_handlers={HTTPException: refused})
    app.router.redirect_slashes = False
    return app
