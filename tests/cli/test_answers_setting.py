"""How long answers are kept is said by the environment; what nobody understands sends nothing."""

import json
from pathlib import Path
from typing import Any

import pytest

from forwardc.cli.main import run as cli

ROOT = Path(__file__).resolve().parents[2]
RUN = (
    *("run", "adyen.card_cit", "--via", "checkout", "--env", "sandbox", "--sandbox"),
    *("--build", str(ROOT / "build"), "--source", "src_visa_adyen_approved0000000"),
    *("-p", "amount=777", "-p", "currency=CHF", "-p", "reference=A-1"),
    *("-p", "return_url=https://shop.example/return", "--json"),
)


def told(capfd: pytest.CaptureFixture[str], *words: str) -> tuple[int, Any]:
    code = cli([*words])
    return code, json.loads(capfd.readouterr().out)


@pytest.fixture(autouse=True)
def history(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "history.db"
    monkeypatch.setenv("FORWARDC_HISTORY", str(path))
    return path


def test_what_nobody_understands_sends_and_begins_nothing(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], history: Path
) -> None:
    monkeypatch.setenv("FORWARDC_ANSWERS", "for ever s3cr3t")
    code, document = told(capfd, *RUN)
    assert code == 1
    assert [problem["code"] for problem in document["problems"]] == ["FC0861"]
    assert "s3cr3t" not in json.dumps(document)
    assert not history.exists()


@pytest.mark.parametrize(("setting", "kept"), [("", True), ("3d", True), ("off", False)])
def test_an_answer_is_kept_or_not(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], setting: str, kept: bool
) -> None:
    monkeypatch.setenv("FORWARDC_ANSWERS", setting)
    code, document = told(capfd, *RUN)
    assert (code, document["outcome"]) == (0, "approved")
    _, run = told(capfd, "history", "show", document["run_id"], "--json")
    (step,) = run["steps"]
    assert (step["kept"] is not None) == kept
    # What the destination gets is no answer.
    rows = {row["path"]: row["value"] for row in step["gets"]["body"]["rows"]}
    assert rows["/paymentMethod/number"] == "${card.number}"
    assert rows["/amount/value"] == "777"
    if kept:
        answer = {row["path"]: row["value"] for row in step["kept"]["body"]["rows"]}
        assert answer["/resultCode"] == "Authorised"
        assert answer["/additionalData/authCode"] is None
    _, deleted = told(capfd, "history", "--keep-answers", "0d", "--json")
    assert (deleted["answers_deleted"], deleted["answers_kept_days"]) == (int(kept), 0)
    _, run = told(capfd, "history", "show", document["run_id"], "--json")
    assert run["steps"][0]["kept"] is None
