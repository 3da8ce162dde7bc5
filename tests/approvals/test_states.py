"""What production may run: states of records, the days they hold, and why a run is refused."""

import datetime
from collections.abc import Callable
from dataclasses import replace

import pytest

from forwardc.compile.review.approve import ApprovalAct, with_approvals
from forwardc.core.diagnostics.sink import Sink
from forwardc.core.terms.terms import Lit
from forwardc.plan.approvals import Approvals, ApprovalState, refuse_unapproved, states
from forwardc.plan.lock import Lock
from forwardc.plan.model import Hosts, Plan
from lock_file import TODAY, approve

Edit = Callable[[str], str]
Compiled = Callable[[Edit, str], Plan]
DAY = datetime.timedelta(days=1)


def refusals(
    plan: Plan, lock: Lock, operation: str = "card_cit", today: datetime.date = TODAY
) -> list[str]:
    sink = Sink()
    refused = refuse_unapproved(plan, operation, lock, today, sink)
    found = [f"{one.code} {one.message}" for one in sink.sorted()]
    assert refused == bool(found)
    return found


def test_without_a_record_nothing_runs(plans: dict[str, Plan]) -> None:
    assert refusals(plans["checkout"], Lock()) == [
        "FC0814 checkout/adyen.card_cit: the own approval was never given"
    ]
    assert refusals(plans["stripe"], Lock()) == [
        "FC0814 stripe/adyen.card_cit: the PSP's approval was never given",
        "FC0814 stripe/adyen.card_cit: the own approval was never given",
    ]


def test_the_own_approval_suffices_where_the_vault_reviews_nothing(plans: dict[str, Plan]) -> None:
    lock = approve(Lock(), plans["checkout"])
    assert states(plans["checkout"], "card_cit", lock, TODAY) == Approvals(
        ApprovalState.APPROVED, None
    )
    assert refusals(plans["checkout"], lock) == []


def test_stripe_needs_the_approval_of_its_reviewers_too(plans: dict[str, Plan]) -> None:
    own = approve(Lock(), plans["stripe"])
    assert states(plans["stripe"], "card_cit", own, TODAY) == Approvals(
        ApprovalState.APPROVED, ApprovalState.NEVER
    )
    assert refusals(plans["stripe"], own) == [
        "FC0814 stripe/adyen.card_cit: the PSP's approval was never given"
    ]
    assert refusals(plans["stripe"], approve(own, plans["stripe"], ticket="SUP-1")) == []


def test_an_approval_without_a_ticket_keeps_that_of_the_psp(plans: dict[str, Plan]) -> None:
    both = approve(Lock(), plans["stripe"], ticket="SUP-1")
    again = approve(both, plans["stripe"])
    assert again.psp == both.psp


def test_an_approval_of_one_operation_is_none_of_another(plans: dict[str, Plan]) -> None:
    lock = approve(Lock(), plans["checkout"], ["card_cit"])
    assert states(plans["checkout"], "card_mit", lock, TODAY).own is ApprovalState.NEVER


def test_an_approval_of_one_vault_is_none_at_another(plans: dict[str, Plan]) -> None:
    lock = approve(Lock(), plans["checkout"])
    assert states(plans["stripe"], "card_cit", lock, TODAY).own is ApprovalState.NEVER


def test_an_approval_holds_on_its_last_day_and_not_after(plans: dict[str, Plan]) -> None:
    lock = approve(Lock(), plans["stripe"], expires=TODAY + DAY, ticket="SUP-1")
    assert refusals(plans["stripe"], lock, today=TODAY + DAY) == []
    assert refusals(plans["stripe"], lock, today=TODAY + 2 * DAY) == [
        "FC0814 stripe/adyen.card_cit: the PSP's approval of 2026-11-20 ended on 2026-11-21",
        "FC0814 stripe/adyen.card_cit: the own approval of 2026-11-20 ended on 2026-11-21",
    ]


def test_the_fallback_must_be_approved_too(plans: dict[str, Plan]) -> None:
    lock = approve(Lock(), plans["checkout"], ["network_token_cit"])
    assert refusals(plans["checkout"], lock, "network_token_cit") == [
        "FC0814 checkout/adyen.card_cit: the own approval was never given"
    ]
    lock = approve(lock, plans["checkout"], ["card_cit"])
    assert refusals(plans["checkout"], lock, "network_token_cit") == []


def test_a_record_under_another_name_approves_nothing(plans: dict[str, Plan]) -> None:
    lock = approve(Lock(), plans["checkout"], ["card_cit"])
    record = lock.own["checkout/adyen/card_cit/production"]
    moved = replace(lock, own={"checkout/adyen/card_mit/production": record})
    assert states(plans["checkout"], "card_mit", moved, TODAY).own is ApprovalState.CHANGED


