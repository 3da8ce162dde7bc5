"""One app for all parties: who answers, what is delivered, recorded, shown and kept."""

import asyncio
import json
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from forwardc.sandbox.app import create_app
from forwardc.sandbox.checkout.made_up_keys import checkout_secret_key
from forwardc.sandbox.credentials import secret
from forwardc.sandbox.memory import ids_by_table
from forwardc.sandbox.parties import EmulatedParties, sources
from forwardc.sandbox.serve import load, save, start_in_thread
from forwardc.sandbox.world import (
    DestinationTimeoutError,
    DestinationUnreachableError,
    OutboundRequest,
    World,
)
from patience import LONG_S

PAN = "4242424242424242"
KEY = {"Authorization": f"Bearer {checkout_secret_key()}"}
HEALTHY = "src_" + "visa_approved".ljust(26, "0")


def deliver(world: World, url: str, body: bytes = b"", **more: Any) -> Any:
    create_app(world)
    headers = (("Content-Type", "application/json"),)
    return asyncio.run(world.deliver(OutboundRequest("POST", url, headers, body, **more)))


@pytest.mark.parametrize(
    ("host", "party"),
    [
        ("forward.sandbox.checkout.com", "checkout"),
        ("abc.api.sandbox.checkout.com", "checkout"),
        ("access.checkout.com", "checkout"),
        ("api.stripe.com", "stripe"),
        ("checkout-test.adyen.com", "adyen"),
        ("cert.api.visa.com", "visa"),
        ("api.rocketpay.kz", "rocketpay"),
        ("psp.example.com", "echo"),
        ("evil-api.stripe.com.example.com", "echo"),
        ("notapi.sandbox.checkout.com", "checkout"),
        ("forward.checkout.com.example.com", "echo"),
    ],
)
def test_each_host_has_its_party(host: str, party: str) -> None:
    assert party in EmulatedParties(World()).party_of(host).name.split(".")


def test_a_party_starts_when_it_is_first_meant_and_has_its_sources() -> None:
    world, whole = World(), World()
    create_app(whole)
    app = create_app(world, at_once=False)
    assert not world.tables

    async def meet() -> None:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app)) as client:
            await client.get("https://api.stripe.com/v1/payment_methods")
            alone = set(world.tables)
            for host in ("api.sandbox.checkout.com", "api.rocketpay.kz"):
                await client.get(f"https://{host}/")
            assert alone < set(world.tables)

    asyncio.run(meet())
    assert ids_by_table(world.tables) == ids_by_table(whole.tables)


def test_an_unknown_host_is_recorded_and_answered() -> None:
    world = World()
    answer = deliver(world, "https://new.example.com/a%2Fb?x=%20{}", b'{"a":1}')
    assert (answer.status, json.loads(answer.body)) == (200, {"received": True})
    (received,) = world.received
    assert (received.host, received.target) == ("new.example.com", "/a%2Fb?x=%20{}")
    assert received.body == b'{"a":1}'


@pytest.mark.parametrize(
    "url",
    [
        "http://psp.example.com/",
        "https://forward.sandbox.checkout.com/forward",
        "https://127.0.0.1/_sandbox/health",
        "https://[::1]/",
        "https://localhost/",
        "https://api.stripe.com/_sandbox/stripe/settings",
    ],
)
def test_vaults_reach_https_destinations_only(url: str) -> None:
    world = World()
    with pytest.raises(DestinationUnreachableError):
        deliver(world, url)
    assert world.received == []


def test_a_slow_destination_times_out(monkeypatch: pytest.MonkeyPatch) -> None:
    async def slow(*_: Any) -> None:
        await asyncio.sleep(60)

    monkeypatch.setattr("forwardc.sandbox.app.call", slow)
    with pytest.raises(DestinationTimeoutError):
        deliver(World(), "https://psp.example.com/", timeout_ms=10)


