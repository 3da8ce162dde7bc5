"""Who agreed: for one account and environment, on a day, shown by an approval, before a run."""

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from arranged import ACCOUNTS, GRANT, NOW, TODAY, VENDOR, built, handed, project
from emulated import Emulated
from forwardc.compile.review.approve import ApprovalAct, with_approvals
from forwardc.core.diagnostics.sink import Sink
from forwardc.plan.approvals import ApprovalState, refuse_unapproved, states
from forwardc.plan.digests import approval_digest, review_surface
from forwardc.plan.lock import Lock
from forwardc.plan.model import load_plan
from forwardc.sandbox.serve import opening
from forwardc.sandbox.world import World

ENDS = "{ticket: STRIPE-1, date: 2026-01-05, by: support, expires: 2026-12-31}"


def refused(folder: Path, place: str) -> list[str]:
    found = built(folder).reasons("stripe", place)
    return [line.split()[1] for line in found if line.startswith("refused")]


def test_without_a_grant_nothing_of_production_is_built(tmp_path: Path) -> None:
    made = built(project(tmp_path))
    assert "stripe/vendor/production.plan.json" not in made.files
    assert "stripe/vendor/sandbox.plan.json" in made.files
    assert refused(tmp_path, "production") == ["FC0625"]


def test_a_grant_of_the_sandbox_is_none_of_production(tmp_path: Path) -> None:
    assert refused(project(tmp_path, grants={"sandbox": GRANT}), "production") == ["FC0625"]
    assert refused(project(tmp_path, grants={"production": GRANT}), "production") == []


@pytest.mark.parametrize(
    ("place", "more"),
    [
        (
            "production@us",
            "    accounts: {us: {vaults: {stripe: {account: acct_1QzTk3mWv7RbXn2U}}}}\n",
        ),
        ("eu", "  eu: {class: production, like: production}\n"),
    ],
)
def test_a_grant_is_not_inherited(place: str, more: str, tmp_path: Path) -> None:
    text = f"""forwardc: 1
merchant: {{name: Shop}}
environments:
  sandbox: {{vaults: {{stripe: {{account: {ACCOUNTS["sandbox"]}}}}}}}
  production:
    vaults:
      stripe:
        account: {ACCOUNTS["production"]}
        arrangements: {{vendor.expiry: {GRANT}}}
{more}"""
    (project(tmp_path) / "forwardc.yaml").write_text(text, encoding="utf-8")
    assert refused(tmp_path, "production") == []
    assert refused(tmp_path, place) == ["FC0625"]
    account = ", by: ..., url: https://pay.vendor.example/pay"
    (why,) = [line for line in built(tmp_path).reasons("stripe", place) if "FC0625" in line]
    where = "accounts: {us: {vaults:" if "@" in place else "environments: {eu: {vaults:"
    assert where in why
    assert account in why
    page = built(tmp_path).files["coverage.md"].decode()
    # Both are said: what is built for one account, and that the other has nothing.
    assert "refused; by arrangement (STRIPE-" in page
    assert ") in production |" in page


def test_the_lines_that_a_refusal_shows_record_the_grant(tmp_path: Path) -> None:
    project(tmp_path)
    (why,) = [line for line in built(tmp_path).reasons("stripe", "production") if "FC0625" in line]
    lines = why.partition("record the ticket: ")[2]
    filled = lines.replace("ticket: ...", "ticket: T-1").replace("YYYY-MM-DD", "2026-11-12")
    filled = filled.replace("by: ...", "by: support")
    grant = filled.partition("vendor.expiry: ")[2].partition("}")[0] + "}"
    assert refused(project(tmp_path, grants={"production": grant}), "production") == []


@pytest.mark.parametrize(
    ("grant", "today", "found"),
    [
        (ENDS, date(2026, 10, 1), []),
        (ENDS, date(2026, 10, 31), []),
        (ENDS, date(2026, 11, 1), ["warning FC0359"]),
        (ENDS, date(2026, 12, 31), ["warning FC0359"]),
        (ENDS, date(2027, 1, 1), ["error FC0359"]),
        (ENDS, date(2026, 1, 5), []),
        (ENDS, date(2026, 1, 4), ["error FC0359"]),
        (ENDS, None, []),
    ],
)
def test_the_day_decides_in_check(
    grant: str, today: date | None, found: list[str], tmp_path: Path
) -> None:
    made = built(project(tmp_path, grants={"production": grant}), today)
    assert [" ".join(line.split()[:2]) for line in made.found] == found


def test_the_day_changes_no_byte(tmp_path: Path) -> None:
    project(tmp_path, grants={"production": ENDS})
    days = (date(2026, 10, 1), date(2026, 12, 31), None)
    first, *others = (built(tmp_path, day).files for day in days)
    assert first
    assert all(other == first for other in others)