def test_what_changed_is_named_by_place_and_never_by_value(
    compiled: Compiled, plans: dict[str, Plan]
) -> None:
    lock = approve(Lock(), plans["stripe"], ticket="SUP-1")
    changed = compiled(lambda text: text.replace("Ecommerce", "SECRETVALUE"), "stripe")
    body = "/steps/0/http/body/$form/request/body/of/$json"
    (found,) = refusals(changed, lock)
    assert found == (
        "FC0814 stripe/adyen.card_cit: the own approval of 2026-11-20 covers something else: "
        f"what leaves: changed {body}/shopperInteraction (pay)"
    )


def test_a_new_header_is_named(compiled: Compiled, plans: dict[str, Plan]) -> None:
    lock = approve(Lock(), plans["stripe"], ticket="SUP-1")
    changed = compiled(
        lambda text: text.replace("headers: {", 'headers: {X-Extra: "1", '), "stripe"
    )
    psp, own = refusals(changed, lock)
    assert psp.endswith("covers something else: added /0/headers/3 (X-Extra)")
    assert "added /steps/0/http/body/$form/request/headers/0 (X-Extra)" in own


def test_the_sandbox_needs_no_approval(plans: dict[str, Plan]) -> None:
    hosts = Hosts(vault=("api.stripe.com",), destination=("checkout-test.adyen.com",))
    away = {"environment": "sandbox", "needs_approval": False, "hosts": hosts}
    steps = plans["stripe"].operations["card_cit"].steps
    called = replace(steps[0].destination, url=Lit("https://checkout-test.adyen.com"))
    one = replace(
        plans["stripe"].operations["card_cit"], steps=(replace(steps[0], destination=called),)
    )
    sandbox = replace(plans["stripe"], **away, operations={"card_cit": one})
    assert refusals(sandbox, Lock()) == []


def test_a_plan_that_only_calls_itself_sandbox_needs_one(plans: dict[str, Plan]) -> None:
    label = {"environment": "sandbox", "needs_approval": False}
    (found,) = refusals(replace(plans["stripe"], **label), Lock())
    assert "adyenpayments.com serves live accounts, too, and adyen_api_key has no shape" in found


def stand_in(text: str) -> str:
    return text.replace("idempotent:", "stand_in: true\n        idempotent:")


def test_a_stand_in_is_neither_approved_nor_run(compiled: Compiled) -> None:
    plan = compiled(stand_in, "checkout")
    sink = Sink()
    assert with_approvals(Lock(), plan, ["card_cit"], ApprovalAct("Ada", TODAY), sink) is None
    assert [one.code for one in sink.sorted()] == ["FC0815"]
    assert [found[:6] for found in refusals(plan, Lock())] == ["FC0815"]


def test_one_stand_in_among_others_approves_none_of_them(compiled: Compiled) -> None:
    plan = compiled(
        lambda text: text.replace("idempotent:", "stand_in: true\n        idempotent:", 1),
        "checkout",
    )
    sink = Sink()
    assert (
        with_approvals(Lock(), plan, sorted(plan.operations), ApprovalAct("Ada", TODAY), sink)
        is None
    )
    assert [one.message for one in sink.sorted()] == [
        "adyen.card_cit holds names that stand in for the partner's own"
    ]


ACT = ApprovalAct("Ada Moreau", TODAY, ticket="SUP-1")


@pytest.mark.parametrize(
    ("act", "vault", "message"),
    [
        (replace(ACT, expires=TODAY - DAY), "stripe", "the day of --expires is past"),
        (replace(ACT, by=" "), "stripe", "--by must be one line of printable text"),
        (replace(ACT, by="a\nb"), "stripe", "--by must be one line of printable text"),
        (replace(ACT, by="a\u202eb"), "stripe", "--by must be one line of printable text"),
        (replace(ACT, by="a" * 201), "stripe", "--by has more than 200 characters"),
        (
            replace(ACT, ticket="4111 1111 1111 1111"),
            "stripe",
            "--psp-ticket looks like a credential or a card number",
        ),
        (
            ACT,
            "checkout",
            "checkout reviews nothing of adyen: there is no PSP's approval",
        ),
    ],
)
def test_an_act_that_cannot_be_meant_is_refused(
    act: ApprovalAct, vault: str, message: str, plans: dict[str, Plan]
) -> None:
    sink = Sink()
    assert with_approvals(Lock(), plans[vault], ["card_cit"], act, sink) is None
    assert [(one.code, one.message) for one in sink.sorted()] == [("FC0706", message)]


def test_the_sandbox_cannot_be_approved(plans: dict[str, Plan]) -> None:
    sandbox = replace(plans["stripe"], environment="sandbox")
    sink = Sink()
    assert with_approvals(Lock(), sandbox, ["card_cit"], ACT, sink) is None
    assert [one.code for one in sink.sorted()] == ["FC0706"]
