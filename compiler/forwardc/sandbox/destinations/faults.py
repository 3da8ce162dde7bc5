"""What a test card does to the connection itself, alike at every destination.

Knows no vendor's answers: an approval, a refusal or a 5xx is each destination's own.
"""

from starlette.responses import Response

from forwardc.sandbox.cards import Behaviour
from forwardc.sandbox.world import (
    DestinationBrokenError,
    DestinationTimeoutError,
    DestinationUnreachableError,
)


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
