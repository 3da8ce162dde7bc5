"""What Checkout.com's documents say of forwarding and its secrets, for clients in any language.

Sources: the API reference, and the page on forwarding stored credentials.
"""

import json
from typing import Any

from clients.case import Cannot, Returns, Table
from clients.checkout_base import (
    BODY,
    HEALTHY,
    NOWHERE,
    PSP,
    TOKENISED,
    WRONG_KEY,
    instrument,
    order,
    refused,
    secret,
    token,
)

CASES = Table()


# Forward


@CASES.row(
    "forward.create",
    "an instrument",
    Returns({"request_id": str, "destination_response.status": 200}),
)
def _(client: Any) -> Any:
    return client.call("forward.create", order({"type": "id", "id": HEALTHY}, BODY))


@CASES.row("forward.create", "a card token", Returns({"destination_response.status": 200}))
def _(client: Any) -> Any:
    return client.call("forward.create", order({"type": "token", "token": token(client)}, BODY))


@CASES.row(
    "forward.create", "an instrument and a CVV token", Returns({"destination_response.status": 200})
)
def _(client: Any) -> Any:
    cvv = client.call("tokens.cvv", {"type": "cvv", "token_data": {"cvv": "123"}})["token"]
    source = {"type": "id", "id": HEALTHY, "cvv_token": cvv}
    return client.call("forward.create", order(source, BODY))


@CASES.row("forward.create", "variables and a query", Returns({"destination_response.status": 200}))
def _(client: Any) -> Any:
    more = {
        "variables": [{"name": "number", "value": "{{card_number}}"}],
        "query": [{"name": "a", "value": "b c"}],
    }
    body = order({"type": "id", "id": HEALTHY}, {"number": "{{number}}"}, **more)
    return client.call("forward.create", body)


@CASES.row("forward.create", "a signature of dLocal", Returns({"destination_response.status": 200}))
def _(client: Any) -> Any:
    signature = {"type": "dlocal", "dlocal_parameters": {"secret_key": "made-up"}}
    headers = {"raw": {"X-Login": "login", "Content-Type": "application/json"}}
    source = {"type": "id", "id": HEALTHY}
    return client.call("forward.create", order(source, BODY, signature=signature, headers=headers))


@CASES.row(
    "forward.create",
    "no answer of the destination",
    Returns({"request_id": str, "destination_response": None}),
)
def _(client: Any) -> Any:
    source = {"type": "id", "id": "src_" + "visa_timeout".ljust(26, "0")}
    return client.call("forward.create", order(source, BODY))


@CASES.row("forward.create", "an unknown instrument", refused(422, "source_id_invalid"))
def _(client: Any) -> Any:
    return client.call("forward.create", order({"type": "id", "id": NOWHERE}, BODY))


@CASES.row(
    "forward.create", "a URL over 1024 characters", refused(422, "destination_request_url_too_long")
)
def _(client: Any) -> Any:
    source = {"type": "id", "id": HEALTHY}
    return client.call("forward.create", order(source, BODY, url=PSP + "?" + "a" * 1024))


@CASES.row("forward.create", "a wrong key", refused(401))
def _(client: Any) -> Any:
    return client.call("forward.create", order({"type": "id", "id": HEALTHY}, BODY), key=WRONG_KEY)


@CASES.row("forward.create", "OAuth, scope forward", Returns({"destination_response.status": 200}))
def _(client: Any) -> Any:
    body = order({"type": "id", "id": HEALTHY}, BODY)
    return client.call("forward.create", body, scopes=["forward"])


@CASES.row("forward.create", "OAuth, another scope", refused(403))
def _(client: Any) -> Any:
    body = order({"type": "id", "id": HEALTHY}, BODY)
    return client.call("forward.create", body, scopes=["vault:instruments"])


@CASES.row(
    "forward.get", "its id", Returns({"destination_request.url": PSP, "reference": "order-7"})
)
def _(client: Any) -> Any:
    made = client.call("forward.create", order({"type": "id", "id": HEALTHY}, BODY))
    return client.call("forward.get", made["request_id"])


@CASES.row("forward.get", "an id of nothing", refused(404, "forward_request_not_found"))
def _(client: Any) -> Any:
    return client.call("forward.get", "fwd_" + "0" * 26)


@CASES.row(
    "forward.create",
    "card, CVV and variable, as they arrive",
    Returns(
        {"number": "4242424242424242", "cvv": "737", "name": "Jane Roe"}, "the destination got each"
    ),
)
def _(client: Any) -> Any:
    cvv = client.call("tokens.cvv", {"type": "cvv", "token_data": {"cvv": "737"}})["token"]
    source = {"type": "id", "id": instrument(client), "cvv_token": cvv}
    body = {"number": "{{card_number}}", "cvv": "{{card_cvv}}", "name": "{{holder}}"}
    variables = [{"name": "holder", "value": "{{cardholder_name}}"}]
    client.call("forward.create", order(source, body, variables=variables))
    return json.loads(client.arrived())


@CASES.row(
    "forward.create",
    "a network token, as it arrives",
    Returns(
        {"type": "vts", "eci": str, "cryptogram": str},
        "the destination got type, ECI and cryptogram",
    ),
)
def _(client: Any) -> Any:
    names = ("type", "eci", "cryptogram")
    body = {name: f"{{{{network_token_{name}}}}}" for name in names}
    wanted = {"enabled": True, "request_cryptogram": True}
    made = order({"type": "id", "id": TOKENISED}, body) | {"network_token": wanted}
    client.call("forward.create", made)
    return json.loads(client.arrived())


