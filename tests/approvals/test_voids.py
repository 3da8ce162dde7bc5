"""Which edits of a destination void which approval, by compiling the edited YAML."""

from collections.abc import Callable

import pytest
import yaml

from forwardc.plan.approvals import Approvals, ApprovalState, states
from forwardc.plan.digests import leaving
from forwardc.plan.lock import Lock
from forwardc.plan.model import Plan
from lock_file import TODAY, approve

Edit = Callable[[str], str]
Compiled = Callable[[Edit, str], Plan]
KEPT, VOID = ApprovalState.APPROVED, ApprovalState.CHANGED


def swap(old: str, new: str) -> Edit:
    def edit(text: str) -> str:
        assert old in text
        return text.replace(old, new)

    return edit


def exchange(one: str, other: str) -> Edit:
    return lambda text: text.replace(one, "@").replace(other, one).replace("@", other)


def after(plan: Plan, edited: Plan) -> Approvals:
    """The states of `card_cit` in the edited plan, where the first one was approved."""
    ticket = "SUP-1" if plan.vault == "stripe" else None
    return states(edited, "card_cit", approve(Lock(), plan, ticket=ticket), TODAY)


def laid_out_anew(text: str) -> str:
    """The same data, written by another hand: in braces, other quotes, no anchor, no comment."""
    return yaml.safe_dump(yaml.safe_load(text), sort_keys=False, default_flow_style=True, width=60)


VOID_NEITHER: dict[str, Edit] = {
    "title": swap("title: Adyen Checkout, card payments", "title: Payments by card"),
    "title of an operation": swap("title: Card payment, the shopper is there", "title: CIT"),
    "documentation link": swap("docs: https://docs.adyen.com/", "docs: https://help.adyen.com/"),
    "comments": lambda text: "# reviewed\n" + text.replace("\n", " # note\n", 1),
    "layout": lambda text: text.replace("\n\n", "\n\n\n").replace(": {", ":   {"),
    "layout of everything": laid_out_anew,
    "description of a param": swap(
        "description: Amount in minor units of ISO 4217", "description: Cents"
    ),
    "description of a secret": swap("API key of the web service user", "Key of the API"),
    "example": swap("example: ORDER-1001", "example: ORDER-1002"),
    "another operation": swap("shopperInteraction: ContAuth", "shopperInteraction: Moto"),
}


@pytest.mark.parametrize("vault", ["checkout", "stripe"])
@pytest.mark.parametrize("edit", VOID_NEITHER.values(), ids=VOID_NEITHER)
def test_what_neither_leaves_nor_decides_voids_neither(
    edit: Edit, vault: str, compiled: Compiled, plans: dict[str, Plan]
) -> None:
    found = after(plans[vault], compiled(edit, vault))
    assert found == Approvals(KEPT, KEPT if vault == "stripe" else None)


def test_another_version_of_the_compiler_voids_neither(
    compiled: Compiled, plans: dict[str, Plan], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("forwardc.version.__version__", "99.0.0")
    assert after(plans["stripe"], compiled(str, "stripe")) == Approvals(KEPT, KEPT)


VOID_BOTH: dict[str, Edit] = {
    "one more header": swap("headers: {", 'headers: {X-Extra: "1", '),
    "name of a header": swap("{X-API-Key:", "{X-Api-Token:"),
    "path": swap("POST: /payments", "POST: /paymentMethods"),
    "place of a field": swap("cvc: ${card.cvc?}", "securityCode: ${card.cvc?}"),
    "two fields exchanged": exchange("${card.number}", "${card.holder_name?}"),
    "a field less": swap("              holderName: ${card.holder_name?}\n", ""),
    "a required field": swap("${card.cvc?}", "${card.cvc}"),
}
VOID_OWN: dict[str, Edit] = {
    "value of the body": swap("shopperInteraction: Ecommerce", "shopperInteraction: Moto"),
    "one more value": swap(
        "type: scheme\n", "type: scheme\n              storedPaymentMethodId: x\n"
    ),
    "order of the body": exchange("type: scheme", "number: ${card.number}"),
    "type of a param": swap(
        "reference: {type: string, min_length: 1, max_length: 80, example: ORDER-1001,",
        'reference: {type: uri, example: "https://shop.example/1001",',
    ),
    "range of a param": swap("max_length: 80, example: ORDER", "max_length: 40, example: ORDER"),
    "value of a header": swap("${secrets.adyen_api_key}", "Bearer ${secrets.adyen_api_key}"),
}


DECIDES: dict[str, Edit] = {
    "what a rule asks": swap("response.status >= 500", "response.status >= 502"),
    "what a rule says": swap("'Cancelled']}\", is: declined", "'Cancelled']}\", is: pending"),
    "a rule less": swap('            - {when: "${response.status >= 500}", is: unknown}\n', ""),
    "where an output is": swap("{at: /pspReference,", "{at: /reference,"),
    "that an output is masked": swap(
        "result_code: {at: /resultCode,", "result_code: {at: /resultCode, sensitive: true,"
    ),
    "that a param is masked": swap(
        "return_url:\n    type: uri\n", "return_url:\n    type: uri\n    sensitive: true\n"
    ),
    "that a param is no card": swap(
        "reference: {type: string, min", "reference: {type: string, not_card: true, min"
    ),
}


@pytest.mark.parametrize("vault", ["checkout", "stripe"])
@pytest.mark.parametrize("edit", DECIDES.values(), ids=DECIDES)
def test_what_decides_voids_the_own_approval(
    edit: Edit, vault: str, compiled: Compiled, plans: dict[str, Plan]
) -> None:
    found = after(plans[vault], compiled(edit, vault))
    assert found == Approvals(VOID, KEPT if vault == "stripe" else None)


def test_how_often_something_may_be_sent_is_part_of_it(
    compiled: Compiled, plans: dict[str, Plan]
) -> None:
    """The header still leaves: what changes is only that a lost answer is asked for again."""
    header = 'X-API-Key: "${secrets.adyen_api_key}"'
    own = swap(header, f'{header}, Idempotency-Key: "${{run.idempotency_key}}"')
    once = swap("        idempotent: {header: Idempotency-Key}\n", "")
    before = compiled(own, "checkout")
    after_ = compiled(lambda text: once(own(text)), "checkout")
    assert leaving(before, "card_cit") == leaving(after_, "card_cit")
    assert after(before, after_).own is VOID


@pytest.mark.parametrize("edit", VOID_BOTH.values(), ids=VOID_BOTH)
def test_what_a_reviewer_sees_voids_both_at_stripe_and_the_own_at_checkout(
    edit: Edit, compiled: Compiled, plans: dict[str, Plan]
) -> None:
    assert after(plans["stripe"], compiled(edit, "stripe")) == Approvals(VOID, VOID)
    assert after(plans["checkout"], compiled(edit, "checkout")) == Approvals(VOID, None)


@pytest.mark.parametrize("edit", VOID_OWN.values(), ids=VOID_OWN)
def test_what_only_leaves_voids_the_own_approval(
    edit: Edit, compiled: Compiled, plans: dict[str, Plan]
) -> None:
    assert after(plans["stripe"], compiled(edit, "stripe")) == Approvals(VOID, KEPT)
    assert after(plans["checkout"], compiled(edit, "checkout")) == Approvals(VOID, None)


def test_a_setting_of_the_url_voids_both(compiled: Compiled, plans: dict[str, Plan]) -> None:
    edited = compiled(swap("/checkout/v71", "/checkout/v70"), "stripe")
    assert after(plans["stripe"], edited) == Approvals(VOID, VOID)
