"""Strict JSON in, compact JSON out, for every destination of the sandbox.

Knows no vendor. Nothing here repeats a value of the body in an error.
"""

import json
from typing import Any

from starlette.responses import Response

MAX_DEPTH = 64


class Unreadable(ValueError):  # noqa: N818 - named for the body, not for our code
    """The body is not one JSON document that all parsers read alike."""


def read_json(body: bytes) -> Any:
    """The document in `body`. Raises `Unreadable`.

    Refused besides wrong syntax: bytes that are not UTF-8, half a surrogate pair, a name that
    stands twice in an object, NaN and infinities, and more than `MAX_DEPTH` levels.
    """
    try:
        document = json.loads(
            body.decode("utf-8"), object_pairs_hook=_object, parse_constant=_constant
        )
        json.dumps(document, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        # Not chained: the decoder's error carries the document.
        raise Unreadable("not valid JSON") from None
    if _too_deep(document):
        raise Unreadable("nested too deeply")
    return document


def answer(status: int, content: object, headers: dict[str, str] | None = None) -> Response:
    """A response with compact JSON."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return Response(text.encode(), status, headers, media_type="application/json")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise Unreadable("a name stands twice")
    return members


def _constant(_: str) -> Any:
    raise Unreadable("not a JSON number")


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
