"""Each fixed source keeps its promise, which docs/sandbox.md lists, on every use.

Three rounds in three orders; before the second somebody tries to change each of them, and the
third is played from the state file of a sandbox that was changed by hand.
"""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from contracts import problems, request_schema, response_schema
from emulated import Emulated, plan_of
from forwardc.runtime.run.result import RunResult
from forwardc.sandbox.cards import Behaviour, lookup
from forwardc.sandbox.checkout.clients import fixed_id
from forwardc.sandbox.checkout.made_up_keys import (
    checkout_client_id,
    checkout_client_secret,
    checkout_secret_key,
)
from forwardc.sandbox.destinations.rocketpay.tokens import CUSTOMER, fixed_token
from forwardc.sandbox.parties import sources
from forwardc.sandbox.serve import load, save
from forwardc.sandbox.stripe import methods
from forwardc.sandbox.stripe.made_up_keys import stripe_secret_key
from forwardc.sandbox.world import World
from one_rule import one_rule

DOCS = Path(__file__).resolve().parent.parent.parent / "docs" / "sandbox.md"
API = "https://api.sandbox.checkout.com"
CHECKOUT = {"Authorization": f"Bearer {checkout_secret_key()}"}
STRIPE = {"Authorization": f"Bearer {stripe_secret_key()}"}

# What a row of the table means, by vault: the outcome of a run at Adyen, and a part of its reason;
# at Rocketpay the status of the payment's callback, or None where the answer is the end.
MEANS: dict[str, dict[str, tuple[str, str]]] = {
    "is approved": {"": ("approved", ""), "rocketpay": ("pending", "success")},
    "is declined": {"": ("declined", "Refused"), "rocketpay": ("pending", "decline")},
    "is declined: insufficient funds": {"": ("declined", "Not enough balance")},
    "waits for authentication": {
        "": ("pending", "200"),
        "rocketpay": ("pending", "awaiting 3ds result"),
    },
    "has no answer in time": {"checkout": ("unknown", "no answer"), "stripe": ("unknown", "504")},
    "breaks off": {"checkout": ("unknown", "no answer"), "stripe": ("unknown", "502")},
    "is answered with 5xx": {"": ("unknown", "not supported")},
    "has half an answer": {"": ("unknown", "no JSON")},
    "does not get there": {
        "checkout": ("unknown", "no answer"),
        "stripe": ("rejected", "sent nothing"),
    },
    "arrives with an empty CVC, which Adyen refuses": {"stripe": ("rejected", "CVC")},
    "is refused by the vault": {"stripe": ("rejected", "400")},
}
VAULTS = ("checkout", "stripe", "rocketpay")


def promises() -> dict[tuple[str, str], str]:
    """What the table of the documents promises, by vault and id."""
    text = DOCS.read_text(encoding="utf-8")
    rows = text.partition("<!-- promises -->")[2].partition("<!-- /promises -->")[0]
    found: dict[tuple[str, str], str] = {}
    for line in rows.strip().splitlines()[2:]:
        promise, *cells = (cell.strip() for cell in line.strip("| ").split("|"))
        for vault, cell in zip(VAULTS, cells, strict=False):
            for name in re.findall("`([^`]+)`", cell):
                found[vault, source_id(vault, name)] = promise
    return found


def source_id(vault: str, name: str) -> str:
    if vault == "stripe":
        return name
    return fixed_id("src", name) if vault == "checkout" else fixed_token(name)


PROMISES = promises()


def test_the_table_has_each_fixed_source_once() -> None:
    world = World()
    Emulated(world)
    listed = {(row["vault"], row["id"]) for row in sources(world)}
    own = {("stripe", name) for name in methods.test_ids()}
    assert listed - own == PROMISES.keys()
    assert set(PROMISES.values()) == MEANS.keys()


Use = Callable[[Emulated, str, str], Any]


def test_the_page_says_whose_a_fixed_token_is() -> None:
    assert f"A fixed token belongs to the customer `{CUSTOMER}`" in DOCS.read_text()


def three_times(use: Use, tmp_path: Path) -> dict[tuple[str, str], list[Any]]:
    """What three uses of each fixed source gave, see the head of this file."""
    order, seen = list(PROMISES), {key: [] for key in PROMISES}
    emulated = Emulated(World(hang_seconds=0.05))
    for number, keys in enumerate((order, order[::-1], order[7:] + order[:7])):
        if number == 1:
            change(emulated)
        if number == 2:
            emulated = restarted(emulated, tmp_path / "state.json")
        for vault, identifier in keys:
            seen[vault, identifier].append(use(emulated, vault, identifier))
    return seen


