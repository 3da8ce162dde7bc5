"""Damaged and foreign files, one command after the other: a clear code, and nothing overwritten."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from diff_project import git
from forwardc.cli.main import run
from own_ids import write_own_ids

RUN = ("run", "adyen.card_cit", "--via", "stripe", "--env", "production", "--sandbox")
APPROVE = ("approve", "checkout", "adyen", "--env", "production", "--by", "Ada Moreau")
ACCEPT = ("diff", "--accept", "000000000000", "--reason", "known", "--by", "Ada Moreau")
SUBMIT = ("submit", "stripe", "adyen", "--env", "production", "--key", "key.asc", "--out", "sealed")
APPROVED = ("diff", "--against", "approved")
PLAN = Path("build/stripe/adyen/production.plan.json")
LOCK = Path("forwardc.lock")


@dataclass(frozen=True)
class Case:
    """What is done to the project, what is typed then, and what it says."""

    damage: Callable[[], object]
    typed: tuple[str, ...]
    says: str


def edit_lock() -> None:
    assert run(APPROVE) == 0
    data = json.loads(LOCK.read_bytes())
    data["own"]["checkout/adyen/card_cit/production"]["covers"]["leaves"]["hosts"] = []
    LOCK.write_text(json.dumps(data))


def lock_of(version: int) -> Callable[[], object]:
    return lambda: LOCK.write_text(json.dumps({"forwardc": version}))


def truncate_plan() -> None:
    PLAN.write_bytes(PLAN.read_bytes()[:500])


def other_manifest() -> None:
    path = Path("build/manifest.json")
    path.write_text(path.read_text().replace('"forwardc": 2', '"forwardc": 9'))


def commit_other_manifest() -> None:
    other_manifest()
    git(Path(), "commit", "--quiet", "--all", "--message", "Of another version")


def other_config() -> None:
    path = Path("forwardc.yaml")
    path.write_text(path.read_text().replace("forwardc: 1", "forwardc: 2", 1))


def unreadable_key() -> None:
    write_own_ids(Path())
    assert run(("build",)) == 0
    assert run(("approve", "stripe", *APPROVE[2:])) == 0
    Path("key.asc").write_bytes(b"\x99\x01" + bytes(300))


def nothing() -> None:
    """The project is as it should be, and what is typed is not."""


CASES = {
    "lock edited, approve": Case(edit_lock, APPROVE, "FC0705 forwardc.lock was edited"),
    "lock edited, run": Case(edit_lock, RUN, "FC0705 forwardc.lock was edited"),
    "lock edited, approvals": Case(edit_lock, ("approvals",), "FC0705"),
    "lock edited, diff": Case(edit_lock, APPROVED, "FC0705"),
    "lock edited, accept": Case(edit_lock, ACCEPT, "FC0705"),
    "lock edited, build": Case(edit_lock, ("build",), "FC0705"),
    "lock of another version, approve": Case(lock_of(3), APPROVE, "FC0703 forwardc.lock"),
    "lock of another version, run": Case(lock_of(3), RUN, "FC0703 forwardc.lock"),
    "plan truncated, run": Case(truncate_plan, RUN, f"FC0702 {'/'.join(PLAN.parts[1:])}"),
    "plan truncated, approvals": Case(truncate_plan, ("approvals",), "FC0702"),
    "plan truncated, approve": Case(truncate_plan, APPROVE, "1 stale, the first is stripe/adyen"),
    "plan truncated, accept": Case(truncate_plan, ACCEPT, "FC0706"),
    "plan truncated, check": Case(truncate_plan, ("build", "--check"), "FC0701"),
    "build of another version, run": Case(other_manifest, RUN, "FC0703 build/manifest.json"),
    "build of another version, diff": Case(commit_other_manifest, ("diff",), "FC0707 HEAD: manif"),
    "config of another version, build": Case(other_config, ("build",), "FC0209"),
    "config of another version, diff": Case(other_config, ("diff",), "FC0209"),
    "config of another version, approve": Case(other_config, APPROVE, "FC0209"),
    "key unreadable": Case(unreadable_key, SUBMIT, "FC0816 the key in key.asc is refused"),
    "key is a folder": Case(lambda: Path("key.asc").mkdir(), SUBMIT, "key.asc' is a directory"),
    "key is not there": Case(nothing, SUBMIT, "'key.asc' does not exist"),
    "no such reference": Case(nothing, ("diff", "--against", "v9"), "FC0707 v9: git knows no such"),
    "no such id": Case(nothing, ACCEPT, "FC0706 no difference has the id"),
}


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and ".git" not in path.parts
    }


@pytest.fixture
def here(project: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(project)
    yield project
    assert not list(project.rglob("*.tmp"))


@pytest.mark.parametrize("name", CASES)
def test_a_clear_code_and_nothing_is_overwritten(
    name: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case = CASES[name]
    case.damage()
    before = files(here)
    capsys.readouterr()
    code = run(case.typed)
    said = "".join(capsys.readouterr())
    assert code in {1, 2, 3}
    assert case.says in said
    assert "FC9901" not in said
    assert files(here) == before


def give_production(settings: str) -> None:
    path = Path("forwardc.yaml")
    token_vault = "      token_vault: {host: token-vault.example}\n"
    text = path.read_text(encoding="utf-8")
    assert token_vault in text
    path.write_text(text.replace(token_vault, f"{token_vault}{settings}"), encoding="utf-8")


def test_a_stand_in_cannot_be_approved(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    give_production("      rokt: {host: live.rokt.example, path: /v1/cards, account: shop}\n")
    assert run(("build",)) == 0
    before = files(here)
    assert run(("approve", "checkout", "rokt", "--env", "production", "--by", "Ada Moreau")) == 1
    assert "FC0815" in capsys.readouterr().out
    assert files(here) == before
    assert "stand-in" in (here / "build/checkout/rokt/review.html").read_text("utf-8")
    assert run(("approvals",)) == 0
    assert "never (stand-in)" in capsys.readouterr().out


def test_what_is_unconfirmed_is_shown_and_can_be_approved(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    give_production("      visa: {relationship_id: 24681921-40000000082, client_app_id: shop}\n")
    assert run(("build",)) == 0
    assert run(("approve", "checkout", "visa", "--env", "production", "--by", "Ada Moreau")) == 0
    assert "unconfirmed" in capsys.readouterr().err
    page = (here / "build/checkout/visa/review.html").read_text("utf-8")
    assert "setting <code>pan_source</code>: three public texts give three values" in page
    assert run(("approvals",)) == 0
    assert "approved (unconfirmed)" in capsys.readouterr().out
