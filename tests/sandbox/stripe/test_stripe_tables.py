"""Each rule of each table of parameters is broken once, and all of them are held against Stripe's.

The own client of Stripe types every parameter of every call: none may be missing here, and none
may be here that it does not have.
"""

import ast
import itertools
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import assert_never

import pytest
import stripe

from forwardc.sandbox.stripe import (
    charges,
    customers,
    forwarding,
    intents,
    method_endpoints,
    param_shapes,
    setups,
)
from forwardc.sandbox.stripe.param_shapes import (
    BooleanParam,
    ClearableParam,
    CountryParam,
    DatedParam,
    EitherParam,
    GatedParam,
    IntegerParam,
    ListParam,
    MapParam,
    MetadataParam,
    ParamKind,
    TextParam,
    UnsupportedParam,
)
from forwardc.sandbox.stripe.party import ENDPOINTS
from one_rule import one_rule

PAST = "2022-11-15"
# Endpoint, its table, the client's type, and what the call needs to be read at all.
CALLS: tuple[tuple[str, MapParam, str], ...] = (
    ("POST /v1/payment_methods", method_endpoints.CREATE, "PaymentMethodCreate"),
    ("POST /v1/payment_methods/PM", method_endpoints.UPDATE, "PaymentMethodUpdate"),
    ("POST /v1/payment_methods/PM/attach", method_endpoints.ATTACH, "PaymentMethodAttach"),
    ("POST /v1/payment_methods/PM/detach", param_shapes.ONLY_EXPAND, "PaymentMethodDetach"),
    ("GET /v1/payment_methods", method_endpoints.LIST, "PaymentMethodList"),
    ("POST /v1/customers", customers.CREATE, "CustomerCreate"),
    ("POST /v1/customers/CUS", customers.UPDATE, "CustomerUpdate"),
    ("GET /v1/customers", customers.LIST, "CustomerList"),
    ("GET /v1/customers/CUS", param_shapes.ONLY_EXPAND, "CustomerRetrieve"),
    (
        "GET /v1/customers/CUS/payment_methods",
        method_endpoints.CUSTOMERS_LIST,
        "CustomerListPaymentMethods",
    ),
    ("POST /v1/setup_intents", setups.CREATE, "SetupIntentCreate"),
    ("POST /v1/setup_intents/SETI", setups.UPDATE, "SetupIntentUpdate"),
    ("POST /v1/setup_intents/SETI/confirm", setups.CONFIRM, "SetupIntentConfirm"),
    ("POST /v1/setup_intents/SETI/cancel", setups.CANCEL, "SetupIntentCancel"),
    ("GET /v1/setup_intents", setups.LIST, "SetupIntentList"),
    ("POST /v1/payment_intents", intents.CREATE, "PaymentIntentCreate"),
    ("POST /v1/payment_intents/PI", intents.UPDATE, "PaymentIntentUpdate"),
    ("POST /v1/payment_intents/PI/confirm", intents.CONFIRM, "PaymentIntentConfirm"),
    ("POST /v1/payment_intents/PI/capture", intents.CAPTURE, "PaymentIntentCapture"),
    ("POST /v1/payment_intents/PI/cancel", intents.CANCEL, "PaymentIntentCancel"),
    ("GET /v1/payment_intents", intents.LIST, "PaymentIntentList"),
    ("POST /v1/refunds", charges.REFUND_CREATE, "RefundCreate"),
    ("POST /v1/refunds/RE", charges.REFUND_UPDATE, "RefundUpdate"),
    ("GET /v1/refunds", charges.REFUND_LIST, "RefundList"),
    ("GET /v1/charges", charges.CHARGE_LIST, "ChargeList"),
    ("POST /v1/forwarding/requests", forwarding.CREATE, "forwarding.RequestCreate"),
    ("GET /v1/forwarding/requests", param_shapes.FORWARDING_LIST, "forwarding.RequestList"),
)
NAMES = [name for name, _, _ in CALLS]


# --- breaking each rule