def change(emulated: Emulated) -> None:
    """Try to change each fixed source in every way that its vault has."""
    for vault, identifier in PROMISES:
        match vault:
            case "checkout":
                change_instrument(emulated, f"{API}/instruments/{identifier}")
            case "stripe":
                at = f"https://api.stripe.com/v1/payment_methods/{identifier}"
                for path, form in (("", {"metadata[a]": "1"}), ("/detach", {})):
                    answer = emulated.ask("POST", at + path, headers=STRIPE, data=form)
                    assert answer.status_code == 400, path
                    assert answer.json()["error"]["type"] == "invalid_request_error"
            case _:
                texts = {"customer_id": "customer_123", "token": identifier}
                emulated.run("direct", "rocketpay", "revoke", None, **texts)
    for label in ("visa_network_token", "visa_suspended_token", "mastercard_network_token"):
        change_network_token(emulated, fixed_id("nt", label), fixed_id("src", label))


def change_instrument(emulated: Emulated, at: str) -> None:
    for method, path, body in (
        ("PATCH", at, {"expiry_year": 2031, "name": "Another"}),
        ("PATCH", f"{at}/revoke", None),
        ("DELETE", at, None),
    ):
        answer = emulated.ask(method, path, headers=CHECKOUT, json=body)
        assert answer.status_code == 422, (method, path)
        assert answer.json()["error_codes"] == ["test_source_fixed"]


def change_network_token(emulated: Emulated, token: str, instrument: str) -> None:
    form = {"grant_type": "client_credentials", "scope": "vault:network-tokens"}
    client = (checkout_client_id(), checkout_client_secret())
    url = "https://access.sandbox.checkout.com/connect/token"
    access = emulated.ask("POST", url, data=form, auth=client).json()["access_token"]
    key, at = {"Authorization": f"Bearer {access}"}, f"{API}/network-tokens"
    reason = {"initiated_by": "cardholder", "reason": "fraud"}
    answer = emulated.ask("PATCH", f"{at}/{token}/delete", headers=key, json=reason)
    assert (answer.status_code, answer.json()["error_codes"]) == (422, ["test_source_fixed"])
    # Another token for the same card is made, and is not this source's.
    source = {"source": {"type": "id", "id": instrument}}
    assert emulated.ask("POST", at, headers=key, json=source).status_code == 201


def restarted(emulated: Emulated, state: Path) -> Emulated:
    """A sandbox that starts with the state of another one, in which somebody wrote by hand."""
    tables = emulated.world.tables
    for vault, identifier in PROMISES:
        match vault:
            case "checkout":
                tables["checkout.instruments"][identifier] |= {"revoked": True, "number": "1"}
            case "stripe":
                tables["stripe.payment_methods"][identifier] |= {"consumed": True, "fixed": False}
            case _:
                tables["rocketpay.tokens"][identifier] |= {"status": "revoke", "year": 2025}
    save(emulated.world, state)
    world = World(hang_seconds=0.05)
    load(world, state)
    return Emulated(world)


def expected(vault: str, identifier: str, operation: str) -> tuple[str, str]:
    promise = PROMISES[vault, identifier]
    if promise == "waits for authentication" and operation == "card_mit":
        return "declined", "Authentication required"
    if "empty CVC" in promise and operation == "card_mit":
        # Which asks for none.
        return "approved", ""
    return MEANS[promise].get(vault) or MEANS[promise][""]


def shown(result: RunResult) -> tuple[str, str]:
    return result.outcome.value, result.reason or ""


@pytest.mark.costly
@pytest.mark.parametrize("operation", ["card_cit", "card_mit"])
def test_a_card_payment_ends_as_promised_and_sends_the_same(operation: str, tmp_path: Path) -> None:
    def use(emulated: Emulated, vault: str, identifier: str) -> Any:
        if vault == "rocketpay":
            return None
        before = len(emulated.world.received)
        result = shown(emulated.run(vault, "adyen", operation, identifier))
        return (*result, [one.body for one in emulated.world.received[before:]])

    for (vault, identifier), uses in three_times(use, tmp_path).items():
        if vault == "rocketpay":
            continue
        outcome, reason = expected(vault, identifier, operation)
        for got in uses:
            assert (got[0], reason in got[1]) == (outcome, True), (identifier, got[:2])
            # Whatever a vault filled in is the same, a CVC of Stripe's too.
            assert got[2] == uses[0][2], identifier


OTHERS = [
    ("stripe", "rokt", "share"),
    ("stripe", "token_vault", "tokenize"),
    ("checkout", "stripe", "payment"),
    ("checkout", "visa", "provision"),
    ("checkout", "rokt", "share"),
    ("checkout", "token_vault", "tokenize"),
    ("checkout", "adyen", "network_token_cit"),
    ("checkout", "adyen", "network_token_mit"),
]


@pytest.mark.costly
@pytest.mark.parametrize(("vault", "destination", "operation"), OTHERS)
def test_at_each_other_destination_three_uses_end_alike(
    vault: str, destination: str, operation: str, tmp_path: Path
) -> None:
    def use(emulated: Emulated, at: str, identifier: str) -> Any:
        if at != vault:
            return None
        result = emulated.run(vault, destination, operation, identifier)
        return (*shown(result), result.fell_back)

    seen = three_times(use, tmp_path)
    outcomes = set()
    for (at, identifier), uses in seen.items():
        assert uses == [uses[0]] * 3, identifier
        if at == vault:
            outcomes.add(uses[0][0])
    assert "approved" in outcomes
    assert len(outcomes) > 1