def test_a_new_ticket_needs_a_new_approval(tmp_path: Path) -> None:
    plan = built(project(tmp_path, grants={"production": GRANT})).plan(
        "stripe", "vendor", "production"
    )
    (shown,) = review_surface(plan, "pay") or []
    assert shown["arrangements"] == [
        {"id": "vendor.expiry", "ticket": "STRIPE-0001234", "date": "2026-11-12"}
    ]
    act = ApprovalAct(by="Ada", date=TODAY, ticket="STRIPE-9")
    lock = with_approvals(Lock(), plan, ["pay"], act, Sink())
    assert lock is not None
    assert states(plan, "pay", lock, TODAY).are_complete
    for other in (GRANT.replace("1234", "1235"), GRANT.replace("11-12", "11-13"), ENDS):
        changed = built(project(tmp_path, grants={"production": other}))
        later = changed.plan("stripe", "vendor", "production")
        assert approval_digest(later, "pay") != approval_digest(plan, "pay")
        found = states(later, "pay", lock, TODAY)
        assert (found.own, found.psp) == (ApprovalState.CHANGED, ApprovalState.CHANGED)


def test_what_has_ended_does_not_leave(tmp_path: Path) -> None:
    plan = built(project(tmp_path, grants={"production": ENDS})).plan(
        "stripe", "vendor", "production"
    )
    lock = with_approvals(
        Lock(), plan, ["pay"], ApprovalAct(by="Ada", date=TODAY, ticket="S-9"), Sink()
    )
    assert lock is not None
    for day, code in ((date(2026, 12, 31), None), (date(2027, 1, 1), "FC0856")):
        for emulated in (False, True):
            sink = Sink()
            assert refuse_unapproved(plan, "pay", lock, day, sink, emulated=emulated) == bool(code)
            assert [one.code for one in sink.sorted()] == ([code] if code else [])


def test_what_nobody_agreed_to_runs_on_this_machine_only(tmp_path: Path) -> None:
    made = built(project(tmp_path))
    plan = made.plan("stripe", "vendor", "sandbox")
    sink = Sink()
    assert refuse_unapproved(plan, "pay", Lock(), TODAY, sink)
    assert [one.code for one in sink.sorted()] == ["FC0857"]
    assert not refuse_unapproved(plan, "pay", Lock(), TODAY, Sink(), emulated=True)
    agreed = built(project(tmp_path, grants={"sandbox": GRANT})).plan("stripe", "vendor", "sandbox")
    assert not refuse_unapproved(agreed, "pay", Lock(), TODAY, Sink())


@pytest.mark.parametrize("other", ["PATCH", "POST"])
def test_another_method_than_agreed_is_unknown(other: str, tmp_path: Path) -> None:
    text = VENDOR.replace("POST: /pay", "PUT: /pay").replace(
        "steps: [pay.exec],", "steps: [pay.exec], method: PUT,"
    )
    data = json.loads(built(project(tmp_path, text)).files["stripe/vendor/sandbox.plan.json"])
    read = data["operations"]["pay"]["steps"][0]["read"]
    assert read["method"] == {"at": "/request_details/http_method", "is": "PUT"}
    own = load_plan(json.dumps(data).encode())
    read["method"]["is"] = other
    changed = load_plan(json.dumps(data).encode())
    emulated = Emulated(World(now=lambda: NOW, project=handed([own])))
    assert (
        emulated.run("stripe", "vendor", "pay", "pm_sandbox_visa", plan=own).outcome == "approved"
    )
    result = emulated.run("stripe", "vendor", "pay", "pm_sandbox_visa", plan=changed)
    assert (result.outcome, result.rejected_by) == ("unknown", None)
    assert result.reason is not None
    assert f"the agreed {other}" in result.reason


def test_a_sandbox_that_was_handed_nothing_refuses(tmp_path: Path) -> None:
    text = VENDOR.replace("POST: /pay", "PUT: /pay").replace(
        "steps: [pay.exec],", "steps: [pay.exec], method: PUT,"
    )
    plan = built(project(tmp_path, text)).plan("stripe", "vendor", "sandbox")
    whole = handed([plan])
    bare = replace(whole, requests=tuple(replace(one, arranged={}) for one in whole.requests))
    emulated = Emulated(World(now=lambda: NOW, project=bare))
    result = emulated.run("stripe", "vendor", "pay", "pm_sandbox_visa", plan=plan)
    assert (result.outcome, emulated.exchanges) == ("rejected", [])


def test_a_form_that_was_not_handed_over_stays_blank(tmp_path: Path) -> None:
    plan = built(project(tmp_path)).plan("stripe", "vendor", "sandbox")
    whole = handed([plan])
    bare = replace(whole, requests=tuple(replace(one, arranged={}) for one in whole.requests))
    emulated = Emulated(World(now=lambda: NOW, project=bare))
    emulated.run("stripe", "vendor", "pay", "pm_sandbox_visa", plan=plan)
    assert emulated.exchanges[-1][0].body == b'{"number":"4242424242424242","expire":""}'


def test_the_first_line_of_a_sandbox_says_what_is_played(tmp_path: Path) -> None:
    played = handed(built(project(tmp_path)).plans())
    first, *_ = opening(World(project=played), "http://127.0.0.1:1")
    assert first == "as if agreed: vendor.expiry; sandbox on http://127.0.0.1:1"
    agreed = handed(built(project(tmp_path, grants=dict.fromkeys(ACCOUNTS, GRANT))).plans())
    first, *_ = opening(World(project=agreed), "http://127.0.0.1:1")
    assert first == "sandbox on http://127.0.0.1:1"
