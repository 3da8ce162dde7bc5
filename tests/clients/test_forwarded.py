"""The other direction: a client stores a card, forwardc forwards it, the client reads that."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from clients.case import Client
from clients.checkout_python import CheckoutPython
from clients.keys import Keys
from clients.node import CheckoutNode, StripeNode, driver
from clients.stripe_python import StripePython
from forwardc.cli.main import run as cli
from forwardc.sandbox.serve import RunningSandbox, start_in_thread
from forwardc.sandbox.stripe.made_up_keys import stripe_secret_key

ROOT = Path(__file__).resolve().parents[2]
MASTERCARD = "5555555555554444"
pytestmark = [
    pytest.mark.xdist_group("forwarded"),
    pytest.mark.filterwarnings("ignore:Risk endpoints:DeprecationWarning"),
]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[RunningSandbox]:
    with start_in_thread(parties=("stripe",)) as running:
        yield running


@pytest.fixture
def forwarded(
    sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[..., dict[str, Any]]:
    """Forward a source of a vault to Adyen by `forwardc run`; the step that it reports."""
    monkeypatch.chdir(ROOT)

    def call(vault: str, source: str, *more: str) -> dict[str, Any]:
        where = ("--via", vault, "--env", "sandbox", "--sandbox", sandbox.url, "--json")
        params = (
            "amount=1299",
            "currency=EUR",
            "reference=o-77",
            "return_url=https://shop.example/",
        )
        given = [word for param in params for word in ("-p", param)]
        code = cli(["run", "adyen.card_cit", *where, "--source", source, *given, *more])
        out, err = capfd.readouterr()
        assert code == 0, out + err
        step: dict[str, Any] = json.loads(out)["steps"][0]
        return step

    return call


def stripe_stores_and_reads(client: Client, forwarded: Callable[..., dict[str, Any]]) -> None:
    card = {"number": MASTERCARD, "exp_month": 12, "exp_year": 2031, "cvc": "123"}
    holder = {"name": "Zoë O'Neil", "address": {"country": "NL"}}
    made = {"type": "card", "card": card, "billing_details": holder}
    source = client.call("payment_methods.create", made)["id"]
    step = forwarded("stripe", source)
    read = client.call("forwarding.requests.retrieve", step["request_id"])
    assert (read["payment_method"], read["response_details"]["status"]) == (source, 200)
    body = json.loads(read["request_details"]["body"])
    assert body["reference"] == "o-77"
    assert body["paymentMethod"]["number"] == "555555******4444"
    assert body["paymentMethod"]["holderName"] == "Zoë O'Neil"


def checkout_stores_and_reads(client: Client, forwarded: Callable[..., dict[str, Any]]) -> None:
    card = {"type": "card", "number": MASTERCARD, "expiry_month": 12, "expiry_year": 2031}
    token = client.call("tokens.card", card | {"name": "Zoë Oneil"})["token"]
    source = client.call("instruments.create", {"type": "token", "token": token})["id"]
    cvv = client.call("tokens.cvv", {"type": "cvv", "token_data": {"cvv": "123"}})["token"]
    step = forwarded("checkout", source, "--input", f"cvv_token={cvv}")
    read = client.call("forward.get", step["request_id"])
    assert read["destination_request"]["url"] == "https://checkout-test.adyen.com/v71/payments"
    assert read["destination_response"]["status"] == 200
    assert MASTERCARD not in json.dumps(read)
    assert "{{card_number}}" in read["destination_request"]["body"]


def test_stripe_python(sandbox: RunningSandbox, forwarded: Callable[..., dict[str, Any]]) -> None:
    client = StripePython(sandbox.parties["stripe"], stripe_secret_key())
    stripe_stores_and_reads(client, forwarded)
    client.close()


def test_stripe_node(
    node_clients: None, sandbox: RunningSandbox, forwarded: Callable[..., dict[str, Any]]
) -> None:
    party, key = sandbox.parties["stripe"], stripe_secret_key()
    with driver(vendor="stripe", party=party, key=key) as running:
        stripe_stores_and_reads(StripeNode(running), forwarded)


def test_checkout_python(sandbox: RunningSandbox, forwarded: Callable[..., dict[str, Any]]) -> None:
    client = CheckoutPython(sandbox.url, Keys())
    checkout_stores_and_reads(client, forwarded)
    client.close()


def test_checkout_node(
    node_clients: None, sandbox: RunningSandbox, forwarded: Callable[..., dict[str, Any]]
) -> None:
    keys = Keys()
    start = {"vendor": "checkout", "sandbox": sandbox.url, "key": keys.secret}
    with driver(**start, pk=keys.public, subdomain=keys.subdomain) as running:
        checkout_stores_and_reads(CheckoutNode(running, keys), forwarded)
