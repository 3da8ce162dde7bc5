"""Credentials and merchant accounts go by host: the project's, or the sandbox's own names."""

import json
from base64 import b64encode
from dataclasses import replace
from typing import Any

import pytest

import adyen_request
from forwardc.sandbox.credentials import secret
from forwardc.sandbox.crypto import rocketpay as gate
from forwardc.sandbox.crypto import visa as pay_token
from forwardc.sandbox.destinations.visa.instrument import encryption_key
from forwardc.sandbox.project import OnboardedProject, read
from forwardc.sandbox.world import World
from parties import JSON, PARTIES, ask
from visa_request import encrypted

ADYEN_HOST = "checkout-test.adyen.com"
UUID = ("x-request-id", "0b9a6f1e-3c55-4c2b-9a53-6a4f7d1d2c11")


def holder(host: str, owner: str, **secrets: tuple[str, str]) -> dict[str, Any]:
    """An owner's made-up values at a host: the text and the place of each."""
    found = {name: {"text": text, "places": [place]} for name, (text, place) in secrets.items()}
    return {"host": host, "owner": owner, "secrets": found}


def plan(url: str, **constants: Any) -> dict[str, Any]:
    """A request that a plan names, with its constants."""
    return {
        "vault": "checkout",
        "live": False,
        "approved": True,
        "method": "POST",
        "url": [url],
        "query": [],
        "headers": [],
        "fields": None,
        "constants": {f"/{name}": value for name, value in constants.items()},
        "keys": {},
    }


def world(*holders: dict[str, Any], requests: tuple[dict[str, Any], ...] = ()) -> World:
    project = read({"requests": list(requests), "holders": list(holders)})
    return World(now=lambda: adyen_request.NOW, project=project)


TWO = (
    holder(ADYEN_HOST, "adyen", adyen_api_key=("key-one", "header x-api-key")),
    holder(ADYEN_HOST, "adyen_two", my_key=("key-two", "header x-api-key")),
    holder(ADYEN_HOST, "adyen_basic", pw=("pass:word", "header authorization")),
    holder(ADYEN_HOST, "adyen_pair", pair=("somebody:else", "header authorization")),
    holder(ADYEN_HOST, "adyen_sent", sent=(b64encode(b"a:b").decode(), "header authorization")),
    holder(ADYEN_HOST, "adyen_odd", odd=("no colon", "header authorization")),
    holder("other.example", "other", key=("key-three", "header x-api-key")),
)
ACCOUNT = plan(adyen_request.TEST_URL, merchantAccount="SandboxECOM")


def at_adyen(
    *headers: tuple[str, str], where: World | None = None, **changes: Any
) -> tuple[int, str]:
    body = json.dumps(adyen_request.body(**changes)).encode()
    where = where or world(*TWO, requests=(ACCOUNT,))
    status, _, content = ask(PARTIES["adyen"], body, headers=(JSON, *headers), world=where)
    return status, json.loads(content).get("errorCode", "")


def basic(text: str) -> tuple[str, str]:
    return ("Authorization", f"Basic {b64encode(text.encode()).decode()}")


@pytest.mark.parametrize("key", ["key-one", "key-two"])
def test_each_owner_of_a_host_comes_in(key: str) -> None:
    assert at_adyen(("X-API-Key", key))[0] == 200


@pytest.mark.parametrize(
    "header",
    [
        ("X-API-Key", "key-three"),
        ("X-API-Key", "pass:word"),
        ("X-API-Key", secret("adyen", "adyen_api_key")),
        ("Authorization", "key-one"),
        basic("ws@Company.Shop:key-one"),
        basic("somebody:pass:word"),
        basic("ws@Company.Shop:pass"),
        basic("ws@Company.Shop"),
        ("Authorization", "Basic not base64"),
        ("Authorization", "Basic /w=="),
        ("Authorization", "Basic YTpi!"),
        ("Authorization", "Digest YTpi"),
        basic("no colon"),
    ],
)
def test_nobody_else_does(header: tuple[str, str]) -> None:
    assert at_adyen(header) == (401, "000")


def test_a_user_and_his_password() -> None:
    assert at_adyen(basic("ws_123456@Company.Shop:pass:word"))[0] == 200
    # A plan may have the pair itself as a secret, encoded or not.
    assert at_adyen(basic("somebody:else"))[0] == at_adyen(basic("a:b"))[0] == 200
    # The key decides where both stand.
    assert at_adyen(basic("ws@Company.Shop:pass:word"), ("X-API-Key", "x")) == (401, "000")
    alone = basic(f"ws@Company.Sandbox:{secret('adyen', 'adyen_password')}")
    assert at_adyen(alone, where=World(now=lambda: adyen_request.NOW))[0] == 200


KEY = ("X-API-Key", "key-one")


