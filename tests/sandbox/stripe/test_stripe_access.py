"""Keys, permissions, forms, versions and idempotency: what comes before any endpoint."""

import asyncio
import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forwardc.sandbox.credentials import secret
from forwardc.sandbox.stripe.made_up_keys import stripe_secret_key
from forwardc.sandbox.stripe.params import FormError, parse_form
from forwardc.sandbox.world import DestinationTimeoutError, EmulatedAnswer, OutboundRequest

FORWARD = "/v1/forwarding/requests"
METHODS = "/v1/payment_methods"
BODY = json.dumps({"card": {"number": ""}})
CARD = {"type": "card", "card": {"number": "4242424242424242", "exp_month": 3, "exp_year": 2030}}
DAY = 86_400


def error(answer: Any) -> dict[str, Any]:
    found: dict[str, Any] = answer.json()["error"]
    return found


def basic(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    "header",
    [
        f"Bearer {stripe_secret_key()}",
        basic(f"{stripe_secret_key()}:"),
        f"Bearer {secret('stripe', 'stripe_api_key')}",
        basic(f"{secret('stripe', 'stripe_api_key')}:"),
    ],
)
def test_keys_that_open(bench, header):
    assert bench.get(FORWARD, Authorization=header).status_code == 200


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer ",
        "Bearer sk_test_short",
        "Bearer sk_test_4eC39HqLyjWDarjtT1zdp7dc",
        "Bearer sk_live_4eC39HqLyjWDarjtT1zdp7dc",
        "Bearer rk_test_4eC39HqLyjWDarjtT1zdp7dc",
        "Token x",
        "Basic ???",
        basic(f"{stripe_secret_key()}:password"),
    ],
)
def test_keys_that_do_not(bench, follows_contract, header):
    answer = bench.get(FORWARD, Authorization=header)
    assert answer.status_code == 401
    assert error(answer)["type"] == "invalid_request_error"
    assert stripe_secret_key() not in answer.text
    follows_contract("error", answer.json())


def test_a_publishable_key_is_told_so(bench):
    answer = bench.get(FORWARD, Authorization="Bearer pk_test_4eC39HqLyjWDarjtT1zdp7dc")
    assert (answer.status_code, error(answer)["code"]) == (403, "secret_key_required")


def test_another_key_of_the_right_shape_is_a_laxness(bench):
    other = "Bearer sk_test_4eC39HqLyjWDarjtT1zdp7dc"
    answer = bench.get(FORWARD, Authorization=other)
    assert answer.status_code == 401
    assert error(answer)["message"] == "Invalid API Key provided: sk_test_****p7dc"
    bench.world.lax = frozenset({"stripe_any_key"})
    assert bench.get(FORWARD, Authorization=other).status_code == 200
    assert [(one.name, one.place) for one in bench.world.slips] == [
        ("stripe_any_key", "Authorization")
    ]


def test_a_restricted_key_does_what_it_may(bench):
    key = "rk_test_" + "a" * 20 + "beef"
    bench.switch("restricted_keys", {"key": key, "permissions": ["forwarding_request_read"]})
    restricted = {"Authorization": f"Bearer {key}"}
    assert bench.get(FORWARD, **restricted).status_code == 200
    refused = bench.post(FORWARD, {}, **restricted)
    assert refused.status_code == 403
    assert "rk_test_****beef" in error(refused)["message"]
    assert "'rak_forwarding_request_write'" in error(refused)["message"]
    assert key not in refused.text


def test_json_is_no_form(bench):
    answer = bench.post(METHODS, json.dumps(CARD), Content_Type="application/json")
    assert answer.status_code == 400
    assert error(answer)["message"].startswith("Invalid request (check that your POST content type")


@pytest.mark.parametrize("form", ["a[b=1", "a]=1", "a=1&a[b]=2", "a[b]=1&a[]=2", "a=%ff"])
def test_forms_that_cannot_be_read(bench, form):
    answer = bench.post(METHODS, form)
    assert (answer.status_code, error(answer)["type"]) == (400, "invalid_request_error")


def test_unknown_urls(bench):
    answer = bench.post("/v1/cards", {})
    assert answer.status_code == 404
    assert error(answer)["message"] == "Unrecognized request URL (POST: /v1/cards)."
    assert asyncio.run(bench.request("DELETE", METHODS)).status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/v1/customers/",
        "/v1/customers/search?query=x",
        "/v1/payment_intents/search?query=x",
        "/v1//customers",
        "/v2/customers",
    ],
)
def test_no_url_is_taken_for_another(bench, path):
    answer = bench.get(path)
    assert answer.status_code == 404
    assert error(answer)["message"].startswith("Unrecognized request URL (GET: /v")


def test_all_unknown_parameters_are_named(bench):
    answer = bench.post(METHODS, CARD | {"a": 1, "b": {"c": 2}, "billing_details": {"d": 1}})
    assert error(answer)["message"] == "Received unknown parameters: a, b, billing_details[d]"