@pytest.mark.costly
@pytest.mark.parametrize(
    ("label", "fell_back"),
    [
        ("visa_network_token", False),
        ("mastercard_network_token", False),
        ("visa_suspended_token", True),
        ("visa_approved", True),
    ],
)
@pytest.mark.parametrize("operation", ["network_token_cit", "network_token_mit"])
def test_network_tokens(operation: str, label: str, fell_back: bool, tmp_path: Path) -> None:
    def use(emulated: Emulated, vault: str, identifier: str) -> Any:
        if identifier != fixed_id("src", label):
            return None
        result = emulated.run(vault, "adyen", operation, identifier)
        method = json.loads(emulated.world.received[-1].body)["paymentMethod"]
        return result.outcome.value, result.fell_back, method["type"], method["number"]

    uses = three_times(use, tmp_path)["checkout", fixed_id("src", label)]
    kind = "scheme" if fell_back else "networkToken"
    assert [one[:3] for one in uses] == [("approved", fell_back, kind)] * 3
    assert len({one[3] for one in uses}) == 1


@pytest.mark.costly
@pytest.mark.parametrize("operation", ["payout", "purchase", "hold", "verify"])
def test_a_token_of_rocketpay_pays_as_promised(operation: str, tmp_path: Path) -> None:
    number = 0

    def use(emulated: Emulated, vault: str, token: str) -> Any:
        nonlocal number
        if vault != "rocketpay":
            return None
        number += 1
        texts = {
            "customer_id": "customer_123",
            "ip_address": "198.51.100.47",
            "token": token,
            "payment_id": f"p-{number}",
        }
        if operation != "verify":
            texts |= {"amount": "1000", "currency": "EUR"}
        before = set(emulated.world.table("rocketpay.callbacks"))
        result = emulated.run("direct", "rocketpay", operation, None, **texts)
        told = [
            row["body"]["payment"]["status"]
            for key, row in emulated.world.table("rocketpay.callbacks").items()
            if key not in before
        ]
        return result.outcome.value, told

    for (vault, token), uses in three_times(use, tmp_path).items():
        if vault == "rocketpay":
            outcome, status = MEANS[PROMISES[vault, token]].get(vault, ("unknown", "decline"))
            if (operation, status) == ("hold", "success"):
                status = "awaiting capture"
            assert uses == [(outcome, [status])] * 3, PROMISES[vault, token]


@one_rule("name", methods.test_ids())
def test_stripes_own_test_ids_do_what_their_card_does(name: str) -> None:
    card = lookup(methods.test_number(name) or "")
    assert card is not None
    outcome = {
        Behaviour.APPROVE: "approved",
        Behaviour.REQUIRES_ACTION: "pending",
        Behaviour.PROCESSING_ERROR: "unknown",
    }.get(card.behaviour, "declined")
    emulated = Emulated(World())
    for _ in range(3):
        assert emulated.run("stripe", "adyen", "card_cit", name).outcome.value == outcome
    bodies = {one.body for one in emulated.world.received}
    assert len(bodies) == 1


def test_a_fixed_token_that_is_revoked_is_called_back_with_an_error() -> None:
    emulated = Emulated(World(hang_seconds=0.05))
    for vault, token in PROMISES:
        if vault == "rocketpay":
            texts = {"customer_id": "customer_123", "token": token}
            emulated.run("direct", "rocketpay", "revoke", None, **texts)
    told = [row["body"] for row in emulated.world.table("rocketpay.callbacks").values()]
    assert len(told) == sum(vault == "rocketpay" for vault, _ in PROMISES)
    assert {(one["request"]["status"], one["token_status"]) for one in told} == {
        ("error", "active")
    }


def test_what_reaches_adyen_and_what_it_answers_is_valid_by_its_contract(
    shared: Callable[[str], Path], tmp_path: Path
) -> None:
    document = json.loads(shared("contracts/adyen-checkout-v71-mini.json").read_text("utf-8"))
    judged = 0
    for vault in ("checkout", "stripe"):
        emulated = Emulated(World(hang_seconds=0.05))
        for operation in plan_of(vault, "adyen").operations:
            for at, identifier in PROMISES:
                if at == vault:
                    emulated.run(vault, "adyen", operation, identifier)
        for outbound, answer in emulated.exchanges:
            assert outbound.url == "https://checkout-test.adyen.com/v71/payments"
            asked = request_schema(document, "/payments")
            assert problems(asked, json.loads(outbound.body)) == []
            if answer.body != b'{"status":"':
                told = response_schema(document, "/payments", answer.status)
                assert problems(told, json.loads(answer.body)) == []
            judged += 1
    assert judged > 60