@pytest.mark.parametrize("account", ["AnotherECOM", "sandboxecom", "SandboxECOM2"])
def test_a_merchant_account_of_no_plan_is_refused(account: str) -> None:
    assert at_adyen(KEY, merchantAccount=account) == (403, "901")
    where = world(*TWO, requests=(ACCOUNT,))
    where.lax = frozenset({"unknown_merchant_accounts"})
    assert at_adyen(KEY, where=where, merchantAccount=account)[0] == 200
    assert [slip.name for slip in where.slips] == ["unknown_merchant_accounts"]


def test_each_plan_of_the_host_counts_whatever_its_path() -> None:
    older = plan(adyen_request.TEST_URL.replace("v71", "v68"), merchantAccount="OldECOM")
    where = world(*TWO, requests=(ACCOUNT, older))
    assert at_adyen(KEY, where=where, merchantAccount="OldECOM")[0] == 200
    elsewhere = plan("https://other.example/pay", merchantAccount="OtherECOM")
    where = world(*TWO, requests=(ACCOUNT, elsewhere))
    assert at_adyen(KEY, where=where, merchantAccount="OtherECOM") == (403, "901")


def test_an_account_that_a_run_gives_may_be_any() -> None:
    where = world(*TWO, requests=(ACCOUNT, plan(adyen_request.TEST_URL)))
    assert at_adyen(KEY, where=where, merchantAccount="AnyECOM")[0] == 200


def test_without_a_project_it_is_a_slip() -> None:
    where = World(now=lambda: adyen_request.NOW)
    assert at_adyen(adyen_request.KEY, where=where)[0] == 200
    assert [slip.name for slip in where.slips] == ["unknown_merchant_accounts"]


VISA_HOST = "cert.api.visa.com"


def visas(owner: str, name: str = "apiKey") -> dict[str, Any]:
    return holder(
        VISA_HOST,
        owner,
        api=(f"{owner}-api", f"query {name}"),
        shared=(f"{owner}-shared", "signature"),
        kid=(f"{owner}-kid", "body"),
        key=(encryption_key(f"{owner}-key"), "body"),
    )


def at_visa(
    where: World, *, api: str = "a", shared: str = "a", kid: str = "a", key: str = "a"
) -> tuple[int, str]:
    card = encrypted({"accountNumber": "4242424242424242"}, shared=f"{key}-key", kid=f"{kid}-kid")
    body = json.dumps({"clientAppID": "app-1", "encPaymentInstrument": card}).encode()
    url = f"https://{VISA_HOST}/vts/provisionedTokens?apiKey={api}-api"
    token = pay_token.x_pay_token(
        secret=f"{shared}-shared", timestamp=int(adyen_request.NOW), url=url, body=body
    )
    party = replace(PARTIES["visa"], sign=lambda *_: (("x-pay-token", token),))
    status, _, content = ask(party, body, url=url, headers=(JSON, UUID), world=where)
    answer = json.loads(content)
    return status, answer.get("responseStatus", {}).get("code", "")


def test_all_that_visa_checks_is_of_one_owner() -> None:
    def where() -> World:
        return world(visas("a"), visas("b"))

    assert at_visa(where())[0] == 201
    assert at_visa(where(), api="b", shared="b", kid="b", key="b")[0] == 201
    assert at_visa(where(), api="b") == (401, "9201")
    assert at_visa(where(), shared="b") == (401, "9201")
    assert at_visa(where(), kid="b")[0] == 400
    assert at_visa(where(), key="b")[0] == 400
    assert at_visa(where(), api="c") == (401, "9201")
    assert at_visa(world()) == (401, "9201")


def test_the_gate_knows_each_owners_secret_and_calls_back_with_it() -> None:
    where = world(
        holder("api.rocketpay.kz", "rocketpay", rocketpay_secret=("one", "signature")),
        holder("api.rocketpay.kz", "gate_two", other=("two", "signature")),
    )
    party = PARTIES["gate payout by token"]
    for key, status in (("one", 200), ("two", 200), ("three", 400)):
        document = party.right()
        document["general"]["payment_id"] = f"p-{key}"
        document["general"]["signature"] = gate.sign(document, key)
        assert ask(party, json.dumps(document).encode(), world=where)[0] == status
    rows = where.table("rocketpay.callbacks").values()
    for key, row in zip(("one", "two"), rows, strict=True):
        assert gate.verify(row["body"], row["body"]["signature"], key)


def test_roktss_stand_in_takes_the_projects_token_and_any_without_one() -> None:
    host = "cards.rokt.example"
    party = PARTIES["rokt"]
    body = party.body(party.right())
    where = world(holder(host, "rokt", rokt_token=("right", "header authorization")))
    for token, status in (("right", 200), ("wrong", 401)):
        headers = (JSON, ("Authorization", f"Bearer {token}"))
        assert ask(party, body, headers=headers, world=where)[0] == status
        assert ask(party, body, headers=headers)[0] == 200


def test_a_project_that_calls_none_of_them_opens_none() -> None:
    for name in ("adyen", "visa", "rokt", "gate card"):
        party = PARTIES[name]
        where = World(now=lambda: adyen_request.NOW, project=OnboardedProject())
        assert ask(party, party.body(party.right()), world=where)[0] in (400, 401)
