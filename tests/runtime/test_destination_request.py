"""What the destination gets is the same through every vault, and names what a vault puts in."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from forwardc.cli.main import run as cli
from forwardc.core.diagnostics.sink import Sink
from forwardc.plan.model import load_plan
from forwardc.runtime.history.records import NewRun
from forwardc.runtime.history.store import Store, open_store
from forwardc.runtime.http.request import ShownRequest
from forwardc.runtime.run.destination_request import (
    DestinationRequest,
    destination_request,
    request_shapes,
)
from forwardc.runtime.run.request import ClockAndIds, RunRequest
from forwardc.runtime.run.run import preview
from forwardc.runtime.secret_providers.plan_secrets import sandbox_resolver
from stored_runs import Clock, intent_of, new_run

PROJECT = """\
forwardc: 1
merchant: {name: Shop of Tests}
environments:
  sandbox:
    vaults:
      checkout: {processing_channel_id: pc_abcdefghijklmnopqrstuvwxyz}
      stripe: {account: acct_test, api_version: 2026-09-30.endive}
"""
DESTINATION = """\
forwardc: 1
name: harbour
title: A gateway of tests
docs: https://docs.harbour.example
environments: {sandbox: {base_url: https://sandbox.harbour.example}}
secrets: {api_key: {description: A key}}
params:
  note: {type: string}
  plain: {type: string}
  hidden: {type: string, sensitive: true}
operations:
  json:
    initiator: customer
    steps:
      pay:
        request:
          POST: /pay
          headers: {X-Api-Key: "${secrets.api_key}"}
          json:
            note: ${params.note}
            card: {number: "${card.number}", month: "${card.expiry.MM}", more: [1, true, null]}
            "a/b": {empty: {}, blank: ""}
        response: &any
          outcome:
            - {when: "${response.status == 200}", is: approved}
  xml:
    initiator: customer
    steps:
      pay:
        request:
          POST: /xml
          xml: {order: {.id: "${params.note}", pan: "${card.number}", cvc: "${card.cvc?}"}}
        response: *any
  query:
    initiator: customer
    steps:
      pay:
        request:
          POST: /q
          query: {who: "${params.plain}"}
          form: {pan: "${card.number}", note: "${params.plain}"}
        response: *any
  hidden:
    initiator: customer
    steps:
      pay:
        request: {POST: /h, json: {number: "${card.number}", note: "${params.hidden}"}}
        response: *any
  direct:
    initiator: merchant
    steps:
      pay:
        deliver: direct
        request:
          POST: /direct
          headers: {X-Api-Key: "${secrets.api_key}"}
          json: {note: "${params.note}"}
        response: *any
"""
SOURCES = {"checkout": "src_abcdefghijklmnopqrstuvwxyz", "stripe": "pm_1AbCdEf", "direct": None}
NOTE = 'a "quote" & <b> {{card_number}} ${card.number} / é'
TEXTS = {"note": NOTE, "hidden": "whisper", "plain": "plain-1"}


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("project")
    (root / "destinations").mkdir()
    (root / "forwardc.yaml").write_text(PROJECT)
    (root / "destinations" / "harbour.yaml").write_text(DESTINATION)
    assert cli(["build", "--project", str(root)]) == 0
    return root / "build"


def gets(build: Path, tmp_path: Path, vault: str, name: str) -> DestinationRequest | None:
    """What is shown of a request that was recorded, and read back out of a history."""
    plan = load_plan((build / vault / "harbour" / "sandbox.plan.json").read_bytes())
    operation = plan.operations[name]
    texts = {param: TEXTS[param] for param in operation.params}
    request, sink, look_up = RunRequest(SOURCES[vault], texts=texts), Sink(), sandbox_resolver(plan)
    (shown,) = preview(plan, name, request, look_up, sink, ClockAndIds(emulated=True)) or ((),)
    assert sink.sorted() == []
    (step,) = operation.steps
    run = new_run(shapes=request_shapes(plan, operation), digest=f"{vault} {name}")
    with open_store(str(tmp_path / "history.db"), now=Clock()) as store:
        begun(store, run, shown, step.deliver)
        found = store.load(run.id)
    assert found is not None
    return destination_request(found, found.steps[0])


def begun(store: Store, run: NewRun, shown: ShownRequest, deliver: str) -> None:
    run = replace(run, steps=(replace(run.steps[0], deliver=deliver),))
    store.begin(run)
    called = "POST https://sandbox.harbour.example/x"
    store.intent(run.id, run.owner, replace(intent_of(run), shown=shown, called=called))


def rows(found: DestinationRequest | None) -> dict[str, str]:
    assert found is not None
    return {row.path: row.shown for row in found.body.rows}


@pytest.mark.parametrize("vault", ["checkout", "stripe"])
def test_json(build: Path, tmp_path: Path, vault: str) -> None:
    assert rows(gets(build, tmp_path, vault, "json")) == {
        "/note": NOTE,
        "/card/number": "${card.number}",
        "/card/month": "${card.expiry.MM}",
        "/card/more/0": "1",
        "/card/more/1": "true",
        "/card/more/2": "null",
        "/a~1b/empty": "{}",
        "/a~1b/blank": "",
    }


def test_xml(build: Path, tmp_path: Path) -> None:
    found = rows(gets(build, tmp_path, "checkout", "xml"))
    assert found["/order/pan"] == "${card.number}"
    assert found["/order/.id"] == NOTE


def test_headers_and_query(build: Path, tmp_path: Path) -> None:
    found = gets(build, tmp_path, "checkout", "query")
    assert found is not None
    assert [field.path for field in found.query] == ["who"]
    assert rows(found) == {"/pan": "${card.number}", "/note": "plain-1"}
    assert [row.fills for row in found.body.rows] == [("card.number",), ()]
    with_headers = gets(build, tmp_path, "checkout", "json")
    assert with_headers is not None
    headers = {field.path: field.shown for field in with_headers.headers}
    assert headers["X-Api-Key"] == "${secrets.api_key}"


def test_headers_at_a_vault_that_keeps_no_secret(build: Path, tmp_path: Path) -> None:
    found = gets(build, tmp_path, "stripe", "json")
    assert found is not None
    assert {field.path: field.shown for field in found.headers}["X-Api-Key"] == "***"


def test_a_sensitive_param_stays_masked(build: Path, tmp_path: Path) -> None:
    for vault in ("checkout", "stripe"):
        found = rows(gets(build, tmp_path, vault, "hidden"))
        assert found["/note"] == "***"


def test_a_step_past_every_vault_is_the_request_itself(build: Path, tmp_path: Path) -> None:
    found = gets(build, tmp_path, "direct", "direct")
    assert rows(found) == {"/note": NOTE}
    assert found is not None
    assert {field.path: field.shown for field in found.headers}["X-Api-Key"] == "***"


def test_a_plan_says_the_shapes_of_what_it_uses(build: Path) -> None:
    plan = load_plan((build / "checkout" / "harbour" / "sandbox.plan.json").read_bytes())
    shapes = json.loads(request_shapes(plan, plan.operations["json"]))
    assert set(shapes) == {"pay"}
    assert "card.cvc" in plan.gets.fills.values()  # type: ignore[union-attr]
    assert "billing.city" not in plan.gets.fills.values()  # type: ignore[union-attr]
