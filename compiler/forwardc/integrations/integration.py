"""The port between the house and an integration: what a destination may need beyond its requests.

A destination says `integration: NAME`, its plan carries the name, and whoever runs, serves or shows
finds the integration by it in the registry. A destination's own name decides nothing, so that a
copy of it under another name has the same tokens, callbacks and commands.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from forwardc.core.diagnostics.errors import ForwardcError

if TYPE_CHECKING:
    import httpx
    from starlette.routing import Route

    from forwardc.dashboard.views import PageSet
    from forwardc.integrations.card_tokens import TokenStore
    from forwardc.plan.model import Plan
    from forwardc.plan.secret_names import SecretId
    from forwardc.runtime.history.store import Store
    from forwardc.runtime.run.store_journal import OpenRunHook
    from forwardc.runtime.secret_providers.plan_secrets import SecretResolver


class SandboxTokenError(ForwardcError):
    """A sandbox made no token. The message says why, and repeats no value."""


class CardTokens(Protocol):
    """Card tokens at a destination, as the command line makes, shows and revokes them."""

    @property
    def teller(self) -> str:
        """Who tells of tokens where no sandbox does, in a word of a table."""
        ...

    @property
    def why_sandbox(self) -> str:
        """Why only a sandbox makes a token for us, as a sentence for people."""
        ...

    @property
    def show_operation(self) -> str:
        """The operation that asks what the destination knows of a token."""
        ...

    @property
    def revoke_operation(self) -> str:
        """The operation that revokes a token."""
        ...

    def store(self, history: "Store", *, emulated: bool) -> "TokenStore":
        """The tokens in an open history that the vendor, or else a sandbox, told of."""
        ...

    def params(self, customer_id: str, token: str) -> Mapping[str, str]:
        """The params with which both operations name a token and whose it is."""
        ...

    async def create(
        self, client: "httpx.AsyncClient", plan: "Plan", card: str, customer_id: str, by: str
    ) -> Mapping[str, object]:
        """Let a sandbox make a token of a test card, by its name; what the sandbox answered.

        `client` reaches that sandbox whatever the host. Each call makes a request of its own.
        Raises: `SandboxTokenError`; httpx.HTTPError where no sandbox answers.
        """
        ...


class Integration(Protocol):
    """What a destination may need beyond its requests. Every method is called at a start, once.

    `plans` are those of one place, or of all; an integration looks at its own among them.
    """

    @property
    def name(self) -> str:
        """What a destination says after `integration:`."""
        ...

    @property
    def tokens(self) -> CardTokens:
        """Its card tokens."""
        ...

    def open_run_hook(self, plans: Iterable["Plan"]) -> "OpenRunHook":
        """What a journal asks about runs of these plans that end without a final outcome."""
        ...

    def callback_secrets(self, plans: Iterable["Plan"], place: str) -> Sequence["SecretId"]:
        """The secrets by which the callbacks of a place are verified."""
        ...

    def callback_routes(
        self,
        history: "Store",
        plans: Iterable["Plan"],
        place: str,
        look_up: "SecretResolver",
        *,
        emulated: bool,
    ) -> "Sequence[Route]":
        """The routes that take callbacks, for whoever serves. `look_up` gives the secrets.

        `emulated`: they come from a sandbox, whose secrets are made up, and `look_up` is not asked.
        """
        ...

    def pages(self) -> "PageSet":
        """What the dashboard shows of it."""
        ...
