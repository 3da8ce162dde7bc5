"""The client of Checkout.com for Node.js at a port of the party alone, by both ways it sends."""

from typing import Any

import pytest

from clients.case import RaisedError
from clients.checkout_base import BODY, CARD, HEALTHY, order
from clients.keys import Keys
from clients.node import CheckoutNode, driver
from forwardc.sandbox.serve import start_in_thread

pytestmark = pytest.mark.xdist_group("checkout-sdk-node")


# Its `fetch` sends the method `patch` as it is written, its axios `PATCH`.
@pytest.mark.parametrize("sends", ["fetch", "axios"])
def test_a_port_of_its_own(node_clients: None, sends: str) -> None:
    keys = Keys()
    with start_in_thread(parties=("checkout",)) as sandbox:
        host = sandbox.parties["checkout"]
        start: dict[str, Any] = {"vendor": "checkout", "host": host, "key": keys.secret}
        with driver(**start, pk=keys.public, httpClient=sends) as running:
            client = CheckoutNode(running, keys)
            token = client.call("tokens.card", CARD)["token"]
            made = client.call("instruments.create", {"type": "token", "token": token})["id"]
            client.call("instruments.update", made, {"expiry_month": 2, "expiry_year": 2033})
            assert client.call("instruments.get", made)["expiry_year"] == 2033
            client.call("instruments.delete", made)
            with pytest.raises(RaisedError, match="NotFoundError 404"):
                client.call("instruments.get", made)
            client.call("secrets.create", {"name": "psp_key", "value": "one"})
            assert client.call("secrets.update", "psp_key", {"value": "two"})["version"] == 2
            sent = client.call("forward.create", order({"type": "id", "id": HEALTHY}, BODY))
            assert sent["destination_response"]["status"] == 200
            methods = [one.method for one in sandbox.world.received]
    assert methods == ["POST"]
