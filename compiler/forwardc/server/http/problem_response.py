"""A refusal as an HTTP answer (RFC 9457), the same for every part of the server.

Knows no reason to refuse.
"""

import json
from typing import Final

from starlette.responses import Response

from forwardc.server.http.problems import MEDIA_TYPE, ProblemError

NEVER_STORED: Final = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
"""Headers of every answer: what a payment came to is no cache's business."""


def problem_response(refusal: ProblemError, instance: str | None = None) -> Response:
    """The answer to a call that was refused. `instance` names this one call."""
    return Response(
        json.dumps(refusal.document(instance), ensure_ascii=False).encode(),
        refusal.kind.value.status,
        {**NEVER_STORED, **refusal.headers},
        MEDIA_TYPE,
    )
