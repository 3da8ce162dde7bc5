"""The error answers of Rocketpay Gate.

Knows no operation. Codes and messages: the public list of ECOMMPAY Gate response codes. The JSON
around them is that of the documented callbacks (`errors` with code, message, field): no source
shows the body of a refused request.
"""

from typing import Any

from forwardc.sandbox.errors import SandboxError

MESSAGES = {
    "303": "Access denied",
    "501": "Internal error",
    "502": "Validation error",
    "702": "Malformed request",
    "2003": "Invalid JSON string",
    "2004": "Required field not provided",
    "2442": "Project ID not found",
    "3020": "Period of card validity is required for the project",
    "3021": "Card expired",
    "3024": "Invalid Payment ID",
    "3027": "Invalid token provided",
    "3101": "Card not found",
    "3141": "CVV is required",
    "3162": "Cardholder is required",
    "3221": "Card token not found",
    "3241": "Customer not found",
    "3261": "Invalid signature",
    "3262": "Empty signature",
    "3286": "The property amount is required",
    "3287": "The property currency is required",
}
# 400 is the documented status for missing data and bad signatures; the others stand here.
_STATUSES = {"303": 403, "501": 500, "702": 422, "2003": 422}


class GateError(SandboxError):
    """The request is refused with this code; `field` is the dotted path, never a value."""

    def __init__(self, code: str, field: str = "") -> None:
        super().__init__(code)
        self.code, self.field = code, field

    @property
    def status(self) -> int:
        """The HTTP status."""
        return _STATUSES.get(self.code, 400)

    @property
    def body(self) -> dict[str, Any]:
        """The JSON body."""
        return error_body(MESSAGES[self.code], self.code, self.field)


def error_body(message: str, code: str = "", field: str = "") -> dict[str, Any]:
    """The body of a refusal; what is empty is left out."""
    named = {"code": code, "message": message, "field": field}
    return {
        "status": "error",
        "errors": [{name: value for name, value in named.items() if value}],
    }
