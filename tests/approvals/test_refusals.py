"""What a refusal says: which approval, where the file is wrong, and the command that helps."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from forwardc.compile.review.approve import lock_bytes
from forwardc.core.diagnostics.diagnostic import Diagnostic
from forwardc.core.diagnostics.sink import Sink
from forwardc.plan.approvals import ApprovalState, approval_key, refuse_unapproved
from forwardc.plan.lock import Lock, lock_of
from forwardc.plan.model import Plan
from lock_file import TODAY, approve


def found_in(lock: Lock, plan: Plan) -> list[Diagnostic]:
    sink = Sink()
    refuse_unapproved(plan, "card_cit", lock, TODAY, sink)
    return sink.sorted()


def test_the_command_that_helps_is_told_for_each_approval(plans: dict[str, Plan]) -> None:
    psp, own = found_in(Lock(), plans["stripe"])
    start = "after a review: `forwardc approve stripe adyen.card_cit --env production"
    assert psp.hint == f"{start} --psp-ticket TICKET --by NAME`"
    assert own.hint == f"{start} --by NAME`"


def test_the_account_is_part_of_the_place_and_of_the_command(plans: dict[str, Plan]) -> None:
    plan = replace(plans["checkout"], account="us")
    assert approval_key(plan, "card_cit") == "checkout/adyen/card_cit/production@us"
    (own,) = found_in(Lock(), plan)
    assert own.hint is not None
    assert "--env production --account us --by NAME" in own.hint


def test_an_approval_of_an_account_is_read_again_and_is_of_that_account(
    plans: dict[str, Plan],
) -> None:
    plan = replace(plans["checkout"], account="us")
    sink = Sink()
    lock = lock_of(lock_bytes(approve(Lock(), plan)), sink)
    assert lock is not None, sink.sorted()
    assert found_in(lock, plan) == []
    assert len(found_in(lock, plans["checkout"])) == 1
    data = json.loads(lock_bytes(lock))
    data["own"] = {key.removesuffix("@us"): one for key, one in data["own"].items()}
    assert lock_of(json.dumps(data).encode(), sink) is None


def moved(data: dict[str, Any]) -> None:
    data["own"]["a"] = data["own"].popitem()[1]


def undated(data: dict[str, Any]) -> None:
    next(iter(data["own"].values()))["date"] = "hush-hush"


def unnamed(data: dict[str, Any]) -> None:
    next(iter(data["own"].values())).pop("by")


@pytest.mark.parametrize(("damage", "where"), [(undated, "/date"), (unnamed, "/by"), (moved, "/")])
def test_a_damaged_file_is_told_by_its_place_and_never_by_its_text(
    damage: Callable[[dict[str, Any]], None], where: str, plans: dict[str, Plan]
) -> None:
    data = json.loads(lock_bytes(approve(Lock(), plans["checkout"], ["card_cit"])))
    damage(data)
    sink = Sink()
    assert lock_of(json.dumps(data).encode(), sink) is None
    (found,) = sink.sorted()
    assert found.code == "FC0705"
    assert f"is damaged at /own/checkout/adyen/card_cit/production{where}" in found.message or (
        "is damaged at /own/a" in found.message
    )
    assert "hush" not in found.message
    assert found.hint is not None


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("[]", "FC0705"),
        ('{"forwardc": true}', "FC0705"),
        ('{"forwardc": "2"}', "FC0705"),
        ("{}", "FC0705"),
        ('{"forwardc": 2, "forwardc": 2}', "FC0705"),
        ('{"forwardc": 1}', "FC0710"),
        ('{"forwardc": 3}', "FC0703"),
        ('{"forwardc": 0}', "FC0703"),
    ],
)
def test_a_version_is_a_number_and_there_once(text: str, code: str) -> None:
    sink = Sink()
    assert lock_of(text.encode(), sink) is None
    assert [one.code for one in sink.sorted()] == [code]


def test_the_words_of_a_state_are_those_that_scripts_read() -> None:
    words = {"approved", "changed", "expired", "never"}
    assert words <= {str(state) for state in ApprovalState}