@pytest.mark.parametrize("written", ["replacements[]=", "replacements[0]="])
def test_lists_by_bracket_and_by_index(bench, written):
    form = f"payment_method=pm_card_visa&url=https://a.example/c&{written}card_number"
    body = '&request[body]={"pan":""}'
    assert bench.post(FORWARD, form + body).status_code == 200


def test_response_headers(bench):
    answer = bench.post(METHODS, CARD, Idempotency_Key="k-1", Stripe_Version="2024-04-10")
    assert answer.headers["request-id"].startswith("req_")
    assert answer.headers["original-request"] == answer.headers["request-id"]
    assert answer.headers["idempotency-key"] == "k-1"
    assert answer.headers["stripe-version"] == "2024-04-10"
    assert answer.headers["stripe-should-retry"] == "false"
    assert bench.get(FORWARD).headers["stripe-version"] == "2026-09-30.endive"


@pytest.mark.parametrize(
    "version",
    [
        "latest",
        "2099-01-01",
        "2025-09-30.acacia",
        "2026-09-30",
        "2026-09-30.endive, 2026-09-30.endive",
        "2026-09-30.preview",
        "2026-9-30.endive",
        "2019-12-03",
        "",
    ],
)
def test_versions_that_stripe_does_not_have_are_refused(bench, version):
    answer = bench.get(FORWARD, **{"Stripe-Version": version})
    assert (answer.status_code, error(answer)["type"]) == (400, "invalid_request_error")


@pytest.mark.parametrize("version", ["2022-11-15", "2024-06-20", "2026-10-28.endive"])
def test_versions_that_stripe_has(bench, version):
    assert bench.get(FORWARD, **{"Stripe-Version": version}).headers["stripe-version"] == version


def test_an_account_that_is_not_connected(bench):
    answer = bench.get(FORWARD, **{"Stripe-Account": "acct_other"})
    assert (answer.status_code, error(answer)["code"]) == (403, "account_invalid")


def test_a_connected_account_has_objects_of_its_own(bench):
    bench.switch("accounts", {"id": "acct_shop"})
    shop = {"Stripe_Account": "acct_shop"}
    made = bench.post("/v1/customers", {"name": "Jane"}, **shop).json()["id"]
    assert bench.get(f"/v1/customers/{made}", **shop).status_code == 200
    assert bench.get(f"/v1/customers/{made}").status_code == 404
    assert bench.switch("accounts", {"id": "shop"}).status_code == 400


def test_the_other_modes_object_is_told_apart(bench):
    made = bench.post("/v1/customers", {"name": "Jane"}).json()["id"]
    live = f"Bearer {stripe_secret_key(live=True)}"
    answer = bench.get(f"/v1/customers/{made}", Authorization=live)
    assert answer.status_code == 404
    assert "a similar object exists in test mode" in error(answer)["message"]


# --- idempotency


def forward(bench, key: str, **change: Any) -> Any:
    return bench.forward(BODY, "card_number", Idempotency_Key=key, **change)


def test_a_repeated_key_replays_and_sends_once(bench):
    first, second = forward(bench, "k"), forward(bench, "k")
    assert second.json() == first.json()
    assert second.headers["idempotent-replayed"] == "true"
    assert second.headers["original-request"] == first.headers["request-id"]
    assert second.headers["request-id"] != first.headers["request-id"]
    assert "idempotent-replayed" not in first.headers
    assert len(bench.sent) == 1


def test_a_failed_delivery_is_replayed_too(bench):
    bench.answer = DestinationTimeoutError("x")
    assert forward(bench, "k").status_code == 504
    bench.answer = EmulatedAnswer(200, (), b"{}", 1)
    again = forward(bench, "k")
    assert (again.status_code, again.headers["idempotent-replayed"]) == (504, "true")
    assert forward(bench, "k-2").status_code == 200


def test_other_parameters_under_a_key_are_refused(bench, follows_contract):
    forward(bench, "k")
    answer = forward(bench, "k", method="pm_card_amex")
    assert (answer.status_code, error(answer)["type"]) == (400, "idempotency_error")
    follows_contract("error", answer.json())
    elsewhere = bench.post(METHODS, CARD, Idempotency_Key="k")
    assert error(elsewhere)["type"] == "idempotency_error"
    assert len(bench.sent) == 1


def test_the_guides_mode_replays_what_came_first(bench):
    bench.switch("settings", {"idempotency": "guide"})
    first = forward(bench, "k")
    again = forward(bench, "k", method="pm_card_amex")
    assert again.headers["idempotent-replayed"] == "true"
    assert again.json() == first.json()
    assert len(bench.sent) == 1