def test_the_host_may_stand_in_the_path() -> None:
    with start_in_thread() as running:
        by_path = httpx.get(
            f"{running.url}/api.sandbox.checkout.com/instruments/{HEALTHY}", headers=KEY
        )
        by_host = httpx.get(
            f"{running.url}/instruments/{HEALTHY}",
            headers=KEY | {"Host": "api.sandbox.checkout.com"},
        )
        assert by_path.json() == by_host.json()
        httpx.post(f"{running.url}/psp.example.com/p%20q?a=b", content=b"x")
        last = running.world.received[-1]
        assert (last.host, last.target) == ("psp.example.com", "/p%20q?a=b")
        assert dict(last.headers)["host"] == "psp.example.com"
        assert httpx.get(f"{running.url}/nothing").status_code == 404


def test_what_was_received_is_shown_masked() -> None:
    with start_in_thread() as running:
        url = f"{running.url}/psp.example.com/pay"
        headers = {"X-API-Key": "k", "X-Other": "v"}
        httpx.post(url, json={"number": PAN, "cvc": "737"}, headers=headers)
        shown = httpx.get(f"{running.url}/_sandbox/received")
        (row,) = shown.json()["data"]
        assert json.loads(row["body"]) == {"number": "424242******4242", "cvc": "***"}
        assert ["x-api-key", "***"] in row["headers"]
        assert ["x-other", "v"] in row["headers"]
        assert row["sum"] is None
        assert PAN not in shown.text
        assert httpx.delete(f"{running.url}/_sandbox/received").json() == {"data": []}
        assert running.world.received == []


def test_the_sum_of_a_payment_is_shown_in_words() -> None:
    with start_in_thread() as running:
        adyen = {"amount": {"value": 279000, "currency": "ISK"}}
        httpx.post(f"{running.url}/checkout-test.adyen.com/v71/payments", json=adyen)
        stripe = {"amount": "2790", "currency": "isk"}
        httpx.post(f"{running.url}/api.stripe.com/v1/payment_intents", data=stripe)
        hidden = {"amount": {"value": int(PAN), "currency": "JPY"}}
        httpx.post(f"{running.url}/checkout-test.adyen.com/v71/payments", json=hidden)
        shown = httpx.get(f"{running.url}/_sandbox/received")
        first, second, third = shown.json()["data"]
        assert first["sum"] == "279000 minor units of ISK are 2,790.00 ISK"
        assert second["sum"] == "2790 minor units of ISK are 27.90 ISK"
        assert third["sum"] == "424242******4242 minor units of JPY are 424242******4242 JPY"


def test_a_vaults_orders_are_not_what_a_destination_received() -> None:
    with start_in_thread() as running:
        httpx.get(f"{running.url}/api.sandbox.checkout.com/instruments/{HEALTHY}", headers=KEY)
        httpx.get(f"{running.url}/api.stripe.com/v1/forwarding/requests")
        httpx.post(f"{running.url}/api.stripe.com/_sandbox/stripe/settings", json={})
        assert running.world.received == []
        httpx.post(f"{running.url}/api.stripe.com/v1/payment_intents")
        assert [r.target for r in running.world.received] == ["/v1/payment_intents"]


def test_the_fixed_sources_are_the_same_everywhere_and_told() -> None:
    first, second = World(), World()
    create_app(first)
    create_app(second)
    assert sources(first) == sources(second)
    assert {row["vault"] for row in sources(first)} >= {"checkout", "rocketpay", "stripe"}
    with start_in_thread() as running:
        assert httpx.get(f"{running.url}/_sandbox/sources").json()["data"] == sources(first)
        assert httpx.get(f"{running.url}/_sandbox/health").json()["status"] == "ok"


def adyen_payment(number: str) -> dict[str, Any]:
    return {
        "amount": {"currency": "EUR", "value": 100},
        "reference": "r",
        "merchantAccount": "SandboxECOM",
        "returnUrl": "https://shop.example/back",
        "paymentMethod": {
            "type": "scheme",
            "number": number,
            "expiryMonth": "03",
            "expiryYear": "2030",
        },
    }


