"""Rocketpay Gate as an integration: which of its parts does what.

Light, as the registry asks: each part is imported by whoever needs it.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from forwardc.integrations.integration import Integration

if TYPE_CHECKING:
    import httpx
    from starlette.routing import Route

    from forwardc.dashboard.views import PageSet
    from forwardc.integrations.card_tokens import TokenStore
    from forwardc.integrations.rocketpay.callback_runs import CallbackRuns
    from forwardc.plan.model import Plan
    from forwardc.plan.secret_names import SecretId
    from forwardc.runtime.history.store import Store
    from forwardc.runtime.secret_providers.plan_secrets import SecretResolver


class GateTokens:
    """Card tokens of the Gate, for the command line."""

    teller: Final = "Gate"
    why_sandbox: Final = (
        "The Gate wants a signature over the card number too, so only whoever holds the number can "
        "ask for a token. forwardc holds none: the sandbox signed for a test card of its own."
    )
    show_operation: Final = "card"
    revoke_operation: Final = "revoke"

    def store(self, history: "Store", *, emulated: bool) -> "TokenStore":
        """The tokens in an open history that the Gate, or else a sandbox, told of."""
        from forwardc.integrations.rocketpay.token_tables import TokenTables

        return TokenTables(history, emulated=emulated)

    def params(self, customer_id: str, token: str) -> Mapping[str, str]:
        """The params with which both operations name a token and whose it is."""
        return {"customer_id": customer_id, "token": token}

    async def create(
        self, client: "httpx.AsyncClient", plan: "Plan", card: str, customer_id: str, by: str
    ) -> Mapping[str, object]:
        """Let a sandbox make a token of a test card. Raises: as `CardTokens.create` says."""
        from forwardc.integrations.rocketpay.sandbox_tokens import create_token

        return await create_token(client, plan, card, customer_id, by)


class RocketpayGate:
    """The integration that a destination names by `integration: rocketpay`."""

    name: Final = "rocketpay"
    tokens: Final = GateTokens()

    def open_run_hook(self, plans: Iterable["Plan"]) -> "CallbackRuns":
        """Resolves runs whose callback was faster than the answer to their request."""
        from forwardc.integrations.rocketpay.callback_runs import CallbackRuns
        from forwardc.integrations.rocketpay.signers import destinations_in

        return CallbackRuns(destinations_in(plans))

    def callback_secrets(self, plans: Iterable["Plan"], place: str) -> Sequence["SecretId"]:
        """The secrets that sign the callbacks of a place."""
        from forwardc.integrations.rocketpay.signers import signers_in

        return [signer.secret for signer in signers_in(plans, place)]

    def callback_routes(
        self,
        history: "Store",
        plans: Iterable["Plan"],
        place: str,
        look_up: "SecretResolver",
        *,
        emulated: bool,
    ) -> "Sequence[Route]":
        """`POST /callbacks/rocketpay`, for every destination of the place."""
        from forwardc.integrations.rocketpay.callbacks import callback_routes
        from forwardc.integrations.rocketpay.signers import made_up_secrets, signers_in
        from forwardc.integrations.rocketpay.token_tables import TokenTables

        plans = tuple(plans)
        signers = signers_in(plans, place)
        secrets = made_up_secrets(signers, plans) if emulated else look_up
        return callback_routes(TokenTables(history, emulated=emulated), secrets, signers)

    def pages(self) -> "PageSet":
        """The list of tokens, and the page of one."""
        from forwardc.integrations.rocketpay.pages import PAGES

        return PAGES


ROCKETPAY: Final[Integration] = RocketpayGate()
