"""One call of the emulated API, as the endpoints see it. Knows no HTTP."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from forwardc.sandbox.stripe.account import StripeCaller
from forwardc.sandbox.stripe.kinds import MapParam
from forwardc.sandbox.stripe.params import read
from forwardc.sandbox.world import World


@dataclass(frozen=True, slots=True)
class StripeCall:
    """One call. Parameters are those of query and body together, not yet checked.

    `forwarded` tells that another vault of the sandbox sends this, and not a client: only then
    do test cards make the creation of a payment method fail in transport.
    """

    world: World
    caller: StripeCaller
    version: str
    params: dict[str, Any] = field(repr=False)
    path: dict[str, str]
    forwarded: bool = False

    @property
    def now(self) -> int:
        """The time of the world in whole seconds."""
        return int(self.world.now())

    def read(self, shape: MapParam) -> dict[str, Any]:
        """The parameters, checked and converted. Raises 400."""
        return read(shape, self.params, self.version, self.world.lets)

    def table(self, name: str) -> dict[str, Any]:
        """The rows of one table of the account that is called, by id."""
        account = self.caller.account
        return self.world.table(f"stripe.{name}" if account is None else f"stripe.{name}@{account}")


Handler = Callable[[StripeCall], Awaitable[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class StripeEndpoint:
    """A route of the API with the permission that a restricted key needs."""

    method: str
    path: str
    permission: str
    handler: Handler
