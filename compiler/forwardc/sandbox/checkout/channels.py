"""The processing channels of a client, and what it means to name none.

Knows no endpoint. That the vendor answers `processing_channel_id_required` stands in a mock of
SDK-node and in the help pages of its integrators: a key that is not bound to one channel needs it
in each request. Here the merchant whose vault forwards has several channels and another client
has one, until a switch says otherwise.
"""

from typing import Any

from forwardc.sandbox.checkout.body import RequestFaults
from forwardc.sandbox.checkout.clients import OWN, CheckoutAccount, clients
from forwardc.sandbox.checkout.problems import invalid
from forwardc.sandbox.world import World

TABLE = "checkout.account"
LAX = "checkout_no_channel"
_AT = "processing_channel_id"


def check_channel(account: CheckoutAccount, faults: RequestFaults, body: dict[str, Any]) -> None:
    """Note it where a request names no channel and the client has several."""
    if body.get(_AT) is None and has_several(account) and not account.lets(LAX, _AT):
        faults.add(_AT, "required")


def has_several(account: CheckoutAccount) -> bool:
    """Whether the client has more than one channel."""
    row = account.table(TABLE).get("account", {})
    return bool(row.get("several_channels", account.client.name == OWN))


def switch(world: World, body: dict[str, Any]) -> dict[str, Any]:
    """The sandbox's switch: `client` (its name), `several_channels`. Raises `CheckoutError`."""
    client = next((one for one in clients() if one.name == body.get("client", OWN)), None)
    if client is None or not isinstance(body.get("several_channels"), bool):
        raise invalid("client_or_several_channels_invalid")
    set_several(CheckoutAccount(world, client), body["several_channels"])
    return {"client": client.name, "several_channels": body["several_channels"]}


def set_several(account: CheckoutAccount, several: bool) -> None:
    """Say whether the client has more than one channel."""
    account.table(TABLE).setdefault("account", {})["several_channels"] = several
