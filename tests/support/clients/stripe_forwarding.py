"""What Stripe's documents say of forwarding, for its clients in any language.

Sources: docs.stripe.com/api, and its page on Vault and Forward.
"""

import json
from typing import Any

from clients.case import Raises, Returns, Table
from clients.stripe_base import ADYEN, HOLDER, card, forward, intent, invalid, order

CASES = Table()


# Forwarding


@CASES.row(
    "forwarding.requests.create",
    "a card, to Adyen",
    Returns(
        {
            "object": "forwarding.request",
            "response_details.status": 200,
            "request_details.http_method": "POST",
        }
    ),
)
def _(client: Any) -> Any:
    return forward(client, card(client, billing_details=HOLDER)["id"])


@CASES.row(
    "forwarding.requests.create",
    "an unknown payment method",
    Raises("InvalidRequestError", 400, {"code": "resource_missing", "param": "payment_method"}),
)
def _(client: Any) -> Any:
    return forward(client, "pm_1NothingOfTheKind00000000")


@CASES.row(
    "forwarding.requests.create",
    "no connection to the destination",
    Raises("CardError", 402, {"code": "forwarding_api_retryable_upstream_error"}),
)
def _(client: Any) -> Any:
    return forward(client, "pm_sandbox_not_connected")


@CASES.row(
    "forwarding.requests.create",
    "no connection, a version before 2025-03-31",
    Raises("APIError", 502, {"code": "forwarding_api_upstream_connection_error"}),
)
def _(client: Any) -> Any:
    unreached = card(client, "5000186622346654", billing_details=HOLDER)["id"]
    return forward(client, unreached, stripe_version="2024-12-18.acacia")


@CASES.row(
    "forwarding.requests.create",
    "no answer of the destination in time",
    Raises("APIError", 504, {"code": "forwarding_api_upstream_connection_timeout"}),
)
def _(client: Any) -> Any:
    return forward(client, "pm_sandbox_timeout")


@CASES.row(
    "forwarding.requests.create",
    "an answer of 500 of the destination",
    Returns({"response_details.status": 500}),
)
def _(client: Any) -> Any:
    return forward(client, "pm_sandbox_server_error")


@CASES.row(
    "forwarding.requests.retrieve",
    "its id",
    Returns({"object": "forwarding.request", "response_details.status": 200}),
)
def _(client: Any) -> Any:
    made = forward(client, "pm_card_visa")
    return client.call("forwarding.requests.retrieve", made["id"])


@CASES.row(
    "forwarding.requests.retrieve",
    "an id of nothing",
    Raises("InvalidRequestError", 404, {"code": "resource_missing"}),
)
def _(client: Any) -> Any:
    return client.call("forwarding.requests.retrieve", "fwdreq_1NothingOfTheKind")


@CASES.row(
    "forwarding.requests.list",
    "a limit, all pages",
    Returns({"newest_first": True}, "every one, the newest first"),
)
def _(client: Any) -> Any:
    made = [forward(client, "pm_card_visa")["id"] for _ in range(3)]
    listed = client.call("forwarding.requests.list", {"limit": 2}, every=True)["data"]
    return {"newest_first": [one["id"] for one in listed[:3]] == made[::-1]}


@CASES.row(
    "forwarding.requests.list",
    "a limit of 101",
    Raises("InvalidRequestError", 400, {"param": "limit"}),
)
def _(client: Any) -> Any:
    return client.call("forwarding.requests.list", {"limit": 101})


@CASES.row("forwarding.requests.list", "created in the future", Returns({"data": []}, "no one"))
def _(client: Any) -> Any:
    forward(client, "pm_card_visa")
    return client.call("forwarding.requests.list", {"created": {"gt": 4_000_000_000}})


@CASES.row("forwarding.requests.create", "metadata", Returns({"metadata.run": "7"}))
def _(client: Any) -> Any:
    return client.call("forwarding.requests.create", order("pm_card_visa", metadata={"run": "7"}))


@CASES.row(
    "forwarding.requests.create", "no replacements", invalid("parameter_missing", "replacements")
)
def _(client: Any) -> Any:
    left = order("pm_card_visa")
    del left["replacements"]
    return client.call("forwarding.requests.create", left)


@CASES.row(
    "forwarding.requests.create", "a body over 5000 characters", invalid(param="request[body]")
)
def _(client: Any) -> Any:
    request = {"body": '{"a":"' + "b" * 5000 + '"}'}
    return client.call("forwarding.requests.create", order("pm_card_visa", request=request))


@CASES.row(
    "forwarding.requests.create", "a URL of http", invalid("forwarding_api_invalid_parameter")
)
def _(client: Any) -> Any:
    url = ADYEN.replace("https", "http")
    return client.call("forwarding.requests.create", order("pm_card_visa", url=url))


