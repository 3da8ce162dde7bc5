"""Checkout.com's error answers.

Knows no endpoint. Shape `{request_id, error_type, error_codes[]}` from Checkout.com's public API
reference (nas_spec, 2021) and the exceptions of its SDKs; `errors` as in a mock of SDK-node.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from forwardc.sandbox.errors import SandboxError


@dataclass(slots=True)
class CheckoutError(SandboxError):
    """The request is refused with this answer. `where` names request members, never values."""

    status: int
    error_type: str = ""
    codes: tuple[str, ...] = ()
    where: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def invalid(*codes: str, at: str = "") -> CheckoutError:
    """422 `request_invalid`, with the request member that is at fault."""
    return CheckoutError(422, "request_invalid", codes, {at: codes} if at else {})


def fixed(at: str) -> CheckoutError:
    """422 for who changes a fixed test source, which is for everybody what it was. Our code."""
    return invalid("test_source_fixed", at=at)


def unauthorized() -> CheckoutError:
    """401 with an empty body."""
    return CheckoutError(401)


def forbidden() -> CheckoutError:
    """403 with an empty body: the credential is good, its scope is not."""
    return CheckoutError(403)


def not_found(code: str = "") -> CheckoutError:
    """404; with an empty body unless the endpoint is known to name a code."""
    return CheckoutError(404, "not_found", (code,)) if code else CheckoutError(404)