# What only some clients have: their classes of requests are closed in Python, open for Node.js.


@CASES.row(
    "forward.create",
    "a PIN token",
    Returns({"destination_response.status": 200}),
    unlike={"checkout-sdk": Cannot("its class of a source has no pin_token")},
)
def _(client: Any) -> Any:
    pin = client.call("tokens.pin", {"type": "pin", "token_data": {"pin": "1234"}})["token"]
    source = {"type": "id", "id": HEALTHY, "pin_token": pin}
    return client.call("forward.create", order(source, {"pin": "{{card_pin}}"}))


@CASES.row(
    "forward.create",
    "a card token, to be stored",
    Returns({"destination_response.status": 200}),
    unlike={"checkout-sdk": Cannot("its class of a source has no store_for_future_use")},
)
def _(client: Any) -> Any:
    source = {"type": "token", "token": token(client), "store_for_future_use": True}
    return client.call("forward.create", order(source, BODY))


@CASES.row(
    "forward.create",
    "a signature of Visa",
    Returns({"destination_response.status": 200}),
    unlike={"checkout-sdk": Cannot("its class of a signature is dLocal's")},
)
def _(client: Any) -> Any:
    signature = {"type": "visa", "visa_parameters": {"shared_secret": "made-up"}}
    return client.call(
        "forward.create", order({"type": "id", "id": HEALTHY}, BODY, signature=signature)
    )


@CASES.row(
    "forward.create",
    "a network token and its cryptogram",
    Returns({"destination_response.status": 200}),
)
def _(client: Any) -> Any:
    body = order(
        {"type": "id", "id": TOKENISED},
        {
            "number": "{{network_token_number}}",
            "eci": "{{network_token_eci}}",
            "cryptogram": "{{network_token_cryptogram}}",
        },
    )
    wanted = {"enabled": True, "request_cryptogram": True}
    return client.call("forward.create", body | {"network_token": wanted})


@CASES.row(
    "forward.get",
    "one with a stored secret in a header",
    Returns({"destination_request.headers.Authorization": "***redacted***"}),
)
def _(client: Any) -> Any:
    name = secret(client, "header")
    headers = {
        "raw": {
            "Authorization": f"Bearer {{{{secret_{name}}}}}",
            "Content-Type": "application/json",
        }
    }
    made = client.call(
        "forward.create", order({"type": "id", "id": HEALTHY}, BODY, headers=headers)
    )
    return client.call("forward.get", made["request_id"])


@CASES.row("forward.create", "a secret that does not exist", refused(422, "secret_not_found"))
def _(client: Any) -> Any:
    headers = {"raw": {"Authorization": "Bearer {{secret_nothing}}"}}
    return client.call(
        "forward.create", order({"type": "id", "id": HEALTHY}, BODY, headers=headers)
    )


@CASES.row("forward.create", "a card token that was used", refused(422, "token_used"))
def _(client: Any) -> Any:
    once = {"type": "token", "token": token(client)}
    client.call("forward.create", order(once, BODY))
    return client.call("forward.create", order(once, BODY))


@CASES.row(
    "forward.create",
    "a method that does not exist",
    refused(422, "destination_request_method_invalid"),
)
def _(client: Any) -> Any:
    return client.call("forward.create", order({"type": "id", "id": HEALTHY}, BODY, method="FETCH"))


@CASES.row(
    "forward.create", "17 raw headers", refused(422, "destination_request_headers_raw_too_many")
)
def _(client: Any) -> Any:
    headers = {"raw": {f"X-{number}": "1" for number in range(17)}}
    return client.call(
        "forward.create", order({"type": "id", "id": HEALTHY}, BODY, headers=headers)
    )


@CASES.row(
    "forward.create",
    "several mistakes",
    refused(422, "reference_too_long", "destination_request_method_invalid"),
)
def _(client: Any) -> Any:
    body = order({"type": "id", "id": HEALTHY}, BODY, method="FETCH")
    return client.call("forward.create", body | {"reference": "r" * 81})


# Secrets


@CASES.row("secrets.create", "a name and a value", Returns({"name": str, "version": 1}))
def _(client: Any) -> Any:
    return client.call(
        "secrets.create", {"name": f"made_{client.name[-4:].strip('-')}", "value": "one"}
    )


@CASES.row("secrets.create", "no value", refused(422, "value_required"))
def _(client: Any) -> Any:
    return client.call("secrets.create", {"name": "no_value"})


@CASES.row("secrets.create", "a name with a hyphen", refused(422, "name_invalid"))
def _(client: Any) -> Any:
    return client.call("secrets.create", {"name": "my-key", "value": "one"})


@CASES.row("secrets.list", "", Returns({"data": list}))
def _(client: Any) -> Any:
    return client.call("secrets.list")


@CASES.row("secrets.update", "another value", Returns({"version": 2}))
def _(client: Any) -> Any:
    return client.call("secrets.update", secret(client, "updated"), {"value": "two"})


@CASES.row("secrets.update", "a name of nothing", refused(404))
def _(client: Any) -> Any:
    return client.call("secrets.update", "nothing", {"value": "two"})


@CASES.row("secrets.delete", "its name", Returns())
def _(client: Any) -> Any:
    return client.call("secrets.delete", secret(client, "deleted"))


@CASES.row("secrets.create", "OAuth, scope forward only", refused(403))
def _(client: Any) -> Any:
    return client.call("secrets.create", {"name": "x", "value": "y"}, scopes=["forward"])
