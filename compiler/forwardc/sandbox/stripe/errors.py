"""Stripe's error envelope, and the errors that more than one endpoint gives.

Types, codes, statuses and wordings are those of Stripe's error reference (2024 to 2026) and of
texts seen in public code; where Stripe is silent the choice is ours.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from forwardc.sandbox.errors import SandboxError

Type = Literal["api_error", "card_error", "idempotency_error", "invalid_request_error"]


@dataclass(slots=True, eq=False)
class StripeError(SandboxError):
    """An answer that is not a success.

    `executed` tells whether the endpoint had begun its work: only then is the answer kept for
    its idempotency key. `retry` is the value of the Stripe-Should-Retry header.
    """

    status: int
    type: Type
    message: str
    code: str | None = None
    param: str | None = None
    executed: bool = False
    retry: bool = False
    extra: Mapping[str, Any] = field(default_factory=dict)

    def envelope(self, request_id: str, *, livemode: bool) -> dict[str, Any]:
        """The JSON body of the answer. Attributes without a value are left out."""
        error: dict[str, Any] = {
            "code": self.code,
            "doc_url": self.code and f"https://stripe.com/docs/error-codes/{_page(self.code)}",
            "message": self.message,
            "param": self.param,
            "request_log_url": _log_url(request_id, livemode=livemode),
            "type": self.type,
            **self.extra,
        }
        return {"error": {key: value for key, value in error.items() if value is not None}}


def _page(code: str) -> str:
    return code.replace("_", "-")


def _log_url(request_id: str, *, livemode: bool) -> str:
    return f"https://dashboard.stripe.com/{'' if livemode else 'test/'}logs/{request_id}"


def invalid(
    message: str, *, param: str | None = None, code: str | None = None, status: int = 400
) -> StripeError:
    """A request that could not be carried out as it was written."""
    return StripeError(status, "invalid_request_error", message, code, param)


def missing(param: str) -> StripeError:
    """A required parameter that is not there."""
    return invalid(f"Missing required param: {param}.", param=param, code="parameter_missing")


def unknown(params: list[str]) -> StripeError:
    """One or several parameters that the endpoint does not have."""
    several = "s" if len(params) > 1 else ""
    text = f"Received unknown parameter{several}: {', '.join(params)}"
    return invalid(text, param=params[0], code="parameter_unknown")


def no_such(
    kind: str, identifier: str, *, param: str | None = None, other_mode: bool | None = None
) -> StripeError:
    """An id that leads nowhere: 400 in a parameter, 404 in the path (`param` not given).

    `other_mode` tells that the object is there in live mode (True) or in test mode (False).
    """
    text = f"No such {kind}: '{identifier}'"
    if other_mode is not None:
        there, here = ("live", "test") if other_mode else ("test", "live")
        text += (
            f"; a similar object exists in {there} mode, but a {here} mode key was used to make "
            "this request."
        )
    return invalid(
        text,
        param=param or "id",
        code="resource_missing",
        status=400 if param else 404,
    )


def card_error(code: str, message: str, param: str | None = None, **extra: Any) -> StripeError:
    """A card that cannot be used, or was refused: 402."""
    return StripeError(402, "card_error", message, code, param, executed=True, extra=extra)


def forwarding_invalid(message: str, param: str | None = None) -> StripeError:
    """A forwarding request that Stripe will not send. 400 is inferred."""
    return invalid(message, param=param, code="forwarding_api_invalid_parameter")
