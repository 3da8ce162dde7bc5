"""Destinations of Stripe's own list that need an arrangement: compiled, sent, and what arrived.

`UPDATE_CASES=1 python -m pytest tests/arrangements` writes `arrived.txt`: read the difference.
"""

import json
import os
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from arranged import built, sent
from forwardc.cli.run.output import result_json, result_lines
from forwardc.plan.approvals import arrangements_of
from forwardc.runtime.run.result import RunResult
from forwardc.sandbox.world import OutboundRequest

VENDORS = Path(__file__).parent / "vendors"
SCHEMAS = Path(__file__).resolve().parents[2] / "schemas"
NAMES = sorted(path.name for path in VENDORS.iterdir())
RUNS: dict[str, tuple[str, dict[str, str]]] = {
    "cardpointe": ("pay", {"amount": "1999"}),
    "fat_zebra": ("store", {}),
    "fiserv": ("pay", {"amount": "1999", "currency": "USD"}),
    "gmo": ("pay", {"order_id": "order-7", "access_id": "a-1", "access_pass": "p-1"}),
    "paymentsos": ("store", {}),
    "softbank": ("pay", {"customer": "c & co", "order_id": "order-7", "amount": "1999"}),
    "tabapay": ("store", {"reference": "100"}),
}
SHOWN = ("content-type", "message-signature")


@pytest.mark.parametrize("name", NAMES)
def test_it_compiles_in_production_by_its_ticket(name: str) -> None:
    made = built(VENDORS / name)
    assert [line for line in made.found if line.startswith("error")] == []
    operation = RUNS[name][0]
    plan = made.plan("stripe", name, "production")
    review = plan.operations[operation].steps[0].review
    assert review is not None
    (agreed,) = review.arrangements
    assert agreed.ticket is not None
    assert agreed.ticket.startswith("STRIPE-")
    assert agreed.id.startswith(f"{name}.")


@pytest.mark.parametrize("name", NAMES)
def test_without_its_ticket_it_is_refused_with_what_to_ask(name: str, tmp_path: Path) -> None:
    (tmp_path / "destinations").mkdir()
    for part in ("forwardc.yaml", f"destinations/{name}.yaml"):
        text = (VENDORS / name / part).read_text(encoding="utf-8")
        lines = text.split("\n")
        kept = [line for line in lines if "ticket:" not in line and line.strip() != "arrangements:"]
        shown = text if part.startswith("destinations") else "\n".join(kept)
        (tmp_path / part).write_text(shown, encoding="utf-8")
    made = built(tmp_path)
    (why,) = [line for line in made.reasons("stripe", "production") if line.startswith("refused")]
    assert why.startswith("refused FC0625 Stripe lists this URL; it needs ")
    assert "record the ticket: environments: {production: {vaults: {stripe: {arrangements" in why
    assert f"stripe/{name}/production.plan.json" not in made.files


@pytest.mark.parametrize("name", NAMES)
def test_what_arrives(name: str) -> None:
    operation, params = RUNS[name]
    plan = built(VENDORS / name).plan("stripe", name, "sandbox")
    result, arrived = sent(plan, operation, "pm_sandbox_visa", **params)
    assert result.outcome == "approved", result
    shown = told(result, arrived)
    expected = VENDORS / name / "arrived.txt"
    if os.environ.get("UPDATE_CASES") == "1":
        expected.write_text(shown, encoding="utf-8")
    assert shown == expected.read_text(encoding="utf-8")


def told(result: RunResult, arrived: OutboundRequest) -> str:
    headers = [f"{key}: {value}" for key, value in arrived.headers if key.lower() in SHOWN]
    head = [f"{result.outcome}", f"{arrived.method} {arrived.url}", *headers]
    return "\n".join([*head, "", arrived.body.decode(), ""])


@pytest.mark.parametrize("name", NAMES)
def test_its_files_fit_their_schemas(name: str) -> None:
    files = built(VENDORS / name).files
    checked = 0
    for path, data in files.items():
        for kind, ending in (("plan", "plan.json"), ("production", "production.config.json")):
            if path.endswith(f".{ending}"):
                schema = json.loads((SCHEMAS / f"{kind}.schema.json").read_text(encoding="utf-8"))
                Draft202012Validator(schema).validate(json.loads(data))
                checked += 1
    assert checked >= 3


@pytest.mark.parametrize("name", NAMES)
def test_a_run_says_by_what_it_leaves(name: str) -> None:
    operation, params = RUNS[name]
    plan = built(VENDORS / name).plan("stripe", name, "sandbox")
    result, _ = sent(plan, operation, "pm_sandbox_visa", **params)
    (arrangement,) = arrangements_of(plan, operation)
    assert f"as if agreed: {arrangement.id}" in list(result_lines(plan, result, curl=False))
    told = result_json(plan, result, curl=False)
    assert told["arrangements"] == [{"id": arrangement.id, "as_if_agreed": True}]
    schema = json.loads((SCHEMAS / "output/run.schema.json").read_text(encoding="utf-8"))
    printed = json.loads(json.dumps({"forwardc": 1, **told, "problems": []}))
    Draft202012Validator(schema).validate(printed)
