"""How a client names a party of a served sandbox: by a port, by `X.localhost`, in any case."""

import asyncio
import json
from http.client import HTTPConnection
from urllib.parse import urlsplit

import httpx
import pytest
from click.testing import CliRunner

from forwardc.cli.sandbox.command import command
from forwardc.sandbox.app import create_app
from forwardc.sandbox.checkout.made_up_keys import checkout_secret_key
from forwardc.sandbox.parties import EmulatedParties, UnknownPartyError
from forwardc.sandbox.serve import start_in_thread
from forwardc.sandbox.stripe.made_up_keys import stripe_secret_key
from forwardc.sandbox.world import DestinationUnreachableError, OutboundRequest, World
from patience import LONG_S

HEALTHY = "src_" + "visa_approved".ljust(26, "0")
KEY = {"Authorization": f"Bearer {checkout_secret_key()}"}
LIVE_KEY = {"Authorization": f"Bearer {checkout_secret_key(live=True)}"}
STRIPE_KEY = {"Authorization": f"Bearer {stripe_secret_key()}"}


def ask(url: str, method: str, path: str, headers: dict[str, str], body: str = "") -> int:
    """The status of one request that is sent exactly as it is written here."""
    parts = urlsplit(url)
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=LONG_S)
    connection.request(method, path, body, headers)
    try:
        return connection.getresponse().status
    finally:
        connection.close()


def test_a_party_on_a_port_of_its_own() -> None:
    parties = ("stripe", "checkout", "adyen", "rokt", "psp.example.com", "echo")
    with start_in_thread(parties=parties) as running:
        assert list(running.parties) == list(parties)
        stripe = httpx.get(f"{running.parties['stripe']}/v1/payment_methods/pm_sandbox_visa")
        assert stripe.status_code == 401
        assert stripe.json()["error"]["type"] == "invalid_request_error"
        checkout = running.parties["checkout"]
        assert httpx.get(f"{checkout}/instruments/{HEALTHY}", headers=KEY).json()["id"] == HEALTHY
        assert httpx.get(f"{checkout}/secrets", headers=KEY).json() == {"data": []}
        assert httpx.get(f"{checkout}/forward/fwd_x", headers=KEY).status_code == 404
        assert httpx.get(f"{checkout}/.well-known/jwks").json()["keys"]
        assert httpx.post(f"{checkout}/connect/token").json() == {"error": "invalid_request"}
        httpx.post(f"{running.parties['psp.example.com']}/a%2Fb?c=d", content=b"x")
        httpx.post(f"{running.parties['adyen']}/v71/payments", json={})
        hosts = [received.host for received in running.world.received]
        assert hosts == ["api.stripe.com", "psp.example.com", "checkout-test.adyen.com"]
        assert running.world.received[1].target == "/a%2Fb?c=d"


def test_a_host_header_of_another_party_counts_on_every_port() -> None:
    with start_in_thread(parties=("adyen",)) as running:
        host = {"Host": "api.sandbox.checkout.com"}
        url = f"{running.parties['adyen']}/instruments/{HEALTHY}"
        assert httpx.get(url, headers=KEY | host).json()["id"] == HEALTHY


@pytest.mark.parametrize(
    ("host", "path", "key"),
    [
        ("stripe.localhost", "/v1/payment_methods/pm_sandbox_visa", STRIPE_KEY),
        ("api.stripe.com.localhost", "/v1/payment_methods/pm_sandbox_visa", STRIPE_KEY),
        ("API.Stripe.com.LOCALHOST:8123", "/v1/payment_methods/pm_sandbox_visa", STRIPE_KEY),
        ("checkout.localhost:1", f"/instruments/{HEALTHY}", KEY),
        ("checkout.localhost", "/secrets", KEY),
        ("forward.sandbox.checkout.com.localhost", "/secrets", KEY),
        ("abc.api.sandbox.checkout.com.localhost", f"/instruments/{HEALTHY}", KEY),
        ("abc.api.checkout.com.localhost", f"/instruments/{HEALTHY}", LIVE_KEY),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_name_below_localhost(host: str, path: str, key: dict[str, str]) -> None:
    with start_in_thread() as running:
        assert ask(running.url, "GET", path, key | {"Host": host}) == 200


@pytest.mark.parametrize("host", ["strpe.localhost", "app.localhost", "127.0.0.1.localhost"])
def test_a_name_below_localhost_that_is_nobodys(host: str) -> None:
    with start_in_thread() as running:
        assert ask(running.url, "GET", "/_sandbox/health", {"Host": host}) == 421
        assert running.world.received == []


def test_localhost_itself_is_the_sandbox() -> None:
    with start_in_thread() as running:
        assert ask(running.url, "GET", "/_sandbox/health", {"Host": "localhost"}) == 200


def test_no_vault_reaches_a_name_below_localhost() -> None:

    create_app(world := World())
    url = "https://adyen.localhost/v71/payments"
    with pytest.raises(DestinationUnreachableError):
        asyncio.run(world.deliver(OutboundRequest("POST", url, (), b"")))


@pytest.mark.parametrize("method", ["patch", "Patch", "PATCH"])
def test_a_method_in_any_case(method: str) -> None:
    headers = KEY | {"Host": "forward.sandbox.checkout.com", "Content-Type": "application/json"}
    with start_in_thread() as running:
        made = json.dumps({"name": "key", "value": "one"})
        assert ask(running.url, "post", "/secrets", headers, made) == 201
        assert ask(running.url, method, "/secrets/key", headers, '{"value": "two"}') == 200
        assert ask(running.url, "get", "/psp.example.com/x", {}) == 200
        assert running.world.received[-1].method == "GET"


def test_every_party_has_a_name_and_the_command_says_it() -> None:
    names = [party.name for party in EmulatedParties(World()).start_all()]
    assert len(set(names)) == len(names)
    refused = CliRunner().invoke(command, ["--port", "0", "--as", "nobody=0"])
    assert refused.exit_code == 2
    assert "--as" in refused.output
    assert [name for name in names if name not in refused.output] == []
    with pytest.raises(UnknownPartyError), start_in_thread(parties=("nobody",)):
        pass


@pytest.mark.parametrize("given", ["stripe", "stripe=", "=1", "stripe=x", "stripe=65536", "a=-1"])
def test_an_option_that_names_no_port(given: str) -> None:
    refused = CliRunner().invoke(command, ["--port", "0", "--as", given])
    assert refused.exit_code == 2
    assert "NAME=PORT" in refused.output


def test_a_taken_port_of_a_party_is_named() -> None:
    with start_in_thread() as running:
        port = urlsplit(running.url).port
        refused = CliRunner().invoke(command, ["--port", "0", "--as", f"stripe={port}"])
    assert refused.exit_code == 1
    assert f"Cannot serve on port {port}" in refused.output
