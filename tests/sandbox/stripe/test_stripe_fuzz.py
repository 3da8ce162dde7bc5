"""Whatever is sent: the answer is one of Stripe's, and never a fault of the sandbox."""

from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forwardc.sandbox.stripe.party import ENDPOINTS

NAMES = st.sampled_from(
    "amount currency customer payment_method payment_method[card] card card[number] card[exp_month]"
    " card[exp_year] card[token] type expand expand[] expand[0] metadata metadata[a] limit created"
    " created[gt] starting_after ending_before confirm charge payment_intent reason url"
    " replacements replacements[] request request[body] request[headers][0][name]"
    " request[headers][0][value] invoice_settings[default_payment_method] usage"
    " payment_method_options[card][three_d_secure][version] transfer_data[destination] off_session"
    " allowed_payment_method_types[] mandate client_secret email return_url".split()
)
VALUES = st.one_of(
    st.sampled_from(
        "card true false usd ugx zzz pm_card_visa tok_visa cus_1 1 0 -1 1099 279000 2030 03"
        " customer data.customer latest_charge.customer card_number {} [] 4242424242424242"
        " https://forwarding-api-demo.stripedemos.com/tokens abandoned jane@shop.example".split()
    ),
    st.text(max_size=12),
)
FORMS = st.lists(st.tuples(NAMES | st.text("ab[]._", min_size=1, max_size=8), VALUES), max_size=7)
VERSIONS = st.sampled_from(["2026-09-30.endive", "2026-06-24.dahlia", "2022-11-15"])


@pytest.mark.parametrize("endpoint", [f"{one.method} {one.path}" for one in ENDPOINTS])
def test_any_form_has_an_answer_of_stripes(new_bench, endpoint):
    bench = new_bench()
    method, path = endpoint.split()
    customer = bench.post("/v1/customers", {"name": "Jane"}).json()["id"]
    held = {
        "/v1/customers": customer,
        "/v1/payment_methods": "pm_card_visa",
        "/v1/payment_intents": bench.post(
            "/v1/payment_intents", {"amount": 1099, "currency": "usd"}
        ).json()["id"],
        "/v1/setup_intents": bench.post("/v1/setup_intents", {}).json()["id"],
    }
    known = next((held[start] for start in held if path.startswith(start)), "none")
    path = path.replace("{id}", known).replace("{method}", "pm_card_visa")

    @settings(max_examples=40, deadline=None)
    @given(FORMS, VERSIONS)
    def answers(form: list[tuple[str, str]], version: str) -> None:
        text = urlencode(form)
        answer: Any
        if method == "POST":
            answer = bench.post(path, text, Stripe_Version=version)
        else:
            answer = bench.call(method, f"{path}?{text}", Stripe_Version=version)
        # The bench holds every answer against the contracts.
        assert answer.status_code in (200, 400, 402, 404)

    answers()
