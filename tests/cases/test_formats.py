"""What `forwardc check --format ...` prints of one file with secrets and cards in every place."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from syrupy.assertion import SnapshotAssertion

from forwardc.cli.check import command
from forwardc.core.diagnostics.render.render import DiagnosticFormat
from forwardc.core.recognizer.cards import find_cards
from forwardc.core.recognizer.scan import find_secrets

# Fakes in the shape of keys, and test cards that the brands publish.
STRIPE = "sk_" + "test_" + "notarealkey00"
CHECKOUT = "sk_" + "sbox_" + "notarealkeynotarealkeynotaa"
PEM = "-----BEGIN " + "PRIVATE KEY-----\n    bm90IGEga2V5\n    -----END " + "PRIVATE KEY-----"
VISA, MASTERCARD = "4242" * 4, "5555 5555 5555 4444"

BAD = f"""\
forwardc: 1
name: {VISA}
title: {STRIPE}
environments:
  sandbox: {{base_url: "http://{VISA}.shop.example"}}
  {STRIPE}: {{base_url: https://api.shop.example}}
params:
  amount: {{type: {CHECKOUT}, default: {VISA}}}
operations:
  payment:
    initiator: customer
    steps:
      pay:
        response: {{outcome: by_status}}
        request:
          POST: /payments/{VISA}
          headers:
            {STRIPE}: a
            X-Key: "${{base64('{CHECKOUT}')}}"
          json:
            number: ${{card.{STRIPE}}}
            params: ${{params.c{VISA}}}
            note: {MASTERCARD}  # {VISA}
            same: a
            same: {STRIPE}
            key: |
    {PEM.replace("    ", "              ").replace("-----BEGIN", "          -----BEGIN", 1)}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "shop.yaml").write_text(BAD, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("form", DiagnosticFormat)
@pytest.mark.usefixtures("folder")
def test_every_form_of_a_file_full_of_secrets(
    form: DiagnosticFormat, snapshot: SnapshotAssertion
) -> None:
    done = CliRunner().invoke(command, ["shop.yaml", "--format", str(form)], standalone_mode=False)
    assert done.exception is None
    assert done.return_value == 1
    everything = done.stdout + done.stderr
    for secret in (STRIPE, CHECKOUT, "notarealkey", "bm90IGEga2V5", VISA, MASTERCARD):
        assert secret not in everything
    assert not find_secrets(everything)
    assert not find_cards(everything)
    assert done.stdout == snapshot


@pytest.mark.usefixtures("folder")
def test_all_forms_tell_the_same_mistakes() -> None:
    shown = {
        form: CliRunner().invoke(
            command, ["shop.yaml", "--format", str(form)], standalone_mode=False
        )
        for form in DiagnosticFormat
    }
    found = json.loads(shown[DiagnosticFormat.JSON].stdout)
    codes = [one["code"] for one in found]
    assert {"FC0504", "FC0505", "FC0105", "FC0302", "FC0307", "FC0507"} <= set(codes)
    (run,) = json.loads(shown[DiagnosticFormat.SARIF].stdout)["runs"]
    assert [one["ruleId"] for one in run["results"]] == codes
    for form in (DiagnosticFormat.CONCISE, DiagnosticFormat.GITHUB):
        lines = shown[form].stdout.splitlines()
        assert len(lines) == len(codes)
        assert all(code in line for code, line in zip(codes, lines, strict=True))
    assert shown[DiagnosticFormat.TEXT].stdout.count(" error FC") == len(codes)
