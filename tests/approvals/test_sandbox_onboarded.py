"""What a served sandbox has onboarded in live mode: what the lock says, while it runs."""

from pathlib import Path
from typing import Any

import pytest

from forwardc.cli.main import run
from forwardc.cli.sandbox.watch import Watched, build_folder

PLACE = ("stripe", "adyen.card_cit", "--env", "production")
ADA = ("--by", "Ada Moreau", "--psp-ticket", "SUP-1042")
GRACE = ("--by", "Grace Okoro", "--reason", "the PSP found a flaw")


@pytest.fixture
def watched(project: Path) -> Watched:
    found = Watched(project / "build")
    assert accepted(found()) == set()
    assert found() is None
    return found


def accepted(data: dict[str, Any] | None) -> set[str]:
    """The interactions of production requests through Stripe that a PSP approved."""
    assert data is not None
    return {
        one["constants"].get("/shopperInteraction", "")
        for one in data["requests"]
        if one["vault"] == "stripe" and one["live"] and one["approved"]
    }


def test_an_approval_and_its_withdrawal_are_noticed(watched: Watched) -> None:
    assert run(["approve", *PLACE, *ADA]) == 0
    assert accepted(watched()) == {"Ecommerce"}
    assert watched() is None
    assert run(["approvals", "revoke", *PLACE, "--psp", *GRACE]) == 0
    assert accepted(watched()) == set()


def test_what_is_half_written_changes_nothing_until_it_is_whole(
    watched: Watched, project: Path
) -> None:
    manifest = project / "build/manifest.json"
    whole = manifest.read_bytes()
    manifest.write_bytes(whole[:100])
    assert watched() is None
    manifest.write_bytes(whole)
    assert accepted(watched()) == set()


def test_a_lock_that_cannot_be_read_approves_nothing(watched: Watched, project: Path) -> None:
    assert run(["approve", *PLACE, *ADA]) == 0
    assert accepted(watched()) == {"Ecommerce"}
    (project / "forwardc.lock").write_text("{", encoding="utf-8")
    assert accepted(watched()) == set()


def test_nothing_built_yet_is_a_project_and_an_empty_folder_is_none(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert build_folder(Path("build")) == Path("build")
    assert build_folder(Path("other")) == project.resolve() / "other"
    empty = tmp_path / "empty"
    empty.mkdir()
    monkeypatch.chdir(empty)
    assert build_folder(Path("build")) is None