def wrong(kind: ParamKind, name: str) -> Iterator[tuple[str, str]]:
    """A parameter and a value that break the rule: one pair for each way to break it."""
    match kind:
        case TextParam():
            yield name, ""
            yield f"{name}[x]", "a map"
            yield name, "n" * (kind.limit + 1)
            if kind.choices or kind.form:
                yield name, "none-of-these"
        case IntegerParam():
            yield from ((name, value) for value in ("", "ten", "1.5", "9" * 19, "0x10"))
            if kind.low is not None:
                yield name, str(kind.low - 1)
            if kind.high is not None:
                yield name, str(kind.high + 1)
        case BooleanParam():
            yield from ((name, value) for value in ("", "yes", "1", "True"))
        case ListParam():
            yield name, "one"
            yield f"{name}[first]", "x"
            yield f"{name}[1001]", "x"
        case MapParam():
            yield name, "text"
            yield f"{name}[never_heard_of]", "x"
            for key, inner in kind.fields.items():
                yield from wrong(inner, f"{name}[{key}]")
        case MetadataParam():
            yield name, "text"
            yield f"{name}[{'k' * 41}]", "x"
            yield f"{name}[k]", "v" * 501
            yield f"{name}[a][b]", "deep"
        case ClearableParam():
            yield from (pair for pair in wrong(kind.kind, name) if pair != (name, ""))
        case EitherParam():
            yield name, "soon"
            yield from wrong(kind.map, name)
        case DatedParam():
            yield from wrong(kind.kind, name)
        case CountryParam():
            yield from ((name, value) for value in ("GBR", "Germany", "ZZ", "1"))
        case GatedParam() | UnsupportedParam():
            yield name, "anything"
        case _:
            assert_never(kind)


def cases() -> Iterator[tuple[str, str, str]]:
    for endpoint, shape, _ in CALLS:
        for name, kind in shape.fields.items():
            for param, value in wrong(kind, name):
                yield endpoint, param, value


@pytest.fixture(scope="module")
def shop(new_bench):
    """A world with one object of each kind, and the paths that name them."""
    bench = new_bench()
    customer = bench.post("/v1/customers", {"name": "Jane"}).json()["id"]
    method = bench.card()["id"]
    bench.post(f"/v1/payment_methods/{method}/attach", {"customer": customer})
    pay = {"amount": 1099, "currency": "usd", "allowed_payment_method_types": ["card"]}
    paid = pay | {"confirm": True, "payment_method": "pm_card_visa"}
    held = bench.post("/v1/payment_intents", paid | {"capture_method": "manual"}).json()["id"]
    done = bench.post("/v1/payment_intents", paid).json()["id"]
    ids = {
        "PM": method,
        "CUS": customer,
        "SETI": bench.post("/v1/setup_intents", {}).json()["id"],
        "PI": bench.post("/v1/payment_intents", pay).json()["id"],
        "HELD": held,
        "RE": bench.post("/v1/refunds", {"payment_intent": done, "amount": 1}).json()["id"],
    }
    return bench, ids


def path_of(endpoint: str, ids: dict[str, str]) -> tuple[str, str]:
    method, path = endpoint.split()
    if path.endswith("capture"):
        path = path.replace("PI", "HELD")
    return method, "/".join(ids.get(part, part) for part in path.split("/"))


@pytest.mark.costly
@one_rule("endpoint", NAMES)
def test_each_rule_of_each_table_refuses(shop, endpoint):
    bench, ids = shop
    method, path = path_of(endpoint, ids)
    before = len(bench.sent)
    for _, param, value in (case for case in cases() if case[0] == endpoint):
        version = "2026-08-26.dahlia" if "payment_method_types" in param else "2026-09-30.endive"
        call = bench.post if method == "POST" else bench.query
        answer = call(path, {param: value}, Stripe_Version=version)
        assert answer.status_code == 400, (param, value[:20])
        found = answer.json()["error"]
        assert found["type"] == "invalid_request_error"
        named = found["param"]
        assert param.startswith(named.partition("[")[0]), (param, named)
        shown = value in ("", "x", "text", "1", "one", "GBR", "Germany", "ZZ")
        assert shown or value[:30] not in found["message"]
    assert len(bench.sent) == before


@one_rule("endpoint", NAMES)
def test_what_is_required_is_asked_for(shop, endpoint):
    bench, ids = shop
    (shape,) = [shape for name, shape, _ in CALLS if name == endpoint]
    method, path = path_of(endpoint, ids)
    for name in shape.required:
        answer = bench.post(path, {})
        assert method == "POST"
        found = answer.json()["error"]
        assert (answer.status_code, found["code"]) == (400, "parameter_missing")
        assert found["param"] == shape.required[0], name


@one_rule("endpoint", NAMES)
def test_unknown_parameters_are_named_together_and_first(shop, endpoint):
    bench, ids = shop
    method, path = path_of(endpoint, ids)
    call = bench.post if method == "POST" else bench.query
    answer = call(path, {"zzz": "1", "yyy": {"a": "1"}, "limit": "0", "amount": "x"})
    names = answer.json()["error"]["message"].partition(": ")[2].split(", ")
    assert answer.status_code == 400
    assert names[:2] == ["zzz", "yyy"]


