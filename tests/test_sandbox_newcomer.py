"""A destination that somebody wrote: what was compiled of it is onboarded."""

from pathlib import Path

import pytest

from forwardc.cli.main import run
from forwardc.cli.sandbox.project import project_data
from forwardc.core.diagnostics.sink import Sink
from forwardc.plan.build_folder import read_plans
from forwardc.plan.lock import Lock
from forwardc.runtime.run.request import ClockAndIds
from forwardc.sandbox.project import read

PROJECT = """forwardc: 1
merchant: {name: Newcomer}
environments:
  sandbox:
    vaults:
      checkout: {processing_channel_id: pc_sandbox0000000000000000000}
      stripe: {account: acct_sandbox, api_version: 2026-09-30.endive}
  staging:
    class: sandbox
    vaults:
      checkout: {processing_channel_id: pc_sandbox0000000000000000000}
      stripe: {account: acct_sandbox, api_version: 2026-09-30.endive}
"""
DESTINATION = """forwardc: 1
name: zap
title: Zap
docs: https://zap.example/docs
environments:
  sandbox: {base_url: "https://sand.zap-pay.io/api"}
  staging: {base_url: "https://stage.zap-pay.io:9443/api"}
params:
  id: {type: string, min_length: 1, max_length: 20, example: w7, description: Id}
secrets:
  zap_user: {description: user}
  zap_pass: {description: pass}
  zap_tok: {description: token, shape: {sandbox: "^zt_(test|demo)_", production: "^zt_live_"}}
operations:
  patch:
    initiator: customer
    steps:
      patch:
        request:
          PATCH: /c/${params.id}/x
          query: {region: eu, tok: t}
          headers:
            Authorization: "Basic ${base64(secrets.zap_user + ':' + secrets.zap_pass)}"
            X-Tok: ${secrets.zap_tok}
          form: {pan: "${card.number}", exp: "${card.expiry.MM}${card.expiry.YY}"}
        response:
          outcome: by_status
  xml:
    initiator: customer
    steps:
      xml:
        request:
          POST: /xml
          query: {v: "2"}
          headers: {X-Tok: "${secrets.zap_tok}"}
          xml:
            pay:
              card:
                - {num: "${card.number}", mon: "${card.expiry.MM}"}
                - {year: "${card.expiry.YYYY}", num: ""}
        response:
          outcome: by_status
  odd:
    initiator: customer
    steps:
      odd:
        request:
          POST: /odd
          query: {v: "2 & 3", w: a/b}
          json: {pan: "${card.number}"}
        response:
          outcome: by_status
  basic:
    initiator: customer
    steps:
      basic:
        request:
          POST: /basic
          headers: {Authorization: "Basic ${secrets.zap_tok}"}
          json: {a/b: [{pan: "${card.number}"}], month: "${int(card.expiry.M)}", kept: {number: ""}}
        response:
          outcome: by_status
"""
RUNS = [
    ("patch", "checkout", "src_visa_approved0000000000000", ("-p", "id=a/b &ü")),
    ("xml", "checkout", "src_visa_approved0000000000000", ()),
    ("xml", "stripe", "pm_sandbox_visa", ()),
    ("odd", "stripe", "pm_sandbox_visa", ()),
    ("basic", "checkout", "src_visa_approved0000000000000", ()),
    ("basic", "stripe", "pm_sandbox_visa", ()),
]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("newcomer")
    (folder / "destinations").mkdir()
    (folder / "forwardc.yaml").write_text(PROJECT, encoding="utf-8")
    (folder / "destinations/zap.yaml").write_text(DESTINATION, encoding="utf-8")
    assert run(["build", "--project", str(folder)]) == 0
    return folder


@pytest.mark.parametrize("environment", ["sandbox", "staging"])
@pytest.mark.parametrize(("operation", "vault", "source", "params"), RUNS)
def test_what_was_compiled_runs(
    built: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    operation: str,
    vault: str,
    source: str,
    params: tuple[str, ...],
    environment: str,
) -> None:
    monkeypatch.chdir(built)
    where = ("--via", vault, "--env", environment, "--sandbox", "--no-history")
    code = run(["run", f"zap.{operation}", *where, "--source", source, *params])
    out, err = capsys.readouterr()
    assert code == 0, out + err


def test_what_is_told_of_a_project(built: Path) -> None:
    plans = read_plans(built / "build", Sink())
    project = read(project_data(plans, Lock(), ClockAndIds().now().date()))
    (patch,) = project.named("https://sand.zap-pay.io/api/c/1/x?region=eu", vault="checkout")
    assert (patch.method, patch.query) == ("PATCH", {"region", "tok"})
    assert patch.headers == {"authorization", "content-type", "x-tok"}
    assert project.named("https://sand.zap-pay.io/api/xml", vault="stripe") == ()
    (basic,) = project.named("https://stage.zap-pay.io:9443/api/basic", vault="stripe")
    assert basic.fields == {"/a~1b/0/pan": "number", "/month": "expiry_month:number"}
    (holder,) = project.holders["sand.zap-pay.io"]
    assert holder.owner == "zap"
    assert set(holder.secrets) == {"zap_user", "zap_pass", "zap_tok"}
    assert holder.secrets["zap_tok"].places == {"header x-tok", "header authorization"}
    assert len(holder.at("header authorization")) == 3
