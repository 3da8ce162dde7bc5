"""The judge of all other tests here: it finds what Stripe could not have answered."""

import pytest

from one_rule import one_rule

PAID = {
    "amount": 1099,
    "currency": "usd",
    "allowed_payment_method_types": ["card"],
    "confirm": True,
    "payment_method": "pm_card_visa",
}
CALLS = {
    "customer": ("/v1/customers", {"name": "Jane"}),
    "payment_method": ("/v1/payment_methods", {"type": "card", "card": {"token": "tok_visa"}}),
    "payment_intent": ("/v1/payment_intents", PAID),
    "setup_intent": ("/v1/setup_intents", {}),
}


@one_rule("kind", sorted(CALLS))
@one_rule("change", [{"livemode": "no"}, {"never_heard_of": 1}, {"id": None}, {"created": "today"}])
def test_a_wrong_object_is_found(bench, judge, kind, change):
    path, form = CALLS[kind]
    right = bench.post(path, form).json()
    assert judge.problems("POST", path, 200, right) == []
    assert judge.problems("POST", path, 200, right | change) != []


@pytest.mark.parametrize("field", ["object", "livemode", "created"])
def test_a_lacking_field_is_found(bench, judge, field):
    right = bench.post("/v1/customers", {"name": "Jane"}).json()
    lacking = {key: value for key, value in right.items() if key != field}
    if field == "object":
        with pytest.raises(KeyError):
            judge.problems("POST", "/v1/customers", 200, lacking)
    else:
        assert judge.problems("POST", "/v1/customers", 200, lacking) != []


def test_wrong_rows_of_a_list_are_found(bench, judge):
    bench.post("/v1/customers", {"name": "Jane"})
    right = bench.get("/v1/customers").json()
    right["data"][0]["tax_exempt"] = "maybe"
    assert judge.problems("GET", "/v1/customers", 200, right) != []


def test_a_wrong_error_is_found(bench, judge, shared):
    assert shared("contracts/stripe-openapi-subset.json")
    right = bench.get("/v1/customers/cus_none").json()
    assert judge.problems("GET", "/v1/customers/cus_none", 404, right) == []
    right["error"]["type"] = "not_found"
    assert judge.problems("GET", "/v1/customers/cus_none", 404, right) != []
    del right["error"]["type"]
    assert judge.problems("POST", "/v1/forwarding/requests", 400, right) != []
