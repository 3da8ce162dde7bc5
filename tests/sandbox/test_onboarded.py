"""What a project has onboarded, and how each vault refuses everything else."""

import asyncio
import json
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from forwardc.sandbox.app import create_app
from forwardc.sandbox.checkout.made_up_keys import checkout_secret_key
from forwardc.sandbox.project import OnboardedProject, read
from forwardc.sandbox.stripe.made_up_keys import stripe_secret_key
from forwardc.sandbox.world import World

URL = "https://in.quux.example/v9/wallets/w-7/cards"
PATTERN = ["https://in.quux.example/v9/wallets/", None, "/cards"]
KEY = "sbx_key"


def named(vault: str, **changes: Any) -> dict[str, Any]:
    fields = {"/pan": "number", "/month": "expiry_month:number", "/year": "expiry_year"}
    return {
        "vault": vault,
        "live": False,
        "approved": True,
        "method": "POST" if vault == "stripe" else "PUT",
        "url": PATTERN,
        "query": ["region"],
        "headers": ["Authorization", "X-Mode"],
        "fields": fields if vault == "stripe" else None,
        "constants": {"/merchant": "ours"},
        "keys": {"Authorization": [sha256(KEY.encode()).hexdigest()]} if vault == "stripe" else {},
    } | changes


def world(*requests: dict[str, Any], lax: frozenset[str] = frozenset()) -> World:
    return World(project=read({"requests": list(requests), "holders": []}), lax=lax)


def call(world: World, url: str, **request: Any) -> httpx.Response:
    async def send() -> httpx.Response:
        transport = httpx.ASGITransport(create_app(world))
        async with httpx.AsyncClient(transport=transport) as client:
            return await client.post(url, **request)

    return asyncio.run(send())


def through_stripe(
    world: World,
    url: str = URL,
    body: dict[str, Any] | None = None,
    headers: dict[str, str] | None = None,
    *,
    live: bool = False,
) -> httpx.Response:
    sent = {"Authorization": f"Bearer {KEY}"} if headers is None else headers
    form = [
        ("payment_method", "pm_sandbox_visa"),
        ("url", url),
        *(("replacements[]", name) for name in ("card_number", "card_expiry", "card_cvc")),
        ("request[body]", json.dumps(body or {"pan": "", "month": 0, "year": ""})),
    ]
    for at, (name, value) in enumerate(sent.items()):
        form += [(f"request[headers][{at}][name]", name)]
        form += [(f"request[headers][{at}][value]", value)]
    return call(
        world,
        "https://api.stripe.com/v1/forwarding/requests",
        content=urlencode(form),
        headers={
            "Authorization": f"Bearer {stripe_secret_key(live=live)}",
            "Content-Type": "application/x-www-form-urlencoded",
        },
    )


def through_checkout(
    world: World,
    url: str = URL,
    *,
    host: str = "forward.sandbox.checkout.com",
    raw: dict[str, str] | None = None,
    **more: Any,
) -> httpx.Response:
    request = {
        "source": {"type": "id", "id": "src_" + "visa_approved".ljust(26, "0")},
        "processing_channel_id": "pc_" + "sandbox".ljust(26, "0"),
        "destination_request": {
            "url": url,
            "method": "PUT",
            "headers": {"raw": raw or {}},
            "body": "{}",
        }
        | more,
    }
    key = {"Authorization": checkout_secret_key(live=".sandbox." not in host)}
    return call(world, f"https://{host}/forward", json=request, headers=key)


def last(world: World) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(world.received[-1].body)
    return found


ELSEWHERE = [
    "https://in.quux.example/v9/wallets",
    "https://in.quux.example/v9/wallets/w-7/cards/",
    "https://in.quux.example/v9/wallets/a/b/cards",
    "https://in.quux.example/v9/wallets//cards",
    "https://in.quux.example/v9/wallets/../cards",
    "https://in.quux.example/v9/wallets/%2E%2e/cards",
    "HTTPS://in.quux.example/v9/wallets/w-7/cards",
    "https://IN.quux.example/v9/wallets/w-7/cards",
    "https://other.quux.example/v9/wallets/w-7/cards",
    "https://in.quux.example.evil.example/v9/wallets/w-7/cards",
    "https://in.quux.example/v9/wallets/w-7/cards?debug=1",
]


