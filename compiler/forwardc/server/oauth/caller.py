"""Who calls, once a bearer token was believed, and what believes one.

Knows no token format.
"""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Caller:
    """An OAuth client. `expires_at` is the token's end, in seconds since the epoch."""

    client_id: str
    scope: frozenset[str]
    expires_at: int


class CallerGate(Protocol):
    """Believes or refuses a call."""

    async def caller(self, authorization: str | None) -> Caller:
        """The caller behind an Authorization header.

        Raises: `ProblemError`, INVALID_TOKEN or INSUFFICIENT_SCOPE with their WWW-Authenticate
        header (RFC 6750), or UNAVAILABLE where the issuer's keys cannot be had.
        """
        ...
