"""What an approval of the behaviour covers: each member, by its name and in its order.

A name or an order that changes gives other digests, so that every approval that people gave is
void: `behaviour/` holds a plan with all that decides, and what is covered of each operation.
"""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from forwardc.plan.digests import behaviour, behaviour_digest
from forwardc.plan.model import Plan, load_plan

FOLDER = Path(__file__).with_name("behaviour")
NOTHING = object()


def plan_with(pointer: str = "", value: Any = NOTHING) -> Plan:
    """The plan of the folder, perhaps with another value at a pointer, or without what is there."""
    data = json.loads((FOLDER / "plan.json").read_text(encoding="utf-8"))
    *way, last = pointer.split("/")[1:] or [""]
    there = data
    for key in way:
        there = there[int(key) if isinstance(there, list) else key]
    at: Any = int(last) if isinstance(there, list) else last
    if value is not NOTHING:
        assert not isinstance(there, dict) or there.get(at, NOTHING) != value
        there[at] = value
    elif pointer:
        del there[at]
    return load_plan(json.dumps(data).encode())


def text(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


@pytest.mark.parametrize("operation", ["pay", "bare"])
def test_what_decides_is_covered_by_these_names_in_this_order(operation: str) -> None:
    covered = json.loads((FOLDER / f"{operation}.json").read_text(encoding="utf-8"))
    plan = plan_with()
    assert behaviour(plan, operation) == covered
    assert text(behaviour(plan, operation)) == text(covered)
    assert behaviour_digest(plan, operation) == f"sha256:{sha256(text(covered)).hexdigest()}"


def test_each_operation_has_a_digest_of_its_own() -> None:
    plan = plan_with()
    assert behaviour_digest(plan, "pay") != behaviour_digest(plan, "bare")
    assert behaviour_digest(plan, "pay") == behaviour_digest(plan_with(), "pay")
    with pytest.raises(KeyError):
        behaviour_digest(plan, "refund")


PAY, START = "/operations/pay", "/operations/pay/steps/0"
GET = {"http": {"method": "GET", "url": "https://keeper.example/forward"}, "days": 1}

DECIDES: dict[str, tuple[str, Any]] = {
    "what the destination needs beside": ("/integration", "notices"),
    "nothing is needed beside": ("/integration", NOTHING),
    "who begins": (f"{PAY}/initiator", "merchant"),
    "nobody is said to begin": (f"{PAY}/initiator", NOTHING),
    "what a source must have": (f"{PAY}/requires", []),
    "what a source may lack": (f"{PAY}/may_lack", []),
    "fewer sources": (f"{PAY}/source_kinds", ["tok_"]),
    "no source": (f"{PAY}/source_kinds", []),
    "every source": (f"{PAY}/source_kinds", NOTHING),
    "form of a source": ("/sources/tok_/pattern", "^tok_"),
    "a source serves again": ("/sources/tok_/single_use", False),
    "what is given with a source": ("/sources/tok_/inputs/pin", {"type": "string"}),
    "whether a source has it": ("/sources/tok_/has/card.cvc", "never"),
    "by which input a source has it": ("/sources/src_/has/card.cvc", {"input": "zip"}),
    "form of a credential": ("/credentials/account/pattern", "^b_"),
    "a credential of any form": ("/credentials/account/pattern", NOTHING),
    "a credential more": (f"{PAY}/credentials", ["key", "client", "account", "unused"]),
    "test and live of a credential": ("/credentials/key/shape", {"sandbox": "^k_"}),
    "test is no more told from live": ("/credentials/key/shape", NOTHING),
    "test and live of a stored secret": ("/secrets/api_key/shape/sandbox", "^other_"),
    "test and live of a secret here": ("/secrets/signing/shape/production", "^other_"),
    "test and live of one that had none": ("/secrets/plain/shape", {"sandbox": "^p_"}),
    "a param is masked": ("/params/order/sensitive", True),
    "a param is shown": ("/params/email/sensitive", NOTHING),
    "an input is shown": (f"{PAY}/inputs/zip/sensitive", NOTHING),
    "an output is shown": (f"{START}/outputs/token/sensitive", NOTHING),
    "an output is masked": (f"{START}/outputs/id/sensitive", True),
    "a param may look like a card": ("/params/order/not_card", True),
    "a param may no more look like a card": ("/params/parcel/not_card", NOTHING),
    "an input may look like a card": (f"{PAY}/inputs/colour/not_card", True),
    "what runs instead": (f"{PAY}/fallback/operation", "pay"),
    "when another runs": (f"{PAY}/fallback/ask/when", True),
    "what is told before": (f"{PAY}/fallback/ask/tells", {"issuing_country": "/country"}),
    "nothing runs instead": (f"{PAY}/fallback", NOTHING),
    "name of a step": (f"{START}/name", "begin"),
    "it may not be sent again": (f"{START}/idempotent", False),
    "the CVC is not used up": (f"{START}/uses_cvc", False),
    "how long the vault knows its key": (f"{START}/vault_key_hours", 1),
    "time to connect": (f"{START}/timeouts/connect_ms", 1),
    "time to answer": (f"{START}/timeouts/read_ms", 1),
    "length of an answer": (f"{START}/max_answer_bytes", 1),
    "where the status is read": (f"{START}/read/status", "/code"),
    "what a failure means": (f"{START}/read/failures/0/sent", "unknown"),
    "the answer is the destination's": (f"{START}/read", {"direct": True}),
    "days of the look-up": (f"{START}/reconcile/get/days", 1),
    "address of the look-up": (f"{START}/reconcile/get/http/url", "https://keeper.example/"),
    "more in the look-up's query": (f"{START}/reconcile/get/http/query", []),
    "headers of the look-up": (f"{START}/reconcile/get/http/headers", []),
    "body of the look-up": (f"{START}/reconcile/get/http/body", "all"),
    "no single look-up": (f"{START}/reconcile/get", NOTHING),
    "where the search finds the run": (f"{START}/reconcile/list/run_id", "/run"),
    "address of the search": (f"{START}/reconcile/list/http/url", "https://keeper.example/"),
    "no search": (f"{START}/reconcile/list", NOTHING),
    "no look-up": (f"{START}/reconcile", NOTHING),
    "a look-up by what was the search": (f"{PAY}/steps/1/reconcile", {"get": GET}),
    "what a prefix means": (f"{START}/namespaces/p", "urn:other"),
    "no prefix": (f"{START}/namespaces", NOTHING),
    "where an output stands": (f"{START}/outputs/id/at", "/other"),
    "an output less": (f"{START}/outputs/id", NOTHING),
    "what an answer must be": (f"{START}/answer", "any"),
    "where the reason stands": (f"{START}/reason/1/at", "/text"),
    "no reason": (f"{START}/reason", NOTHING),
    "how an answer says that it is a test": (f"{START}/mode/sandbox", "SANDBOX"),
    "no answer says whether it is a test": (f"{START}/mode", NOTHING),
    "when it is approved": (f"{START}/outcome/0/when", True),
    "it is always approved": (f"{START}/outcome/0/when", NOTHING),
    "what is approved": (f"{START}/outcome/1/is", "approved"),
    "number of a rule": (f"{START}/outcome/1/rule", 2),
    "a rule less": (f"{START}/outcome/1", NOTHING),
    "a step less": (f"{PAY}/steps/1", NOTHING),
}


@pytest.mark.parametrize("edit", DECIDES.values(), ids=DECIDES)
def test_what_decides_gives_another_digest(edit: tuple[str, Any]) -> None:
    assert behaviour_digest(plan_with(*edit), "pay") != behaviour_digest(plan_with(), "pay")


LEAVES_IT: dict[str, tuple[str, Any]] = {
    "where it is sent": (f"{START}/http/url", "https://keeper.example/v2"),
    "how a loss is known": (f"{PAY}/losses", {"s": {"src_": {"card.cvc": {"by": "untold"}}}}),
    "where the body is repeated": (f"{START}/echo", {"at": "/sent"}),
    "what the vault holds": (f"{PAY}/fallback/ask/holds", {"card.holder_name": ["/name"]}),
    "hosts": ("/hosts/vault", ["keeper.example", "other.example"]),
    "another operation": ("/operations/bare/steps/0/idempotent", True),
    "a source that does not fit": ("/sources/bank_/pattern", "^b_"),
    "what a source has of what is not used": ("/sources/tok_/has/card.holder_name", "always"),
    "how a source is written": ("/sources/tok_/bind", {"id": {"$": "source.id"}}),
    "a credential of others": ("/credentials/unused/pattern", "^v_"),
    "test and live of others": ("/credentials/unused/shape", NOTHING),
    "a secret of others": ("/secrets/unused/shape", NOTHING),
    "a param of others": ("/params/elsewhere/sensitive", False),
    "what a param may be": ("/params/order/max_length", 3),
    "how well it is known": (f"{PAY}/status", "unconfirmed"),
    "a note": (f"{PAY}/notes", [{"code": "FC0501", "message": "read it"}]),
    "what is asked before": (f"{PAY}/fallback/ask/http/url", "https://keeper.example/v2"),
}


@pytest.mark.parametrize("edit", LEAVES_IT.values(), ids=LEAVES_IT)
def test_what_does_not_decide_gives_the_same_digest(edit: tuple[str, Any]) -> None:
    assert behaviour_digest(plan_with(*edit), "pay") == behaviour_digest(plan_with(), "pay")


@pytest.mark.parametrize("operation", ["pay", "bare"])
def test_what_a_plan_does_not_say_is_no_member(operation: str) -> None:
    """Approvals that were given before a key was there are valid still."""
    names = behaviour(plan_with("/integration", NOTHING), operation).keys()
    assert "integration" not in names
    assert ("shapes" in names) == (operation == "pay")
