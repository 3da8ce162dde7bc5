"""OAuth access tokens with their scopes, and network tokens behind them."""

import base64
import json
import re
from typing import Any
from urllib.parse import urlencode

import pytest

from forwardc.sandbox.checkout.made_up_keys import (
    checkout_client_id,
    checkout_client_secret,
    checkout_secret_key,
)

GOOD = {
    "grant_type": "client_credentials",
    "client_id": checkout_client_id(),
    "client_secret": checkout_client_secret(),
}


def connect(vault: Any, scope: str = "forward", **changes: Any) -> Any:
    form = {k: v for k, v in (GOOD | {"scope": scope} | changes).items() if v is not None}
    return vault.send("POST", f"{vault.ACCESS}/connect/token", urlencode(form).encode(), key="")


def access(vault: Any, scope: str) -> str:
    return connect(vault, scope).json()["access_token"]


def test_a_token_is_a_signed_jwt_with_its_scopes(vault: Any) -> None:
    reply = connect(vault, "forward forward:secrets")
    answer = reply.json()
    assert reply.status == 200
    assert (answer["token_type"], answer["expires_in"]) == ("Bearer", 3600)
    assert answer["scope"] == "forward forward:secrets"
    header, claims = (
        json.loads(base64.urlsafe_b64decode(part + "=="))
        for part in answer["access_token"].split(".")[:2]
    )
    assert (header["alg"], header["typ"]) == ("RS256", "at+jwt")
    assert claims["scope"] == ["forward", "forward:secrets"]
    assert claims["exp"] - claims["iat"] == 3600
    assert re.fullmatch(r"ent_\w{26}", claims["cko_entity_id"])


LIVE_ACCESS = "https://access.checkout.com"
LIVE_SECRETS = "https://forward.checkout.com/secrets"


@pytest.mark.parametrize(
    ("live_key", "url", "status"),
    [
        (True, LIVE_SECRETS, 200),
        (False, LIVE_SECRETS, 401),
        (True, "https://forward.sandbox.checkout.com/secrets", 401),
        (False, "https://forward.sandbox.checkout.com/secrets", 200),
    ],
)
def test_a_key_opens_its_own_environment(live_key: bool, url: str, status: int, vault: Any) -> None:
    assert vault.send("GET", url, key=checkout_secret_key(live=live_key)).status == status


def test_a_client_and_its_tokens_belong_to_one_environment(vault: Any) -> None:
    live = {"client_id": checkout_client_id(live=True)}
    live["client_secret"] = checkout_client_secret(live=True)
    scope = "forward:secrets"
    assert connect(vault, scope, **live).json() == {"error": "invalid_client"}
    form = urlencode(GOOD | live | {"scope": scope}).encode()
    token = vault.send("POST", f"{LIVE_ACCESS}/connect/token", form, key="").json()["access_token"]
    assert vault.send("GET", LIVE_SECRETS, key=token).status == 200
    assert vault.send("GET", f"{vault.FORWARD}/secrets", key=token).status == 401
    assert vault.send("GET", LIVE_SECRETS, key=access(vault, scope)).status == 401


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"grant_type": None}, "invalid_request"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"client_secret": "wrong"}, "invalid_client"),
        ({"client_id": "ack_" + "a" * 26}, "invalid_client"),
        ({"scope": "everything"}, "invalid_scope"),
        ({"scope": None}, "invalid_scope"),
    ],
)
def test_refused_token_requests(vault: Any, changes: dict[str, Any], error: str) -> None:
    reply = connect(vault, **({"scope": "forward"} | changes))
    assert (reply.status, reply.json()) == (400, {"error": error})


def test_the_client_may_stand_in_the_authorization_header(vault: Any) -> None:
    basic = base64.b64encode(f"{GOOD['client_id']}:{GOOD['client_secret']}".encode()).decode()
    form = urlencode({"grant_type": "client_credentials", "scope": "forward"}).encode()
    url = f"{vault.ACCESS}/connect/token"
    assert vault.send("POST", url, form, key="", Authorization=f"Basic {basic}").status == 200


def test_scopes_are_enforced(vault: Any) -> None:
    forward, secrets = access(vault, "forward"), access(vault, "forward:secrets")
    assert vault.forward(vault.request(), key=forward).status == 200
    assert vault.forward(vault.request(), key=secrets).status == 403
    assert vault.send("GET", f"{vault.FORWARD}/secrets", key=secrets).status == 200
    assert vault.send("GET", f"{vault.FORWARD}/secrets", key=forward).status == 403


def test_an_access_token_ends_after_an_hour(vault: Any) -> None:
    token = access(vault, "forward")
    start = vault.world.now()
    vault.world.now = lambda: start + 3600
    assert vault.forward(vault.request(), key=token).status == 401


def test_a_changed_access_token_is_refused(vault: Any) -> None:
    header, claims, signature = access(vault, "forward").split(".")
    more = json.loads(base64.urlsafe_b64decode(claims + "=="))
    more["scope"] = ["forward:secrets"]
    forged = base64.urlsafe_b64encode(json.dumps(more).encode()).rstrip(b"=").decode()
    url = f"{vault.FORWARD}/secrets"
    assert vault.send("GET", url, key=f"{header}.{forged}.{signature}").status == 401


