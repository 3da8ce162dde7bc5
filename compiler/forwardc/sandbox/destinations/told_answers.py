"""Answers that a person or a test told the echo to give: `/_sandbox/echo/answers` at a host.

Not any vendor's API. A gateway that decides later says so in its own words, which no test card
knows: whoever tries a destination tells them here, as the gateway's documents show them. They are
given at that host in their order, each so many `times`, and then the echo answers as ever. What
the echo refuses never gets one, and takes none away.

| an answer has one of | and it is |
|---|---|
| `json` | that JSON, compact |
| `text` | that text; its type is a header |
| `fault` | what the test card of that behaviour does to the connection |

Traced: `[{"json": {"state": "wait"}, "times": 2}, {"json": {"state": "paid"}}]` at a host. The
payment and the first question are answered *wait*, the second question *paid*, the third
`{"received": true}`.
"""

from collections.abc import Callable, Iterator
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from forwardc.sandbox.cards import Behaviour
from forwardc.sandbox.destinations.endpoint import (
    UnreadableBodyError,
    answer,
    read_json,
    transport_fault,
)
from forwardc.sandbox.destinations.shapes import (
    IntegerShape,
    ListShape,
    ObjectShape,
    TextMapShape,
    TextShape,
    shape_mistakes,
)
from forwardc.sandbox.errors import SandboxError
from forwardc.sandbox.memory import RowKinds
from forwardc.sandbox.world import World

TABLE: Final = "echo.answers"
ROWS: Final = RowKinds(settings=frozenset({TABLE}))
"""Somebody set them up: they are not forgotten."""
PATH: Final = "/_sandbox/echo/answers"

_FAULTS: Final = (
    Behaviour.TIMEOUT,
    Behaviour.MALFORMED,
    Behaviour.BROKEN,
    Behaviour.NOT_CONNECTED,
)
_KINDS: Final = ("json", "text", "fault")
# Characters: a gateway's answer has fewer, and memory stays small.
_LONGEST: Final = 100_000
# As many times as the most questions of a run, and the payment before them, need.
_MOST_TIMES: Final = 1000
# Answers of one host: more than any test tells.
_MOST: Final = 1000
# RFC 9110, sections 5.6.2 and 5.5: a token, and visible ASCII with spaces between.
_NAME: Final = TextShape(1, 100, pattern="[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE: Final = TextShape(0, 1000, pattern="(?:[!-~](?:[ !-~]*[!-~])?)?")
# RFC 9110, sections 15.3.5 and 15.4.5.
_BODILESS: Final = (204, 304)
# The server writes these itself.
_FRAMING: Final = frozenset({"connection", "content-length", "transfer-encoding"})
_ANSWERS: Final = ListShape(
    ObjectShape(
        {
            # An interim answer (1xx) is none.
            "status": IntegerShape(200, 599),
            "times": IntegerShape(1, _MOST_TIMES),
            "headers": TextMapShape(most=20),
            "text": TextShape(longest=_LONGEST),
            "fault": TextShape(choices=frozenset(one.value for one in _FAULTS)),
        }
    )
)


class ToldAnswerError(SandboxError, ValueError):
    """What the echo is told is no list of answers. The message has places, and no value."""


def routes(world: World, is_card: Callable[[bytes], bool]) -> list[Route]:
    """GET shows what is left, POST tells other answers in its place, DELETE forgets them.

    `is_card` says whether a text holds a card number that is no test card's.
    """

    async def shown(request: Request) -> Response:
        return answer(200, _left(world, request))

    async def replaced(request: Request) -> Response:
        body = await request.body()
        if is_card(body):
            return answer(422, {"error": "only test cards are accepted"})
        try:
            world.table(TABLE)[_host(request)] = _read(body)
        except (ToldAnswerError, UnreadableBodyError) as wrong:
            return answer(400, {"error": str(wrong)})
        return answer(200, _left(world, request))

    async def forgotten(request: Request) -> Response:
        world.table(TABLE).pop(_host(request), None)
        return answer(200, _left(world, request))

    return [
        Route(PATH, shown, methods=["GET"]),
        Route(PATH, replaced, methods=["POST"]),
        Route(PATH, forgotten, methods=["DELETE"]),
    ]


def next_answer(world: World, request: Request) -> Response | None:
    """The answer that was told for this request; None where none is left.

    Raises what `transport_fault` raises.
    """
    rows = world.table(TABLE)
    host = _host(request)
    left = rows.get(host)
    if not left:
        return None
    row = left[0]
    row["times"] -= 1
    if not row["times"]:
        del left[0]
    if not left:
        del rows[host]
    return _response(row)


def _response(row: dict[str, Any]) -> Response | None:
    if "fault" in row:
        return transport_fault(Behaviour(row["fault"]))
    status, headers = row["status"], row["headers"]
    if "json" in row:
        return answer(status, row["json"], headers)
    typed = any(name.lower() == "content-type" for name in headers)
    return Response(row["text"], status, headers, media_type=None if typed else "text/plain")


def _read(body: bytes) -> list[dict[str, Any]]:
    """The answers, with what they leave out. Raises `ToldAnswerError`, `UnreadableBodyError`."""
    document = read_json(body)
    # Any JSON may be an answer: the shape is that of the rest.
    rest = document
    if isinstance(document, list):
        rest = [
            {name: value for name, value in one.items() if name != "json"}
            if isinstance(one, dict)
            else one
            for one in document
        ]
    wrong = [f"{bad.path or 'answers'}: {bad.kind}" for bad in shape_mistakes(_ANSWERS, rest)]
    if not wrong:
        wrong = [problem for at, one in enumerate(document) for problem in _problems(at, one)]
    if not wrong and len(document) > _MOST:
        wrong = [f"more than {_MOST} answers"]
    if wrong:
        raise ToldAnswerError("; ".join(wrong[:10]))
    return [{"status": 200, "times": 1, "headers": {}} | one for one in document]


def _problems(at: int, one: dict[str, Any]) -> Iterator[str]:
    kinds = [kind for kind in _KINDS if kind in one]
    if len(kinds) != 1:
        yield f"{at}: one of {', '.join(_KINDS)}"
    if "fault" in one and one.keys() & {"status", "headers"}:
        yield f"{at}: a fault has no status and no headers"
    if one.get("status") in _BODILESS and one.get("text") != "":
        yield f"{at}: this status has no body: write an empty `text`"
    for name, value in one.get("headers", {}).items():
        if any(shape_mistakes(_NAME, name)) or any(shape_mistakes(_VALUE, value)):
            yield f"{at}.headers: no header of HTTP"
        elif name.lower() in _FRAMING:
            yield f"{at}.headers: one that the sandbox writes itself"
        elif name.lower() == "content-type" and "json" in one:
            yield f"{at}.headers: JSON has its type; write `text` for another"


def _left(world: World, request: Request) -> dict[str, object]:
    left = world.table(TABLE).get(_host(request), [])
    return {"data": [{"status": one["status"], "times": one["times"]} for one in left]}


def _host(request: Request) -> str:
    return request.url.hostname or ""
