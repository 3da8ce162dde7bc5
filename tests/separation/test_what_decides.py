"""The rule itself: what decides, and that both readers of a plan come to one end."""

import datetime
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from forwardc.core.diagnostics.sink import Sink
from forwardc.core.documents.reading import read_part
from forwardc.core.terms.terms import Lit, Ref, Term, Text
from forwardc.plan.approvals import Approvals, ApprovalState, shortfalls, takes_any_shape
from forwardc.plan.build_folder import read_plans
from forwardc.plan.environment import EnvironmentClass
from forwardc.plan.lock import Lock
from forwardc.plan.model import Hosts, Plan
from forwardc.plan.separation import (
    Side,
    live_hosts,
    needs_approval,
    of_document,
    of_plan,
    separation,
    shipped,
    why_needed,
)
from lock_file import TODAY, approve

ROOT = Path(__file__).resolve().parents[2]
LIVE = live_hosts(["api.live.example", "other.live.example"])
VAULT = Side(("vault.test.example",), {"api_key": True})


def plans() -> list[Plan]:
    sink = Sink()
    found = list(read_plans(ROOT / "build", sink))
    assert not sink.has_errors
    return found


def ticket_of(plan: Plan) -> str | None:
    reviewed = plan.vault == "stripe" and plan.environment_class == "production"
    return "SUP-1" if reviewed else None


def document(plan: Plan) -> dict[str, Any]:
    path = ROOT / "build" / plan.vault / plan.destination / f"{plan.place}.plan.json"
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


@pytest.mark.parametrize(
    ("hosts", "shaped", "why", "by_credential"),
    [
        ((), {}, None, False),
        (("api.test.example",), {}, None, False),
        (("api.test.example",), {"key": False}, None, False),
        (("api.live.example",), {"key": True}, None, True),
        (("api.live.example",), {"key": True, "other": True}, None, True),
        (
            ("api.live.example",),
            {"key": True, "bare": False},
            "api.live.example serves live accounts, too, and bare has no shape",
            False,
        ),
        (
            ("api.test.example", "api.live.example"),
            {"b": False, "a": False},
            "api.live.example serves live accounts, too, and a has no shape",
            False,
        ),
        (
            ("api.live.example",),
            {},
            "api.live.example serves live accounts, too, and is sent no credential",
            False,
        ),
    ],
    ids=["none", "test", "test-bare", "shaped", "two", "one-bare", "first-of-each", "no-secret"],
)
def test_the_side_of_a_destination(
    hosts: tuple[str, ...], shaped: dict[str, bool], why: str | None, by_credential: bool
) -> None:
    found = separation("sandbox", (VAULT, Side(hosts, shaped)), LIVE)
    assert (found.why, found.by_credential) == (why, by_credential)
    assert separation("production", (VAULT, Side(hosts, shaped)), LIVE).why == "it is production"


def test_a_live_vault_is_enough_whatever_the_destination_is() -> None:
    vault = Side(("other.live.example",), {"api_key": False})
    why = separation("sandbox", (vault, Side(("api.test.example",), {"k": True})), LIVE).why
    assert why == "other.live.example serves live accounts, too, and api_key has no shape"
    shaped = Side(("other.live.example",), {"api_key": True})
    assert separation("sandbox", (shaped, Side(("api.test.example",), {})), LIVE).why is None


def of_class(plan: Plan, class_: EnvironmentClass) -> Plan:
    """The plan in an environment whose name says nothing of its class."""
    return replace(plan, environment="shop", declared_class=class_)


@pytest.mark.parametrize("class_", ["sandbox", "production"])
def test_what_is_written_is_what_a_reader_computes(class_: EnvironmentClass) -> None:
    found = set()
    for plan in plans():
        own = live_hosts([*plan.hosts.vault, *plan.hosts.destination])
        for live in (shipped(), own, live_hosts(plan.hosts.vault), live_hosts(())):
            written = of_document(document(plan), class_, live)
            read = of_plan(of_class(plan, class_), live)
            assert written == read, plan.destination
            found.add((written.why is None, written.by_credential))
    assert len(found) == (1 if class_ == "production" else 3)


def _without_shapes(plan: Any) -> None:
    for one in (*plan["credentials"].values(), *plan["secrets"].values()):
        one.pop("shape", None)


def _without_other_ways(plan: Any) -> None:
    for one in plan["credentials"].values():
        one.pop("or", None)


def _bare(plan: Any) -> None:
    _without_other_ways(plan)
    _without_shapes(plan)


def _without_credentials(plan: Any) -> None:
    for one in plan["operations"].values():
        one["credentials"] = []


