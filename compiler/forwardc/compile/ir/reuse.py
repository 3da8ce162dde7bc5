"""What an author says of a step whose result serves several runs, such as an access token."""

from forwardc.core.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Reuse:
    """How long a result serves: at least one of the two is there, and the shorter counts.

    `expires_in` is a JSON Pointer to where the answer says it, in seconds; `at_most_s` are seconds.
    `renew_on_401`: a later step that is answered 401 had no effect, and is sent again, once, with a
    new result.
    """

    expires_in: str | None = None
    at_most_s: int | None = None
    renew_on_401: bool = False