def test_a_parameter_of_a_later_version_is_unknown(bench):
    form = {"amount": 1099, "currency": "usd", "allowed_payment_method_types": ["card"]}
    answer = bench.post("/v1/payment_intents", form, Stripe_Version=PAST)
    assert answer.json()["error"]["code"] == "parameter_unknown"
    sent = bench.forward({"card": {"number": ""}}, "card_number", Stripe_Version=PAST)
    assert sent.status_code == 200


# --- against the types of Stripe's own client


class Typed:
    """The types of one call's parameters in stripe-python, read from its source."""

    def __init__(self, name: str) -> None:
        package, _, name = name.rpartition(".")
        words = "".join(f"_{char.lower()}" if char.isupper() else char for char in name)
        module = ".".join(filter(None, ("stripe.params", package, f"{words}_params")))
        tree = ast.parse(Path(str(import_module(module).__file__)).read_text(encoding="utf-8"))
        self.first = f"{name}Params"
        self.classes = {
            node.name: {
                str(getattr(field.target, "id", "")): ast.unparse(field.annotation)
                for field in node.body
                if isinstance(field, ast.AnnAssign)
            }
            for node in tree.body
            if isinstance(node, ast.ClassDef)
        }

    def behind(self, annotation: str) -> str | None:
        """The map that a parameter is, or a list of it."""
        names = re.findall(r"\w+", annotation)
        return next((name for name in names if name in self.classes), None)


def other_methods() -> set[str]:
    """The payment methods that are no cards: each has a map of its own name."""
    return set(Typed("PaymentMethodCreate").classes["PaymentMethodCreateParams"]) - set(
        method_endpoints.CREATE.fields
    )


def inner(kind: ParamKind) -> ParamKind:
    """A kind without what may stand around it."""
    match kind:
        case ClearableParam() | DatedParam():
            return inner(kind.kind)
        case EitherParam():
            return kind.map
        case ListParam():
            return inner(kind.of)
        case _:
            return kind


def differences(typed: Typed, name: str, shape: MapParam, place: str) -> list[str]:
    """Where a table and the client's types do not say the same."""
    theirs = typed.classes[name]
    skipped = other_methods() if place in ("", "payment_method_options") else set()
    found = [f"{place}: {key} is not Stripe's" for key in set(shape.fields) - set(theirs)]
    found += [f"{place}: {key} is lacking" for key in set(theirs) - set(shape.fields) - skipped]
    for key, text in theirs.items():
        if not text.startswith("NotRequired") and key not in shape.required:
            found.append(f"{place}: {key} is required")
        kind, behind = inner(shape.fields.get(key, UnsupportedParam())), typed.behind(text)
        if isinstance(kind, MapParam) and behind is not None:
            found += differences(typed, behind, kind, f"{place}.{key}".lstrip("."))
    return found


# Left out of the client: what publishable keys send, what Stripe has removed, the card's token. Its
# document and its client contradict each other on `request`.
EXPECTED = {
    ": client_secret is not Stripe's",
    ": payment_method_types is not Stripe's",
    ": request is required",
}


@one_rule(("endpoint", "shape", "name"), CALLS)
def test_every_parameter_is_one_of_stripes(endpoint, shape, name):
    typed = Typed(name)
    found = set(differences(typed, typed.first, shape, "")) - EXPECTED
    assert sorted(line for line in found if "payment_method_options:" not in line) == []


def test_the_client_is_of_an_api_version_that_is_known(bench):
    answer = bench.get("/v1/customers", Stripe_Version=str(stripe.api_version))
    assert answer.status_code == 200


# --- permissions


@one_rule("endpoint", [f"{one.method} {one.path}" for one in ENDPOINTS])
def test_a_restricted_key_needs_the_permission_of_each_endpoint(bench, endpoint):
    (one,) = [one for one in ENDPOINTS if f"{one.method} {one.path}" == endpoint]
    key = "rk_test_" + "a" * 20
    others = {other.permission for other in ENDPOINTS} - {one.permission}
    body = {"key": key, "permissions": sorted(others)}
    bench.switch("restricted_keys", body)
    path = one.path.replace("{id}", "none").replace("{method}", "none")
    answer = bench.call(one.method, path, Authorization=f"Bearer {key}")
    assert answer.status_code == 403
    assert f"'rak_{one.permission}'" in answer.json()["error"]["message"]
    bench.switch("restricted_keys", body | {"permissions": [one.permission]})
    assert bench.call(one.method, path, Authorization=f"Bearer {key}").status_code != 403


def test_cases_are_many():
    assert len(list(itertools.islice(cases(), 501))) > 500