@pytest.mark.parametrize("url", ELSEWHERE)
def test_a_url_that_no_plan_names_is_refused_by_both_vaults(url: str) -> None:
    here = world(named("stripe"), named("checkout"))
    refused = through_stripe(here, url)
    assert refused.status_code == 400
    assert refused.json()["error"]["code"] == "forwarding_api_invalid_parameter"
    assert refused.json()["error"]["param"] == "url"
    refused = through_checkout(here, url)
    assert refused.status_code == 422
    assert refused.json()["error_codes"] == ["destination_not_allowed"]
    assert here.received == []


@pytest.mark.parametrize("url", [URL, f"{URL}?region=eu", URL.replace("w-7", "a%2Fb")])
def test_what_a_plan_names_is_taken(url: str) -> None:
    here = world(named("stripe"), named("checkout"))
    assert through_stripe(here, url).status_code == 200
    assert through_checkout(here, url).status_code == 200
    assert here.slips == []


def test_what_is_named_for_one_vault_is_not_for_the_other() -> None:
    assert through_stripe(world(named("checkout"))).status_code == 400
    assert through_checkout(world(named("stripe"))).status_code == 422
    assert through_stripe(world(named("direct"))).status_code == 400


def test_another_method_and_another_query_name_are_refused() -> None:
    here = world(named("checkout"))
    refused = through_checkout(here, method="POST")
    assert refused.json()["errors"] == {"destination_request.method": ["destination_not_allowed"]}
    other = through_checkout(here, query=[{"name": "debug", "value": "1"}])
    assert other.status_code == 422
    assert through_checkout(here, query=[{"name": "region", "value": "eu"}]).status_code == 200


def test_a_header_that_no_plan_names_is_refused_by_both_vaults() -> None:
    here = world(named("stripe"), named("checkout"))
    good = {"Authorization": f"Bearer {KEY}", "x-mode": "fast"}
    assert through_stripe(here, headers=good).status_code == 200
    assert through_stripe(here, headers=good | {"Accept": "*/*"}).status_code == 400
    refused = through_stripe(here, headers=good | {"X-Other": "1"})
    assert refused.json()["error"]["param"] == "request[headers][2]"
    assert through_checkout(here, raw={"x-mode": "fast"}).status_code == 200
    refused = through_checkout(here, raw={"X-Other": "1"})
    assert refused.json()["error_codes"] == ["header_not_allowed"]
    lax = world(
        named("stripe"),
        named("checkout"),
        lax=frozenset({"stripe_unknown_headers", "checkout_unknown_headers"}),
    )
    assert through_stripe(lax, headers=good | {"X-Other": "1"}).status_code == 200
    assert through_checkout(lax, raw={"X-Other": "1"}).status_code == 200
    assert [slip.place for slip in lax.slips] == [
        "request[headers][2]",
        "destination_request.headers",
    ]


def test_only_the_fields_of_the_plan_are_filled() -> None:
    here = world(named("stripe"))
    body = {"pan": "", "month": 0, "year": "", "cvc": "", "card": {"number": ""}}
    assert through_stripe(here, body=body).status_code == 200
    sent = last(here)
    assert (sent["pan"], sent["month"], sent["year"]) == ("4242424242424242", 3, "2029")
    assert (sent["cvc"], sent["card"]) == ("", {"number": ""})


def test_a_blank_has_the_type_of_the_plan() -> None:
    refused = through_stripe(world(named("stripe")), body={"pan": "", "month": "", "year": ""})
    assert refused.json()["error"]["param"] == "request[body]"


