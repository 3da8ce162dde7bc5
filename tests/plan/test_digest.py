"""The approval digest changes with everything that leaves, and with nothing else."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from forwardc.core.files.digest import file_digest
from forwardc.plan.digests import approval_digest
from forwardc.plan.model import load_plan

Json = dict[str, Any]


@pytest.fixture(scope="module")
def plan(root: Path) -> Json:
    data: Json = json.loads((root / "tests/runtime/plans/forward.json").read_text())
    return data


def digest(plan: Json, operation: str = "card") -> str:
    return approval_digest(load_plan(json.dumps(plan).encode()), operation)


def step(plan: Json) -> Json:
    found: Json = plan["operations"]["card"]["steps"][0]
    return found


def inner(plan: Json) -> Json:
    tree: Json = step(plan)["http"]["body"]["$json"]["destination_request"]["body"]["of"]
    return tree


def reversed_body(plan: Json) -> None:
    inner(plan)["$json"] = dict(reversed(inner(plan)["$json"].items()))


CHANGES: dict[str, Callable[[Json], Any]] = {
    "url": lambda plan: step(plan)["http"].update(url="https://x.example"),
    "method": lambda plan: step(plan)["http"].update(method="PUT"),
    "header": lambda plan: step(plan)["http"]["headers"].append(["X", "1"]),
    "query": lambda plan: step(plan)["http"].update(query=[["a", "b"]]),
    "body": lambda plan: inner(plan)["$json"].update(extra={"$": "params.order"}),
    "order of the body": reversed_body,
    "escaping": lambda plan: inner(plan).update(templated=False),
    "hosts": lambda plan: plan["hosts"]["vault"].append("x.example"),
    "type of a param": lambda plan: plan["params"]["order"].update(type="uri"),
    "not_card": lambda plan: plan["params"]["order"].update(not_card=True),
    "secret": lambda plan: plan["operations"]["card"].update(stored_secrets=[]),
    "key": lambda plan: plan["secrets"]["adyen_api_key"].update(as_key="base64url"),
    "owner of a secret": lambda plan: plan["secrets"]["adyen_api_key"].update(owner="vendor"),
    "source": lambda plan: plan["sources"]["src_"]["bind"].update(extra=True),
    "vault's keys": lambda plan: plan.update(keys={"jwks": "https://x.example"}),
    "destination": lambda plan: step(plan)["destination"].update(url="https://x.example"),
    "signature": lambda plan: step(plan).update(
        sign={"scheme": "rocketpay-gate", "secret": {"$": "secrets.a"}, "into": "/s"}
    ),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=list(CHANGES))
def test_what_leaves_changes_it(plan: Json, change: Callable[[Json], Any]) -> None:
    changed = copy.deepcopy(plan)
    change(changed)
    assert digest(changed) != digest(plan)


def test_what_stays_here_does_not(plan: Json) -> None:
    changed = copy.deepcopy(plan)
    step(changed)["timeouts"]["read_ms"] = 5
    changed["operations"]["card"]["notes"] = [{"code": "FC0612", "message": "x"}]
    changed["operations"]["twice"]["steps"][0]["http"]["url"] = "https://x.example"
    changed["params"] = dict(reversed(changed["params"].items()))
    assert digest(changed) == digest(plan)
    assert digest(plan) != digest(plan, "twice")
    del changed["operations"]["card_with_cvc"]["fallback"]["ask"]["tells"]
    assert digest(changed, "card_with_cvc") == digest(plan, "card_with_cvc")


def test_a_files_digest() -> None:
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert file_digest(b"") == f"sha256:{empty}"