def _undeclared(plan: Any) -> None:
    plan["credentials"] = {}


def _tokens_from_live(plan: Any) -> None:
    for one in plan["credentials"].values():
        if "or" in one:
            one["or"]["oauth"]["token_url"] = "https://access.checkout.com/connect/token"


@pytest.mark.parametrize(
    "change",
    [
        *(_without_shapes, _without_other_ways, _bare),
        *(_without_credentials, _undeclared, _tokens_from_live),
    ],
    ids=lambda change: change.__name__.strip("_"),
)
def test_a_changed_plan_is_judged_alike_by_both(change: Callable[[Any], None]) -> None:
    for plan in plans():
        changed = document(plan)
        change(changed)
        read = read_part(Plan, changed)
        own = live_hosts([*read.hosts.vault, *read.hosts.destination])
        for live in (shipped(), own, live_hosts(read.hosts.vault)):
            written = of_document(changed, "sandbox", live)
            assert written == of_plan(of_class(read, "sandbox"), live)


def test_what_a_plan_says_of_itself_does_not_make_it_safe() -> None:
    plan = next(one for one in plans() if one.destination == "adyen" and not one.needs_approval)
    live = Hosts(vault=plan.hosts.vault, destination=("api.adyen-checkout-live.adyenpayments.com",))
    assert needs_approval(replace(plan, hosts=live))
    assert not needs_approval(plan)


@pytest.mark.parametrize(
    "parts",
    [
        (Lit("https://api.live.example/v1"),),
        (Lit("https://api.live.example/v1/"), Ref("params.id")),
        (Lit("https://api.live.example/"), Ref("params.id"), Lit("/pay")),
    ],
)
def test_the_host_of_a_call_counts_whatever_the_list_of_hosts_says(parts: tuple[Term, ...]) -> None:
    plan = next(one for one in plans() if one.vault == "direct")
    name, operation = next(iter(plan.operations.items()))
    url = parts[0] if len(parts) == 1 else Text(parts)
    first = operation.steps[0]
    called = replace(first, destination=replace(first.destination, url=url))
    steps = replace(operation, steps=(called, *operation.steps[1:]))
    changed = replace(plan, operations={name: steps}, hosts=Hosts(vault=(), destination=()))
    assert "api.live.example" in str(of_plan(changed, LIVE).why)


def test_a_reason_is_said_for_whatever_a_plan_says_of_itself() -> None:
    plan = next(one for one in plans() if not one.needs_approval)
    assert why_needed(replace(plan, needs_approval=True)) == "nothing tells its sandbox from live"


@pytest.mark.parametrize(
    ("own", "psp", "hold"),
    [
        (ApprovalState.APPROVED, None, True),
        (ApprovalState.APPROVED, ApprovalState.APPROVED, True),
        (ApprovalState.APPROVED, ApprovalState.EXPIRED, False),
        (ApprovalState.APPROVED, ApprovalState.NEVER, False),
        (ApprovalState.REVOKED, ApprovalState.APPROVED, False),
        (ApprovalState.CHANGED, None, False),
    ],
)
def test_nothing_is_missing_only_where_both_are_there(
    own: ApprovalState, psp: ApprovalState | None, hold: bool
) -> None:
    assert Approvals(own, psp).are_complete is hold


def test_another_shape_is_for_an_approved_sandbox_that_has_shapes() -> None:
    tomorrow = TODAY + datetime.timedelta(days=1)
    seen = set()
    for plan in plans():
        lock = approve(Lock(), plan, ticket=ticket_of(plan))
        shaped = any(one.shape for one in (*plan.credentials.values(), *plan.secrets.values()))
        for name in plan.operations:
            taken = takes_any_shape(plan, name, lock, tomorrow)
            assert taken is (plan.environment_class == "sandbox" and shaped)
            assert not takes_any_shape(plan, name, Lock(), tomorrow)
            seen.add((plan.environment_class, shaped, taken))
    assert {one[:2] for one in seen} >= {
        ("sandbox", True),
        ("sandbox", False),
        ("production", True),
    }


def test_each_side_says_for_itself_why_it_does_not_hold() -> None:
    plan = next(one for one in plans() if one.vault == "stripe" and one.needs_approval)
    name = next(iter(plan.operations))
    assert set(shortfalls(plan, name, Lock(), TODAY)) == {"own", "psp"}
    assert set(shortfalls(plan, name, approve(Lock(), plan), TODAY)) == {"psp"}
    assert shortfalls(plan, name, approve(Lock(), plan, ticket="SUP-1"), TODAY) == {}