def test_stripes_own_list_judges_the_fields_of_the_plan() -> None:
    url = "https://checkout-test.adyen.com/v71/payments"
    fields = {"/paymentMethod/number": "number", "/reference": "name"}
    here = world(named("stripe", url=[url], fields=fields, keys={}))
    body = {"paymentMethod": {"number": ""}, "reference": ""}
    through_stripe(here, url, body)
    assert last(here)["paymentMethod"]["number"] == "4242424242424242"
    assert last(here)["reference"] == ""


@pytest.mark.parametrize("value", ["Bearer sbx_other", KEY + "x", "Bearer"])
def test_another_key_than_the_submitted_one_is_refused(value: str) -> None:
    refused = through_stripe(world(named("stripe")), headers={"Authorization": value})
    assert refused.status_code == 400
    assert refused.json()["error"]["param"] == "request[headers]"
    assert value not in refused.text


def test_a_missing_key_is_refused_and_a_laxness_takes_it() -> None:
    assert through_stripe(world(named("stripe")), headers={"X-Mode": "a"}).status_code == 400
    lax = world(named("stripe"), lax=frozenset({"stripe_unsubmitted_keys"}))
    assert through_stripe(lax, headers={"X-Mode": "a"}).status_code == 200


def test_live_mode_needs_a_plan_of_production_that_was_approved() -> None:
    assert through_stripe(world(named("stripe")), live=True).status_code == 400
    unapproved = named("stripe", live=True, approved=False)
    assert through_stripe(world(unapproved), live=True).status_code == 400
    approved = world(named("stripe", live=True))
    assert through_stripe(approved, live=True).json()["livemode"] is True
    here = world(named("checkout", live=True))
    assert through_checkout(here, host="forward.checkout.com").status_code == 200
    only_test = world(named("checkout"))
    assert through_checkout(only_test, host="forward.checkout.com").status_code == 422


def test_in_test_mode_every_plan_of_the_project_counts() -> None:
    unapproved = world(named("stripe", live=True, approved=False), named("checkout", live=True))
    assert through_stripe(unapproved).json()["livemode"] is False
    assert through_checkout(unapproved).status_code == 200


def test_an_empty_project_has_onboarded_nothing_and_a_laxness_takes_it() -> None:
    assert through_stripe(World(project=OnboardedProject())).status_code == 400
    assert through_checkout(World(project=OnboardedProject())).status_code == 422
    lax = World(project=OnboardedProject(), lax=frozenset({"unknown_destinations"}))
    card = {"card": {"number": "", "exp_month": "", "exp_year": ""}}
    assert through_stripe(lax, body=card, headers={}).status_code == 200
    assert through_checkout(lax).status_code == 200
    assert {slip.name for slip in lax.slips} == {"unknown_destinations"}


def test_a_project_that_changes_is_noticed() -> None:
    handed: list[Any] = []
    here = World(read_project=lambda: handed.pop() if handed else None)
    assert through_checkout(here).status_code == 422
    handed.append({"requests": [named("checkout")], "holders": []})
    assert through_checkout(here).status_code == 200
    assert through_checkout(here).status_code == 200


@pytest.mark.parametrize(
    "data", [None, {}, {"requests": [{}], "holders": []}, {"requests": [], "holders": [1]}]
)
def test_data_of_another_structure_is_refused(data: Any) -> None:
    with pytest.raises(ValueError, match="another structure"):
        read(data)


def test_an_element_of_xml_is_known_by_its_place() -> None:
    fields = {"/pay/item[2]/v": "number"}
    here = world(named("stripe", fields=fields, keys={}))
    form = [
        ("payment_method", "pm_sandbox_visa"),
        ("url", URL),
        ("replacements[]", "card_number"),
        ("request[body]", "<pay><item><v></v></item><item><v></v></item></pay>"),
    ]
    answer = call(
        here,
        "https://api.stripe.com/v1/forwarding/requests",
        content=urlencode(form),
        headers={
            "Authorization": f"Bearer {stripe_secret_key()}",
            "Content-Type": "application/x-www-form-urlencoded",
        },
    )
    assert answer.status_code == 200
    assert here.received[-1].body.decode() == (
        "<pay><item><v></v></item><item><v>4242424242424242</v></item></pay>"
    )