NAMES = "number type cryptogram eci expiry_month expiry_year_yy expiry_year_yyyy".split()
TEMPLATE = "|".join(f"{{{{network_token_{name}}}}}" for name in NAMES)


def network_request(vault: Any, source: str, **token: bool) -> Any:
    return vault.request(TEMPLATE, source) | {"network_token": token}


def values(vault: Any, source: str, **token: bool) -> list[str]:
    reply = vault.forward(network_request(vault, source, **token))
    assert reply.status == 200, reply.text
    return vault.last.body.decode().split("|")


def test_a_customers_payment_has_cryptogram_and_eci(vault: Any) -> None:
    got = values(vault, "visa_network_token", enabled=True, request_cryptogram=True)
    assert got[:2] == ["4000000000000077", "vts"]
    assert len(base64.b64decode(got[2])) == 20
    assert got[3:] == ["05", "08", "30", "2030"]


def test_a_merchants_payment_has_neither(vault: Any) -> None:
    got = values(vault, "mastercard_network_token", enabled=True, request_cryptogram=False)
    assert got == ["5555555555554444", "mdes", "", "", "08", "30", "2030"]


@pytest.mark.parametrize("source", ["visa_approved", "visa_suspended_token"])
def test_without_an_active_token_everything_is_empty(vault: Any, source: str) -> None:
    assert values(vault, source, enabled=True, request_cryptogram=True) == [""] * len(NAMES)


def test_a_token_is_used_only_when_enabled(vault: Any) -> None:
    assert values(vault, "visa_network_token") == [""] * len(NAMES)


def test_a_required_token_that_is_not_there_stops_the_request(vault: Any) -> None:
    token = {"enabled": True, "request_cryptogram": False, "required": True}
    reply = vault.forward(network_request(vault, "visa_approved", **token))
    assert (reply.status, reply.codes) == (422, ["network_token_unavailable"])
    assert vault.world.received == []


def test_an_instrument_shows_its_network_tokens_state(vault: Any) -> None:
    for label, state in (("visa_network_token", "active"), ("visa_suspended_token", "suspended")):
        url = f"{vault.API}/instruments/{vault.fixed(label)}"
        assert vault.send("GET", url).json()["network_token"]["state"] == state
    url = f"{vault.API}/instruments/{vault.fixed('visa_approved')}"
    assert "network_token" not in vault.send("GET", url).json()


def test_a_network_token_lives_from_provision_to_delete(vault: Any) -> None:
    key = access(vault, "vault:network-tokens")
    base = f"{vault.API}/network-tokens"
    source = {"source": {"type": "id", "id": vault.fixed("visa_approved")}}
    made = vault.send("POST", base, source, key=key)
    token = made.json()["network_token"]
    assert made.status == 201
    assert (token["state"], token["type"], token["expiry_month"]) == ("active", "vts", "8")
    cryptogram = vault.send(
        "POST", f"{base}/{token['id']}/cryptograms", {"transaction_type": "ecom"}, key=key
    )
    assert (cryptogram.status, set(cryptogram.json())) == (201, {"cryptogram", "eci"})
    content = {"initiated_by": "cardholder", "reason": "other"}
    assert vault.send("PATCH", f"{base}/{token['id']}/delete", content, key=key).status == 204
    shown = vault.send("GET", f"{base}/{token['id']}", key=key).json()
    assert shown["network_token"]["state"] == "inactive"
    assert values(vault, "visa_approved", enabled=True)[0] == ""


def test_network_tokens_need_an_access_token(vault: Any, lenient: Any) -> None:
    content = {"source": {"type": "id", "id": vault.fixed("visa_approved")}}
    assert vault.send("POST", f"{vault.API}/network-tokens", content).status == 401
    assert lenient.send("POST", f"{lenient.API}/network-tokens", content).status == 201


def test_a_scheme_without_tokens_is_refused(lenient: Any) -> None:
    content = {"source": {"type": "id", "id": lenient.fixed("amex_approved")}}
    reply = lenient.send("POST", f"{lenient.API}/network-tokens", content)
    assert reply.codes == ["source_not_eligible"]


@pytest.mark.parametrize(
    "host",
    [
        "abc.forward.sandbox.checkout.com",
        "a-b.api.sandbox.checkout.com",
        "a.b.api.sandbox.checkout.com",
        "pl-.api.sandbox.checkout.com",
        "files.sandbox.checkout.com",
        "sandbox.checkout.com",
        "www.checkout.com",
    ],
)
def test_a_name_without_a_service_is_nobodys(vault: Any, host: str) -> None:
    """A prefix stands before api and access, is letters and digits, and perhaps `pl-` before."""
    for path in ("/forward", "/payments", "/tokens", "/connect/token"):
        reply = vault.send("POST", f"https://{host}{path}", {})
        assert (reply.status, reply.text) == (404, "")


@pytest.mark.parametrize("host", ["shop7.api", "pl-abc123.api", "api", "sandbox.api"])
def test_a_prefix_stands_before_the_api_host(vault: Any, host: str) -> None:
    url = f"https://{host}.sandbox.checkout.com/instruments/{vault.fixed('visa_approved')}"
    assert vault.send("GET", url).status == 200
