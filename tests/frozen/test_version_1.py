"""Files of version 1 as they were written then: what is taken, what is refused, and with what.

`v1/` is never edited: `test_nobody_edited_them` holds the digest of every file of it.
"""

import json
import shutil
import sqlite3
from hashlib import sha256
from pathlib import Path

import pytest

from forwardc.cli.main import run as main

V1 = Path(__file__).resolve().parent / "v1"
DIGEST = "37994f3b3cdc7de75343cf6e23e25d4b3f1200b8c1d831009fea4df5954f3757"
DAY = ("--today", "2026-11-21")
OWN = "checkout/token_vault/tokenize/production"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the project of version 1, as the working directory."""
    folder = tmp_path / "project"
    shutil.copytree(V1, folder)
    monkeypatch.chdir(folder)
    return folder


def test_nobody_edited_them() -> None:
    whole = sha256()
    for path in sorted(path for path in V1.rglob("*") if path.is_file()):
        name = path.relative_to(V1).as_posix()
        whole.update(f"{name} {sha256(path.read_bytes()).hexdigest()}\n".encode())
    assert whole.hexdigest() == DIGEST


def test_a_plan_of_version_1_is_refused_with_the_command(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    typed = ("run", "adyen.card_cit", "--via", "checkout", "--env", "sandbox", "--sandbox")
    assert main(typed) == 1
    said = "".join(capsys.readouterr())
    assert "FC0703" in said
    assert "run `forwardc build`" in said


def test_destinations_of_version_1_are_built_and_the_lock_is_named(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lock = (here / "forwardc.lock").read_bytes()
    renew_sources(here)
    assert main(("build", *DAY)) == 0
    assert "warning FC0710 forwardc.lock has version 1" in "".join(capsys.readouterr())
    assert (here / "forwardc.lock").read_bytes() == lock


def test_production_is_refused_until_the_lock_is_renewed(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    renew_sources(here)
    assert main(("build", *DAY)) == 0
    run = ("run", "token_vault.tokenize", "--via", "checkout", "--env", "production", "--sandbox")
    asked = (*run, "--source", "src_visa_approved0000000000000", "-p", "customer=customer-1")
    assert main(asked) == 1
    assert "forwardc approve --renew" in "".join(capsys.readouterr())
    assert main(("approve", "--renew", "--by", "Ada Moreau", *DAY)) == 0
    assert main((*asked, "--no-history")) == 0


def test_a_look_writes_nothing(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    renew_sources(here)
    main(("build", *DAY))
    lock = (here / "forwardc.lock").read_bytes()
    old = json.loads(lock)["own"][OWN]
    capsys.readouterr()
    assert main(("approve", "--renew", *DAY)) == 0
    said = capsys.readouterr().out
    assert (here / "forwardc.lock").read_bytes() == lock
    block = said[said.index(OWN) :].split("\n\n")[0].splitlines()[:6]
    assert old["digest"] in block[2]
    assert block[3].split()[:2] == ["now", "leaves"]
    assert block[4].split()[:2] == ["now", "behaviour"]
    assert block[5].strip() == "only the format changed"
    assert "stripe/adyen/card_cit/production, by the PSP" in said
    assert "it reviews the same: kept" in said


def test_one_command_renews_what_only_the_format_changed(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    renew_sources(here)
    main(("build", *DAY))
    before = json.loads((here / "forwardc.lock").read_bytes())
    assert main(("approve", "--renew", "--by", "Bea Novak", *DAY)) == 0
    after = json.loads((here / "forwardc.lock").read_bytes())
    assert after["forwardc"] == 2
    assert after["own"][OWN]["expires"] == before["own"][OWN]["expires"]
    assert after["own"][OWN]["by"] == "Bea Novak"
    assert after["own"][OWN]["behaviour"].startswith("sha256:")
    capsys.readouterr()
    main(("approvals", "--json", *DAY))
    rows = json.loads(capsys.readouterr().out)["approvals"]
    states = {(row["vault"], row["destination"]): row["own"]["state"] for row in rows}
    assert states["checkout", "token_vault"] == "approved"
    assert main(("approve", "--renew", *DAY)) == 1
    assert "nothing to renew" in "".join(capsys.readouterr())


def test_what_leaves_otherwise_is_not_renewed(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    renew_sources(here)
    path = here / "destinations" / "token_vault.yaml"
    path.write_text(path.read_text().replace("POST: /cards", "POST: /v2/cards"))
    main(("build", *DAY))
    capsys.readouterr()
    assert main(("approve", "--renew", "--by", "Bea Novak", *DAY)) == 0
    said = capsys.readouterr().out
    assert "what leaves has changed: changed /steps/0/http" in said
    assert OWN not in json.loads((here / "forwardc.lock").read_bytes())["own"]


def test_an_old_lock_that_was_edited_renews_nothing(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    renew_sources(here)
    lock = json.loads((here / "forwardc.lock").read_bytes())
    lock["own"][OWN]["covers"]["hosts"]["destination"] = ["elsewhere.example"]
    (here / "forwardc.lock").write_text(json.dumps(lock))
    main(("build", *DAY))
    assert main(("approve", "--renew", "--by", "Bea Novak", *DAY)) == 1
    assert "FC0705" in "".join(capsys.readouterr())
    assert json.loads((here / "forwardc.lock").read_bytes()) == lock


def test_a_history_of_version_1_is_brought_up_to_date(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    history = here / "history.db"
    assert main(("history", "--history", str(history))) == 1
    assert "FC0868" in capsys.readouterr().err
    assert main(("history", "upgrade", "--history", str(history))) == 0
    capsys.readouterr()
    assert main(("history", "--json", "--history", str(history))) == 0
    runs = json.loads(capsys.readouterr().out)["runs"]
    assert {run["reference"]: run["outcome"] for run in runs} == {
        "ORDER-1": "approved",
        "ORDER-2": "unknown",
        "ORDER-3": "approved",
    }
    for run in runs:
        assert main(("history", "show", run["id"], "--history", str(history))) == 0
    with sqlite3.connect(history) as database:
        assert database.execute("SELECT count(*) FROM runs").fetchone() == (3,)


def renew_sources(here: Path) -> None:
    """Bring the sources to the language of now.

    A rule without a condition approves no more, and a step must say what its answers mean.
    """
    assert main(("check", "--fix", "destinations/token_vault.yaml")) == 0
    for path in sorted((here / "destinations").glob("*.yaml")):
        text = path.read_text()
        path.write_text(
            text.replace("- {is: approved}", '- {when: "${response.status < 300}", is: approved}')
        )
