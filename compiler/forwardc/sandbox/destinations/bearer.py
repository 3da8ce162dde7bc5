"""Access tokens of the echo: a client gets one for a while, and after that it is refused.

A form with `grant_type=client_credentials` asks for one (RFC 6749, section 4.4), with id and secret
as HTTP Basic or in the form. One that the echo gave is good at its host until it ends; where it is
used after that, or elsewhere, the answer is 401 (RFC 6750, section 3.1). Of other bearer tokens the
echo knows nothing, and says nothing.
"""

import base64
import binascii
import secrets
from typing import Final
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import Response

from forwardc.sandbox.destinations.endpoint import answer
from forwardc.sandbox.world import World

LIFETIME_SECONDS: Final = 600
"""Ten minutes: a run that takes its time is within them, and a server meets their end."""
_TABLE: Final = "echo.tokens"
_PREFIX: Final = "sbx_at_"
_FORM: Final = "application/x-www-form-urlencoded"
_NO_STORE: Final = {"Cache-Control": "no-store"}


def token_answer(world: World, request: Request, body: bytes) -> Response | None:
    """The answer to who asks for a token; None for any other request."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if request.method != "POST" or kind != _FORM:
        return None
    form = parse_qs(body.decode("ascii", "replace"), keep_blank_values=True)
    grants = form.get("grant_type")
    if grants is None:
        return None
    if grants != ["client_credentials"]:
        return answer(400, {"error": "unsupported_grant_type"})
    client = _basic(request) or tuple(form.get(name, [""])[0] for name in _CREDENTIALS)
    if not all(client):
        return answer(401, {"error": "invalid_client"}, {"WWW-Authenticate": "Basic"})
    token = f"{_PREFIX}{secrets.token_urlsafe(24)}"
    until = world.now() + LIFETIME_SECONDS
    world.table(_TABLE)[token] = {"host": request.url.hostname or "", "expires_at": until}
    granted = {"access_token": token, "token_type": "Bearer", "expires_in": LIFETIME_SECONDS}
    return answer(200, granted, _NO_STORE)


_CREDENTIALS: Final = ("client_id", "client_secret")


def token_refusal(world: World, request: Request) -> Response | None:
    """The answer to a token of the echo that is not good here and now; None for any other."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.startswith(_PREFIX):
        return None
    row = world.table(_TABLE).get(token)
    here, now = request.url.hostname or "", world.now()
    if row is not None and row["expires_at"] > now and row["host"] == here:
        return None
    return answer(
        401, {"error": "invalid_token"}, {"WWW-Authenticate": 'Bearer error="invalid_token"'}
    )


def _basic(request: Request) -> tuple[str, ...]:
    """Id and secret of HTTP Basic (RFC 7617); nothing where there are none."""
    scheme, _, text = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return ()
    try:
        user, _, password = base64.b64decode(text, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return ("", "")
    return user, password
