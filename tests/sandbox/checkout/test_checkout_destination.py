"""Checkout.com as a destination: through Stripe, and through Checkout.com with a second client."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from forwardc.cli.main import run as cli
from forwardc.sandbox.credentials import secret
from forwardc.sandbox.project import CredentialHolder, MadeUpCredential, OnboardedProject
from forwardc.sandbox.serve import start_in_thread

PROJECT = """forwardc: 1
merchant: {name: Shop}
destinations: destinations
build: build
environments:
  sandbox:
    vaults:
      checkout: {processing_channel_id: pc_sandbox0000000000000000000}
      stripe: {account: acct_sandbox, api_version: 2026-09-30.endive}
"""
DESTINATION = """forwardc: 1
name: cko
title: A second client of Checkout.com
environments:
  sandbox: {base_url: "https://api.sandbox.checkout.com"}
money: {table: checkout}
params:
  amount: {type: amount, minimum: 1, example: 1000, description: Sum}
  currency: {type: currency, example: USD, description: Currency}
  reference: {type: string, max_length: 50, example: ORDER-1, description: Order}
secrets:
  cko_key: {description: Secret key}
operations:
  pay:
    initiator: customer
    steps:
      pay:
        request:
          POST: /payments
          headers: {Authorization: "Bearer ${secrets.cko_key}"}
          json:
            amount: ${params.amount}
            currency: ${params.currency}
            reference: ${params.reference}
            source:
              type: card
              number: ${card.number}
              expiry_month: ${int(card.expiry.M)}
              expiry_year: ${int(card.expiry.YYYY)}
              cvv: ${card.cvc?}
        response:
          reason: [{at: /response_summary}, {at: /error_codes/0}]
          outputs: {id: {at: /id, optional: true}}
          outcome:
            - {when: "${response.status == 201 and response.json['approved']}", is: approved}
            - {when: "${response.status == 201}", is: declined}
            - {when: "${response.status == 422}", is: rejected}
"""
PAY = ("-p", "amount=2790", "-p", "currency=EUR", "-p", "reference=ORDER-9")
SHARED = Path(__file__).parents[4] / "shared/cases/field/real/cko.yaml"


@pytest.fixture
def forwardc(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str]]:
    """A project of one destination, built; and `forwardc run` in it."""
    (tmp_path / "destinations").mkdir()
    (tmp_path / "forwardc.yaml").write_text(PROJECT)
    monkeypatch.chdir(tmp_path)

    def call(text: str, *arguments: str) -> tuple[int, str]:
        (tmp_path / "destinations/cko.yaml").write_text(text)
        assert cli(["build"]) == 0, capfd.readouterr()
        capfd.readouterr()
        code = cli(["run", "cko.pay", "--env", "sandbox", "--no-history", *arguments])
        return code, capfd.readouterr().out

    return call


SOURCES = {
    "stripe": ("pm_card_visa", "pm_card_chargeCustomerFail"),
    "checkout": ("src_visa_approved0000000000000", "src_visa_declined0000000000000"),
}


@pytest.mark.parametrize("via", sorted(SOURCES))
def test_a_payment_through_a_vault(forwardc: Callable[..., tuple[int, str]], via: str) -> None:
    approved, declined = SOURCES[via]
    with start_in_thread() as sandbox:
        options = ("--via", via, *PAY, "--sandbox", sandbox.url)
        code, out = forwardc(DESTINATION, "--source", approved, *options)
        assert code == 0, out
        assert f"201 from cko, 200 from {via}" in out
        code, out = forwardc(DESTINATION, "--source", declined, *options)
        assert code == 10, out
        assert "Declined - Do Not Honour" in out
        received = sandbox.world.received
    assert {request.host for request in received} == {"api.sandbox.checkout.com"}
    assert {request.target for request in received} == {"/payments"}
    assert json.loads(received[0].body)["reference"] == "ORDER-9"


def test_what_the_destination_refuses_is_its_own_refusal(
    forwardc: Callable[..., tuple[int, str]],
) -> None:
    text = DESTINATION.replace("type: card\n", "type: card\n              colour: red\n")
    via = ("--via", "checkout", "--source", SOURCES["checkout"][0])
    code, out = forwardc(text, *via, *PAY, "--sandbox")
    assert code == 12, out
    assert "source_colour_unknown" in out


def test_a_copied_destination_has_a_key_of_its_own(
    forwardc: Callable[..., tuple[int, str]],
) -> None:
    text = DESTINATION.replace("cko_key", "other_key")
    via = ("--via", "checkout", "--source", SOURCES["checkout"][0])
    code, out = forwardc(text, *via, *PAY, "--sandbox")
    assert code == 0, out


def test_a_wrong_key_is_refused_by_the_destination(vault: Any) -> None:
    key = "header authorization"
    held = {
        owner: CredentialHolder(
            owner, {"k": MadeUpCredential(f"Bearer sbx_{owner}", frozenset({key}))}
        )
        for owner in ("shop_a", "shop_b")
    }
    vault.world.project = OnboardedProject(
        holders={"api.sandbox.checkout.com": tuple(held.values())}
    )
    source = {"type": "card", "number": "4242424242424242", "expiry_month": 8, "expiry_year": 2030}
    body = {"source": source, "amount": 100, "currency": "USD"}
    url = f"{vault.API}/payments"
    paid = vault.send("POST", url, body, key="sbx_shop_a")
    assert paid.status == 201
    assert vault.send("POST", url, body, key="sbx_shop_c").status == 401
    # By the name of a sandbox without a project, which this one has.
    assert vault.send("POST", url, body, key=secret("cko", "cko_key")).status == 401
    details = f"{url}/{paid.json()['id']}"
    assert vault.send("GET", details, key="sbx_shop_a").status == 200
    assert vault.send("GET", details, key="sbx_shop_b").status == 404
    other = details.replace("api.sandbox", "shop7.api.sandbox")
    assert vault.send("GET", other, key="sbx_shop_a").status == 401


@pytest.mark.skipif(not SHARED.is_file(), reason="needs ../shared beside the project")
@pytest.mark.parametrize("via", sorted(SOURCES))
def test_a_published_destination_with_3ds_data(
    forwardc: Callable[..., tuple[int, str]], via: str
) -> None:
    params = {
        "eci": "05",
        "cavv": "AAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "ds_id": "9e6c1e1e-0000-4000-8000-000000000000",
    }
    more = [argument for name, value in params.items() for argument in ("-p", f"{name}={value}")]
    code, out = forwardc(
        SHARED.read_text(), "--via", via, "--source", SOURCES[via][0], *PAY, *more, "--sandbox"
    )
    # Its file says nothing of outcomes, so the answer is unknown: but it is a payment.
    assert code == 13, out
    assert "201 from cko" in out
    assert "output   id = pay_" in out
