"""Why a destination did not approve: in its own words, wherever somebody looks for them."""

import csv
import io
import json
from pathlib import Path
from typing import Final

import pytest

from answered import WAYS, Body, enveloped, plans, ran
from forwardc.cli.main import run
from forwardc.runtime.run.step_result import LONGEST_REASON

RESPONSE: Final = """\
          reason: [{at: /refusal/text}, {at: /code}]
          outputs: {note: {at: /note, sensitive: true, optional: true}}
          outcome:
            - {when: "${response.json['ok'] == true}", is: approved}
            - {when: "${response.json['ok'] == false}", is: declined}
"""
PLANS: Final = plans({"pay": RESPONSE})


def reason_of(way: str, **answer: object) -> str | None:
    body = json.dumps({"ok": False, **answer})
    return ran(PLANS[way], "pay", way, enveloped(way, Body(body))).reason


@pytest.mark.parametrize("way", WAYS)
def test_it_is_one_masked_line(way: str) -> None:
    assert reason_of(way, refusal={"text": "CVC Declined"}) == "CVC Declined"
    assert reason_of(way, refusal={"text": " a\r\n b\u2028c\x85d\u202ee\x1b[31m "}) is not None
    told = reason_of(way, refusal={"text": " a\r\n b\u2028c\x85d\u202ee\x1b[31m "}) or ""
    assert told.splitlines() == [told]
    assert not {"\x1b", "\u202e", "\u2028"} & set(told)
    told = reason_of(way, refusal={"text": "card 4111 1111 1111 1111 refused"}) or ""
    assert "4111" not in told
    assert told.startswith("card ")
    assert len(reason_of(way, refusal={"text": "x" * 5000}) or "") == LONGEST_REASON
    assert reason_of(way, refusal={"text": "key S3CRET-NOTE"}, note="S3CRET-NOTE") == "key ***"


@pytest.mark.parametrize("way", WAYS)
def test_the_first_that_is_there_counts(way: str) -> None:
    assert reason_of(way, code=51) == "51"
    assert reason_of(way, refusal={"text": ""}, code="05") == "05"
    assert reason_of(way, refusal={"text": ["a"]}, code="05") == "05"
    assert reason_of(way, refusal={"text": True}) == "the destination answered 200"
    assert reason_of(way, refusal=None) == "the destination answered 200"


def test_an_approved_run_needs_none() -> None:
    assert reason_of("direct", ok=True, refusal={"text": "welcome"}) is None


def test_run_history_csv_and_json(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    history = ("--history", str(tmp_path / "history.db"))
    asked = ("run", "adyen.card_cit", "--via", "checkout", "--env", "sandbox", "--sandbox")
    params = ("amount=1000", "currency=EUR", "reference=O-1", "return_url=https://a.example/r")
    given = [part for text in params for part in ("-p", text)]
    source = ("--source", "src_visa_declined0000000000000", "--build", str(root / "build"))
    assert run((*asked, *source, *given, *history)) == 10
    said = capsys.readouterr().out
    verdict = said.splitlines()[-1]
    assert verdict.startswith("declined: ")
    reason = verdict.removeprefix("declined: ")
    assert "answered 200" not in reason
    assert ", rule 4 decided" in said

    assert run(("history", "--json", *history)) == 0
    (listed,) = json.loads(capsys.readouterr().out)["runs"]
    assert listed["reason"] == reason
    assert run(("history", "--csv", *history)) == 0
    (row,) = csv.DictReader(io.StringIO(capsys.readouterr().out))
    assert row["reason"] == reason
    assert run(("history", "show", listed["id"], *history)) == 0
    shown = capsys.readouterr().out
    assert "step pay: answered, declined by rule 4" in shown
    assert f"declined: {reason}" in shown
    assert run(("history", "show", listed["id"], "--json", *history)) == 0
    (step,) = json.loads(capsys.readouterr().out)["steps"]
    assert (step["rule"], step["reason"]) == (4, reason)


def test_a_step_without_an_outcome_is_unknown_and_not_approved_for_production(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "destinations").mkdir()
    text = (root / "destinations" / "token_vault.yaml").read_text()
    text = text.replace("          outcome: by_status\n", "")
    (tmp_path / "destinations" / "token_vault.yaml").write_text(text)
    evidence = "destinations/token_vault.attestation.txt"
    (tmp_path / evidence).write_bytes((root / evidence).read_bytes())
    project = (root / "forwardc.yaml").read_text()
    (tmp_path / "forwardc.yaml").write_text(project[: project.index("# What the merchant")])
    others = ("adyen", "visa", "rokt", "rocketpay")
    kept = [
        line
        for line in (tmp_path / "forwardc.yaml").read_text().splitlines()
        if not line.strip().startswith(tuple(f"{name}: " for name in others))
    ]
    (tmp_path / "forwardc.yaml").write_text("\n".join(kept) + "\n")
    monkeypatch.chdir(tmp_path)
    assert run(("build",)) == 0
    assert "warning FC0326" in "".join(capsys.readouterr())
    target = ("token_vault.tokenize", "--via", "checkout", "--source")
    source = "src_visa_approved0000000000000"
    ran_ = ("run", *target, source, "--env", "sandbox", "--sandbox", "-p", "customer=c-1")
    assert run(ran_) == 13
    assert "unknown: the destination's file does not say" in capsys.readouterr().out
    approve = ("approve", "checkout", "token_vault", "--env", "production", "--by", "Ada Moreau")
    assert run(approve) == 1
    assert "error FC0711 token_vault.tokenize" in "".join(capsys.readouterr())
    assert not (tmp_path / "forwardc.lock").exists()