@pytest.mark.parametrize(
    ("number", "error", "timeout"),
    [
        ("4658584090000001", httpx.RemoteProtocolError, LONG_S),
        ("5000186622346654", httpx.RemoteProtocolError, LONG_S),
        ("4543474002249996", httpx.ReadTimeout, 0.5),
    ],
)
def test_a_direct_client_feels_the_fault(
    number: str, error: type[Exception], timeout: float
) -> None:
    with start_in_thread() as running:
        url = f"{running.url}/checkout-test.adyen.com/v71/payments"
        headers = {"X-API-Key": secret("adyen", "adyen_api_key")}
        with pytest.raises(error):
            httpx.post(url, json=adyen_payment(number), headers=headers, timeout=timeout)
        assert httpx.get(f"{running.url}/_sandbox/health").status_code == 200


def test_a_body_of_many_megabytes_is_refused() -> None:
    with start_in_thread() as running:
        reply = httpx.post(f"{running.url}/psp.example.com/", content=b"x" * (5 << 20))
        assert reply.status_code == 413


def test_the_sandbox_listens_on_loopback_only() -> None:
    with start_in_thread() as running:
        assert running.url.startswith("http://127.0.0.1:")


def test_a_state_file_keeps_tables_over_a_restart(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    path = "/forward.sandbox.checkout.com"
    with start_in_thread(state=file) as running:
        content = {"name": "kept", "value": "made-up"}
        assert (
            httpx.post(f"{running.url}{path}/secrets", json=content, headers=KEY).status_code == 201
        )
        keys = httpx.get(f"{running.url}{path}/.well-known/jwks").json()
    with start_in_thread(state=file) as running:
        listed = httpx.get(f"{running.url}{path}/secrets", headers=KEY).json()
        assert [row["name"] for row in listed["data"]] == ["kept"]
        assert httpx.get(f"{running.url}{path}/.well-known/jwks").json() == keys
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize("text", ["[]", '{"a":1}', "{"])
def test_another_file_is_no_state(tmp_path: Path, text: str) -> None:
    file = tmp_path / "other.json"
    file.write_text(text)
    with pytest.raises(ValueError, match=r"state file|Expecting"):
        load(World(), file)


def test_saving_leaves_one_file(tmp_path: Path) -> None:
    world = World(tables={"t": {"a": {"b": 1}}})
    save(world, tmp_path / "s.json")
    save(world, tmp_path / "s.json")
    again = World()
    load(again, tmp_path / "s.json")
    assert again.tables == world.tables
    assert [file.name for file in tmp_path.iterdir()] == ["s.json"]


def test_no_card_or_secret_in_a_repr() -> None:
    world = World()
    with start_in_thread(world) as running:
        httpx.post(f"{running.url}/psp.example.com/?n={PAN}", content=PAN.encode())
        request = OutboundRequest(
            "POST", "https://psp.example.com/", (("X-Key", "made-up"),), PAN.encode()
        )
        shown = repr((running, world.received, request))
    assert PAN not in shown
    assert "made-up" not in shown


def test_serving_prints_the_address_and_the_sources_and_ends_at_an_interrupt(root: Path) -> None:
    code = "from forwardc.sandbox.serve import serve; serve(0)"
    environment = os.environ | {"PYTHONPATH": str(root / "compiler")}
    with subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        address = process.stdout.readline().rpartition(" ")[2].strip()
        assert httpx.get(f"{address}/_sandbox/health").json()["status"] == "ok"
        process.send_signal(signal.SIGINT)
        assert HEALTHY in process.stdout.read()
        assert process.stderr.read() == ""
        assert process.wait(timeout=60) == 0


def test_cards_are_judged_on_the_day_of_the_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORWARDC_TODAY", "2031-02-28")
    assert World().month() == (2031, 2)
    assert World(now=lambda: 1_790_000_000.0).month() == (2026, 9)
    with start_in_thread() as running:
        payment = {"number": PAN, "expiryMonth": "01", "expiryYear": "2031"}
        card = {"payment": payment, "reference": "1"}
        headers = {"Authorization": "Bearer k"}
        url = f"{running.url}/share.rokt.example/cards"
        assert httpx.post(url, json=card, headers=headers).status_code == 402
        payment["expiryMonth"] = "02"
        assert httpx.post(url, json=card, headers=headers).status_code == 200


def test_a_day_that_is_none_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORWARDC_TODAY", "soon")
    month = World().month()
    monkeypatch.delenv("FORWARDC_TODAY")
    assert month <= World().month()