def test_the_guides_mode_replays_a_refusal_of_parameters(bench):
    bench.switch("settings", {"idempotency": "guide"})
    refused = forward(bench, "k", method="pm_none")
    again = forward(bench, "k")
    assert (again.status_code, error(again)["code"]) == (400, "resource_missing")
    assert again.headers["original-request"] == refused.headers["request-id"]
    assert bench.sent == []
    assert forward(bench, "k-2").status_code == 200


def test_the_guides_mode_is_of_forwarding_alone(bench):
    bench.switch("settings", {"idempotency": "guide"})
    assert bench.post(METHODS, {"type": "card"}, Idempotency_Key="k").status_code == 400
    assert bench.post(METHODS, CARD, Idempotency_Key="k").status_code == 200
    assert (
        error(bench.post(METHODS, CARD | {"metadata": {"a": 1}}, Idempotency_Key="k"))["type"]
        == "idempotency_error"
    )
    elsewhere = forward(bench, "k")
    assert error(elsewhere)["type"] == "idempotency_error"


@pytest.mark.parametrize("mode", ["reference", "guide"])
def test_a_wrong_key_and_too_many_requests_are_not_kept(bench, mode):
    bench.switch("settings", {"idempotency": mode, "rate_limited": 1})
    limited = forward(bench, "k")
    assert (limited.status_code, error(limited)["code"]) == (429, "rate_limit")
    assert limited.headers["stripe-should-retry"] == "true"
    assert forward(bench, "k", Authorization="Bearer sk_test_short").status_code == 401
    done = forward(bench, "k")
    assert (done.status_code, done.headers.get("idempotent-replayed")) == (200, None)


def test_modes_of_idempotency_have_names(bench):
    assert bench.switch("settings", {"idempotency": "replay"}).status_code == 400


def test_refused_parameters_are_not_kept(bench):
    assert bench.post(METHODS, {"type": "card"}, Idempotency_Key="k").status_code == 400
    assert bench.post(METHODS, CARD, Idempotency_Key="k").status_code == 200


def test_a_key_is_forgotten_after_a_day(bench):
    forward(bench, "k")
    bench.time += DAY
    assert "idempotent-replayed" not in forward(bench, "k").headers
    assert len(bench.sent) == 2


def test_a_key_of_256_characters_is_refused(bench):
    assert forward(bench, "k" * 255).status_code == 200
    assert forward(bench, "k" * 256).status_code == 400


def test_modes_do_not_share_keys(bench):
    forward(bench, "k")
    live = f"Bearer {stripe_secret_key(live=True)}"
    answer = bench.post(METHODS, CARD, Idempotency_Key="k", Authorization=live)
    assert answer.json()["livemode"] is True


def test_get_ignores_the_key(bench):
    for _ in range(2):
        answer = bench.get(FORWARD, **{"Idempotency-Key": "k"})
        assert "idempotent-replayed" not in answer.headers


def test_a_key_in_flight_conflicts(bench, follows_contract):
    async def scenario() -> list[Any]:
        gate = asyncio.Event()

        async def slow(outbound: OutboundRequest) -> EmulatedAnswer:
            bench.sent.append(outbound)
            await gate.wait()
            return EmulatedAnswer(200, (), b"{}", 1)

        bench.world.send = slow
        form = {
            "payment_method": "pm_card_visa",
            "url": "https://a.example/c",
            "replacements": ["card_number"],
            "request": {"body": BODY},
        }
        key = {"Idempotency-Key": "k"}
        first = asyncio.create_task(bench.request("POST", FORWARD, form, key))
        while not bench.sent:
            await asyncio.sleep(0)
        second = await bench.request("POST", FORWARD, form, key)
        gate.set()
        return [await first, second]

    first, second = asyncio.run(scenario())
    assert first.status_code == 200
    assert (second.status_code, error(second)["code"]) == (409, "idempotency_key_in_use")
    assert second.headers["stripe-should-retry"] == "true"
    follows_contract("error", second.json())
    assert len(bench.sent) == 1


# --- the form parser alone

NAMES = st.text("abcdefg_é &=%", min_size=1, max_size=5)
TREES = st.recursive(
    st.text(max_size=5),
    lambda inner: st.dictionaries(NAMES, inner, min_size=1, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(NAMES, TREES, max_size=4))
def test_any_nested_map_survives_the_form(flat_form, tree):
    assert parse_form(flat_form(tree)) == tree
    assert list(parse_form(flat_form(tree))) == list(tree)


def test_maps_in_a_list_are_grouped_by_repeated_keys():
    assert parse_form("h[][n]=1&h[][v]=2&h[][n]=3&h[][v]=4&l[]=a&l[]=b") == {
        "h": [{"n": "1", "v": "2"}, {"n": "3", "v": "4"}],
        "l": ["a", "b"],
    }


@given(st.text("ab[]=&%1", max_size=30))
def test_any_text_is_read_or_refused(text):
    try:
        tree = parse_form(text)
    except FormError:
        return
    assert all(isinstance(value, str | list | dict) for value in tree.values())
