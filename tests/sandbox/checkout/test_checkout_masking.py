"""Nothing that the vault put in comes back: not in its answers, not in what the sandbox shows."""

import json
import re
from typing import Any

import pytest

from forwardc.sandbox.checkout.made_up_keys import checkout_secret_key
from forwardc.sandbox.control import show
from forwardc.sandbox.world import EmulatedAnswer, OutboundRequest

PAN = "4242424242424242"
REDACTED = "***redacted***"


@pytest.fixture
def mirror(vault: Any) -> Any:
    """A destination that answers with everything that it received, under names of its own."""
    deliver = vault.world.send

    async def send(outbound: OutboundRequest) -> EmulatedAnswer:
        await deliver(outbound)
        headers = (*outbound.headers, ("X-Length", "1230"), ("Content-Length", "987"))
        return EmulatedAnswer(200, headers, outbound.body, 1)

    vault.world.send = send
    return vault


def answered(vault: Any, request: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The answer's destination_response, and the one that is kept."""
    made = vault.forward(request).json()
    kept = vault.send("GET", f"{vault.FORWARD}/forward/{made['request_id']}").json()
    return made["destination_response"], kept["destination_response"]


def with_cvv(vault: Any, cvv: str = "987") -> dict[str, str]:
    source = vault.fixed("visa_approved")
    return {"type": "id", "id": source, "cvv_token": vault.cvv_token(cvv)}


@pytest.mark.parametrize(
    "body",
    [
        '{"zip":"{{card_cvv}}","amount":9870,"n":{{card_cvv}}}',
        '{"text":"see {{card_cvv}}, and {{card_number}}"}',
        "zip={{card_cvv}}&ref={{card_number}}",
        "<r><zip>{{card_cvv}}</zip></r>",
    ],
)
def test_no_name_of_a_field_gives_a_value_away(mirror: Any, body: str) -> None:
    request = mirror.request(body, with_cvv(mirror))
    for response in answered(mirror, request):
        assert "987" not in response["body"].replace("9870", "")
        assert PAN not in response["body"]
        assert REDACTED in response["body"]
    shown = show(mirror.last)
    assert "987" not in str(shown["body"]).replace("9870", "")
    assert PAN not in json.dumps(shown)


def test_json_stays_json(mirror: Any) -> None:
    body = '{"n":{{card_cvv}},"amount":9870,"cents":[987,98.7]}'
    response, _ = answered(mirror, mirror.request(body, with_cvv(mirror)))
    assert json.loads(response["body"]) == {
        "n": REDACTED,
        "amount": 9870,
        "cents": [REDACTED, 98.7],
    }


def test_header_values_are_masked_and_framing_is_not(mirror: Any) -> None:
    headers = {"raw": {"X-Echo": "a {{card_cvv}} b", "X-Number": "{{card_number}}"}}
    response, _ = answered(mirror, mirror.request("{}", with_cvv(mirror), headers=headers))
    assert response["headers"] == {
        "X-Echo": [f"a {REDACTED} b"],
        "X-Number": [REDACTED],
        "X-Length": ["1230"],
        "Content-Length": ["987"],
    }


def test_the_sum_in_words_does_not_tell_it(vault: Any) -> None:
    key = checkout_secret_key("second")
    body = """{"amount": {{card_cvv}}, "currency": "USD", "reference": "{{card_cvv}}",
        "source": {"type": "card", "number": "{{card_number}}", "cvv": "{{card_cvv}}",
            "expiry_month": 8, "expiry_year": 2030}}"""
    headers = {"raw": {"Content-Type": "application/json", "Authorization": f"Bearer {key}"}}
    url = f"{vault.API}/payments"
    request = vault.request(body, with_cvv(vault), url=url, headers=headers)
    response, _ = answered(vault, request)
    paid = json.loads(response["body"])
    assert (response["status"], paid["amount"], paid["reference"]) == (201, REDACTED, REDACTED)
    shown = show(vault.last)
    assert shown["sum"] == "***"
    assert "987" not in json.dumps({name: shown[name] for name in ("body", "sum", "target")})


def test_a_pin_and_a_network_token_with_its_cryptogram(mirror: Any) -> None:
    pin = mirror.token({"type": "pin", "token_data": {"pin": "9876"}})
    source = {"type": "id", "id": mirror.fixed("visa_network_token"), "pin_token": pin}
    body = '{"a":"{{card_pin}}","b":"{{network_token_number}}","c":"{{network_token_cryptogram}}"}'
    request = mirror.request(body, source)
    request["network_token"] = {"enabled": True, "request_cryptogram": True}
    for response in answered(mirror, request):
        assert json.loads(response["body"]) == {"a": REDACTED, "b": REDACTED, "c": REDACTED}
    shown = json.loads(str(show(mirror.last)["body"]))
    assert (shown["a"], shown["c"]) == ("***", "***")


def test_what_was_not_put_in_is_not_masked(mirror: Any) -> None:
    response, _ = answered(mirror, mirror.request('{"n":987}', with_cvv(mirror)))
    assert json.loads(response["body"]) == {"n": 987}


def test_a_variable_puts_in_like_a_placeholder(mirror: Any) -> None:
    variables = [{"name": "code", "value": "{{card_cvv}}"}]
    request = mirror.request('{"n":"{{code}}"}', with_cvv(mirror), variables=variables)
    response, _ = answered(mirror, request)
    assert json.loads(response["body"]) == {"n": REDACTED}


def test_no_repr_tells_it(mirror: Any) -> None:
    mirror.sent('{"n":"{{card_cvv}}"}', with_cvv(mirror))
    # Addresses of objects stand in there, too, with any digits.
    assert not re.search(r"\b987\b", repr(mirror.last) + repr(mirror.world))
