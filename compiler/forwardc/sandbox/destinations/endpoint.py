"""What every emulated destination does alike: strict JSON, its own refusals, faults by test card.

Nothing here repeats a value of the body in an error. The framework's own pages (404 and 405 as
text, 307 for a slash too many) are no vendor's, and a client that followed such a redirect would
send a card twice: so nothing but the party itself answers.
"""

import ipaddress
import json
from collections.abc import Callable, Mapping, Sequence
from math import isinf
from typing import Any
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from forwardc.sandbox.cards import Behaviour
from forwardc.sandbox.errors import SandboxError
from forwardc.sandbox.world import (
    DestinationBrokenError,
    DestinationTimeoutError,
    DestinationUnreachableError,
)

# Levels of nesting: this sandbox's choice, far more than any request of a destination has.
MAX_DEPTH = 64


class UnreadableBodyError(SandboxError, ValueError):
    """The body is not one JSON document that all parsers read alike."""


def read_json(body: bytes) -> Any:
    """The document in `body`. Raises `UnreadableBodyError`, which says why and where, and no value.

    Refused besides wrong syntax: bytes that are not UTF-8, a byte order mark, half a surrogate
    pair, a name that stands twice in an object, NaN, infinities and numbers beyond what a double
    holds, and more than `MAX_DEPTH` levels.
    """
    document, wrong = _read(body)
    # Outside of the handler: the decoder's error carries the document.
    if wrong:
        raise UnreadableBodyError(wrong)
    if _too_deep(document):
        raise UnreadableBodyError("nested too deeply")
    return document


def _read(body: bytes) -> tuple[Any, str]:
    """The document and `""`, or None and what is wrong."""
    try:
        document = json.loads(
            body.decode("utf-8"),
            object_pairs_hook=_object,
            parse_constant=_constant,
            parse_float=_number,
        )
        json.dumps(document, ensure_ascii=False).encode()
    except UnreadableBodyError as wrong:
        return None, str(wrong)
    except json.JSONDecodeError as wrong:
        # Of some messages the end is a character of the text.
        reason = wrong.msg.partition(":")[0]
        return None, f"not valid JSON: {reason} (line {wrong.lineno}, column {wrong.colno})"
    except UnicodeDecodeError as wrong:
        return None, f"not UTF-8 (byte {wrong.start + 1})"
    except UnicodeEncodeError:
        return None, "half a surrogate pair"
    except RecursionError:
        return None, "nested too deeply"
    except ValueError:
        return None, "a number with too many digits"
    return document, ""


def is_json(request: Request) -> bool:
    """Whether the Content-Type of a request is JSON; its parameters say nothing more."""
    media = request.headers.get("content-type", "").partition(";")[0]
    return media.strip().lower() == "application/json"


def answer(status: int, content: object, headers: dict[str, str] | None = None) -> Response:
    """A response with compact JSON."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return Response(text.encode(), status, headers, media_type="application/json")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise UnreadableBodyError("a name stands twice")
    return members


def _constant(_: str) -> Any:
    raise UnreadableBodyError("not a JSON number")


def _number(text: str) -> float:
    number = float(text)
    if isinf(number):
        raise UnreadableBodyError("a number that no receiver holds")
    return number


def _too_deep(document: object) -> bool:
    level: list[object] = [document]
    for _ in range(MAX_DEPTH):
        level = [
            child
            for node in level
            if isinstance(node, dict | list)
            for child in (node.values() if isinstance(node, dict) else node)
        ]
        if not level:
            return False
    return True


# --- What a test card does to the connection


def transport_fault(behaviour: Behaviour) -> Response | None:
    """The fault that the card asks for, or None where the destination shall answer.

    Raises `DestinationTimeoutError`, `DestinationBrokenError` or `DestinationUnreachableError`; a
    malformed answer is a 200 with JSON that ends in the middle. The messages carry nothing of the
    request.
    """
    match behaviour:
        case Behaviour.TIMEOUT:
            raise DestinationTimeoutError("the test card asks for a time-out")
        case Behaviour.BROKEN:
            raise DestinationBrokenError("the test card asks for a broken connection")
        case Behaviour.NOT_CONNECTED:
            raise DestinationUnreachableError("the test card asks for a refused connection")
        case Behaviour.MALFORMED:
            return Response(b'{"status":"', 200, media_type="application/json")
        case _:
            return None


# --- Routes

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


# --- Callbacks


def loopback_url(text: str) -> str:
    """The URL, if it is one of this machine by http. Raises `ValueError`, which says why not."""
    parts = urlsplit(text)
    # The name could resolve to anything, the address cannot.
    host = "127.0.0.1" if parts.hostname == "localhost" else parts.hostname or ""
    if parts.scheme != "http" or "@" in parts.netloc or parts.fragment:
        raise ValueError("a callback goes to a URL like http://127.0.0.1:8456/callbacks/rocketpay")
    try:
        local = ipaddress.ip_address(host).is_loopback
    except ValueError:
        local = False
    if not local:
        raise ValueError("a callback goes to this machine only, to a loopback address")
    written = f"[{host}]" if ":" in host else host
    port = f":{parts.port}" if parts.port else ""
    return parts._replace(netloc=written + port).geturl()