@CASES.row(
    "forwarding.requests.create", "a Link wallet", invalid("forwarding_api_invalid_parameter")
)
def _(client: Any) -> Any:
    return forward(client, "pm_sandbox_link")


@CASES.row(
    "forwarding.requests.create",
    "the same key and parameters",
    Returns({"once": True}, "the first answer; the destination gets one request"),
)
def _(client: Any) -> Any:
    key, before = f"once-{client.name}", len(client.world.received)
    one, two = (forward(client, "pm_card_visa", idempotency_key=key) for _ in range(2))
    return {"once": one == two and len(client.world.received) == before + 1}


@CASES.row(
    "forwarding.requests.create", "the same key, another body", Raises("IdempotencyError", 400)
)
def _(client: Any) -> Any:
    key = f"changed-{client.name}"
    forward(client, "pm_card_visa", idempotency_key=key)
    return client.call(
        "forwarding.requests.create",
        order("pm_card_visa", metadata={"a": "b"}),
        idempotency_key=key,
    )


@CASES.row(
    "forwarding.requests.create",
    "twice at once with one key",
    Raises("APIError", 409, {"code": "idempotency_key_in_use"}),
)
def _(client: Any) -> Any:
    key = f"at-once-{client.name}"
    slow = order("pm_card_visa")
    slow["request"]["body"] = slow["request"]["body"].replace("order-7", "SLOW")
    return client.call("forwarding.requests.create", slow, idempotency_key=key, at_once=2)


@CASES.row(
    "forwarding.requests.create",
    "twice at once with one key, two retries",
    Returns({"same": True}, "the same answer to both"),
)
def _(client: Any) -> Any:
    slow = order("pm_card_visa")
    slow["request"]["body"] = slow["request"]["body"].replace("order-7", "SLOW")
    options = {"idempotency_key": f"retried-{client.name}", "max_network_retries": 4}
    before = len(client.world.received)
    one, two = client.call("forwarding.requests.create", slow, **options, at_once=2)
    return {"same": one["id"] == two["id"] and len(client.world.received) == before + 1}


@CASES.row(
    "forwarding.requests.create",
    "no answer of the destination, two retries",
    Raises("APIError", 504, {"code": "forwarding_api_upstream_connection_timeout"}),
)
def _(client: Any) -> Any:
    before = len(client.world.received)
    try:
        return forward(client, "pm_sandbox_timeout", max_network_retries=2)
    finally:
        assert len(client.world.received) == before + 1, "the destination got it more than once"


@CASES.row(
    "forwarding.requests.create",
    "the card, as it arrives",
    Returns(
        {
            "number": "4242424242424242",
            "expiryMonth": "03",
            "expiryYear": "2030",
            "cvc": "737",
            "holderName": "Jane Roe",
        },
        "the destination got every field",
    ),
)
def _(client: Any) -> Any:
    forward(client, card(client, billing_details=HOLDER)["id"])
    return json.loads(client.arrived())["paymentMethod"]


@CASES.row(
    "forwarding.requests.create",
    "a CVC that a payment used",
    Returns({"number": "4242424242424242", "cvc": ""}, "the CVC is left blank"),
)
def _(client: Any) -> Any:
    owner = client.call("customers.create", {"name": "Jane Roe"})["id"]
    method = card(client, billing_details=HOLDER)["id"]
    client.call("payment_methods.attach", method, {"customer": owner})
    intent(client, payment_method=method, customer=owner, confirm=True)
    forward(client, method)
    return json.loads(client.arrived())["paymentMethod"]


@CASES.row(
    "forwarding.requests.retrieve",
    "a request with card and key",
    Returns({"shown": ["***", "424242******4242", "***"]}, "number, CVC and key masked"),
)
def _(client: Any) -> Any:
    made = forward(client, card(client, billing_details=HOLDER)["id"])
    about = client.call("forwarding.requests.retrieve", made["id"])["request_details"]
    sent = json.loads(about["body"])["paymentMethod"]
    return {"shown": [about["headers"][0]["value"], sent["number"], sent["cvc"]]}


@CASES.row(
    "forwarding.requests.create",
    "an account without forwarding",
    invalid("forwarding_api_inactive"),
)
def _(client: Any) -> Any:
    with client.account(forwarding_active=False):
        return forward(client, "pm_card_visa")


@CASES.row(
    "forwarding.requests.create",
    "the same key, another body, by the guide of May 2026",
    Returns({"same": True}, "the older answer (a switch: the documents disagree)"),
)
def _(client: Any) -> Any:
    key = f"guide-{client.name}"
    with client.account(idempotency="guide"):
        one = forward(client, "pm_card_visa", idempotency_key=key)
        changed = order("pm_card_visa", metadata={"a": "b"})
        two = client.call("forwarding.requests.create", changed, idempotency_key=key)
    return {"same": one == two}
