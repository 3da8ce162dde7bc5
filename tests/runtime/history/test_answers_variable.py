"""How long answers are kept is said by a variable: what nobody understands is refused."""

from pathlib import Path

import pytest

from forwardc.cli.main import run


@pytest.mark.parametrize("said", ["abc", "0d", "-1d", "14", "99999d", "1w"])
def test_what_it_may_not_say(
    said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    path = str(tmp_path / "history.db")
    assert run(["history", "begin", "--history", path]) == 0
    capfd.readouterr()
    monkeypatch.setenv("FORWARDC_ANSWERS", said)
    assert run(["history", "--history", path]) == 1
    told = capfd.readouterr()
    assert "FC0861" in told.err
    assert said not in told.err.replace("3650d", "").replace("1d to", "")
