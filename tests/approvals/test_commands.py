"""`forwardc approve` and `forwardc approvals`, as they are typed."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from forwardc.cli.main import run

Typed = Callable[..., tuple[int, str, str]]
ADA = ("--by", "Ada Moreau", "--today", "2026-11-20")


@pytest.fixture
def typed(project: Path, capsys: pytest.CaptureFixture[str]) -> Typed:
    """A function from arguments to the exit code, standard output and standard error."""

    def call(*arguments: str) -> tuple[int, str, str]:
        code = run(arguments)
        out, err = capsys.readouterr()
        return code, out, err

    return call


def approve(typed: Typed, *arguments: str) -> tuple[int, str, str]:
    return typed("approve", *arguments, "--env", "production", *ADA)


def listed(typed: Typed, day: str = "2026-11-20") -> list[list[str]]:
    code, out, _ = typed("approvals", "--today", day)
    assert code == 0
    return [line.split() for line in out.splitlines()[1:]]


def state(typed: Typed, vault: str, operation: str, whose: str, day: str = "2026-11-20") -> str:
    (found,) = (row for row in listed(typed, day) if row[:3] == [vault, operation, whose])
    return found[3]


def rebuild(typed: Typed, old: str, new: str) -> None:
    path = Path("destinations/adyen.yaml")
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    assert typed("build")[0] == 0


def test_one_operation_or_all_of_a_vault(typed: Typed) -> None:
    assert {row[3] for row in listed(typed)} == {"never"}
    code, out, _ = approve(typed, "checkout", "adyen.card_cit")
    assert code == 0
    assert out.startswith("approved checkout adyen.card_cit sha256:")
    assert out.endswith("written: forwardc.lock\n")
    assert state(typed, "checkout", "adyen.card_cit", "own") == "approved"
    assert state(typed, "checkout", "adyen.card_mit", "own") == "never"
    assert approve(typed, "checkout", "adyen")[0] == 0
    assert {row[3] for row in listed(typed) if row[0] == "checkout"} == {"approved"}
    assert {row[3] for row in listed(typed) if row[0] == "stripe"} == {"never"}


def test_the_psp_approval_comes_with_its_ticket(typed: Typed) -> None:
    code, _, err = approve(typed, "stripe", "adyen.card_cit")
    assert code == 0
    assert "the PSP's approval is another one" in err
    assert state(typed, "stripe", "adyen.card_cit", "psp") == "never"
    approve(typed, "stripe", "adyen.card_cit", "--psp-ticket", "SUP-1042")
    rows = [row for row in listed(typed) if row[:2] == ["stripe", "adyen.card_cit"]]
    ada = ["2026-11-20", "Ada", "Moreau"]
    assert rows == [
        ["stripe", "adyen.card_cit", "own", "approved", "(unconfirmed)", *ada, "-", "-"],
        ["stripe", "adyen.card_cit", "psp", "approved", *ada, "SUP-1042", "-"],
    ]


def test_one_header_voids_both_at_stripe_and_the_own_at_checkout(typed: Typed) -> None:
    approve(typed, "stripe", "adyen", "--psp-ticket", "SUP-1042")
    approve(typed, "checkout", "adyen")
    rebuild(typed, "{X-API-Key:", '{X-Extra: "1", X-API-Key:')
    assert state(typed, "stripe", "adyen.card_cit", "own") == "changed"
    assert state(typed, "stripe", "adyen.card_cit", "psp") == "changed"
    assert state(typed, "checkout", "adyen.card_cit", "own") == "changed"
    assert not any(row[:3] == ["checkout", "adyen.card_cit", "psp"] for row in listed(typed))
    # Wherever approvals are told, which of the two changed, and where.
    changed = "what leaves: added /steps/0/http/body/$form/request/headers/0 (X-Extra)"
    said = "stripe adyen.card_cit own: of 2026-11-20 covers something else:"
    assert f"{said} {changed}" in typed("approvals", "--today", "2026-11-21")[2]
    rows = json.loads(typed("approvals", "--json")[1])["approvals"]
    whys = [row["own"].get("why", "") for row in rows if row["operation"] == "card_cit"]
    assert any(changed in why for why in whys)
    _, _, err = approve(typed, "stripe", "adyen.card_cit")
    assert f"card_cit: since your own one of 2026-11-20: {changed}" in err


def test_what_decides_is_told_apart_from_what_leaves(typed: Typed) -> None:
    approve(typed, "checkout", "adyen.card_cit")
    rebuild(typed, "is: declined", "is: rejected")
    said = "checkout adyen.card_cit own: of 2026-11-20 covers something else: behaviour: changed "
    err = typed("approvals")[2]
    assert said in err
    assert "what leaves" not in err
    _, _, err = approve(typed, "checkout", "adyen.card_cit")
    assert "card_cit: since your own one of 2026-11-20: behaviour: changed /" in err


def test_a_title_voids_neither(typed: Typed) -> None:
    approve(typed, "stripe", "adyen", "--psp-ticket", "SUP-1042")
    before = Path("forwardc.lock").read_bytes()
    rebuild(typed, "title: Adyen Checkout, card payments", "title: Other # words")
    assert {row[3] for row in listed(typed) if row[0] == "stripe"} == {"approved"}
    assert Path("forwardc.lock").read_bytes() == before


def test_an_approval_ends_after_its_last_day(typed: Typed) -> None:
    approve(typed, "checkout", "adyen.card_cit", "--expires", "2027-11-20")
    where = ("checkout", "adyen.card_cit", "own")
    assert state(typed, *where, "2027-11-20") == "approved"
    assert state(typed, *where, "2027-11-21") == "expired"


def test_the_list_as_json(typed: Typed) -> None:
    approve(typed, "stripe", "adyen.card_cit", "--psp-ticket", "T-1", "--expires", "2027-01-31")
    code, out, _ = typed("approvals", "--json", "--today", "2026-11-20")
    assert code == 0
    rows = {(row["vault"], row["operation"]): row for row in json.loads(out)["approvals"]}
    found = rows["stripe", "card_cit"]
    assert found["own"].pop("digest").startswith("sha256:")
    assert found["own"].pop("behaviour").startswith("sha256:")
    assert found["psp"].pop("digest").startswith("sha256:")
    known = {"state": "approved", "date": "2026-11-20", "by": "Ada Moreau", "expires": "2027-01-31"}
    assert found == {
        "vault": "stripe",
        "destination": "adyen",
        "operation": "card_cit",
        "environment": "production",
        "status": "unconfirmed",
        "own": known,
        "psp": {**known, "ticket": "T-1"},
    }
    assert rows["checkout", "card_cit"]["own"] == {"state": "never"}
    assert rows["checkout", "card_cit"]["psp"] is None


def test_the_same_approval_gives_the_same_bytes(typed: Typed) -> None:
    approve(typed, "stripe", "adyen")
    first = Path("forwardc.lock").read_bytes()
    approve(typed, "stripe", "adyen")
    assert Path("forwardc.lock").read_bytes() == first


def test_an_operation_that_is_gone_is_named(typed: Typed) -> None:
    approve(typed, "stripe", "adyen")
    rebuild(typed, "card_mit", "card_later")
    err = typed("approvals")[2]
    assert "stripe/adyen/card_mit/production was approved and is not built" in err


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("checkout", "adyen", "--psp-ticket", "T-1"), "FC0706", "reviews nothing of adyen"),
        (("checkout", "adyen", "--expires", "2026-11-19"), "FC0706", "--expires is past"),
        (("stripe", "adyen.network_token_cit"), "FC0706", "stripe refuses"),
        (("checkout", "adyen.card_citt"), "FC0813", "did you mean card_cit?"),
        (("checkout", "adien"), "FC0813", "did you mean adyen?"),
        (("braintree", "adyen"), "FC0704", "not built for the vault braintree"),
    ],
)
def test_what_cannot_be_approved(
    arguments: tuple[str, ...], code: str, words: str, typed: Typed
) -> None:
    exit_code, out, _ = approve(typed, *arguments)
    assert exit_code == 1
    assert code in out
    assert words in out
    assert not Path("forwardc.lock").exists()


def test_a_sandbox_that_is_told_apart_by_its_credentials_may_be_approved(typed: Typed) -> None:
    code, _, err = typed("approve", "stripe", "adyen", "--env", "sandbox", *ADA)
    assert code == 0
    assert "is told from live by its credentials" in err
    assert ["stripe", "adyen.card_cit"] in [row[:2] for row in listed(typed)]


def test_a_stale_build_is_not_what_is_approved(typed: Typed) -> None:
    path = Path("destinations/adyen.yaml")
    path.write_text(path.read_text("utf-8").replace("Ecommerce", "Moto"), encoding="utf-8")
    code, out, _ = approve(typed, "stripe", "adyen")
    assert code == 1
    assert "FC0706 build/ is not what the destinations compile to" in out
    assert not Path("forwardc.lock").exists()


def test_a_destination_with_a_mistake_is_not_approved(typed: Typed) -> None:
    path = Path("destinations/adyen.yaml")
    path.write_text(path.read_text("utf-8").replace("card.number", "card.nmber"), encoding="utf-8")
    code, out, _ = approve(typed, "stripe", "adyen")
    assert code == 1
    assert "FC0302" in out
    assert not Path("forwardc.lock").exists()


def test_a_damaged_lock_is_neither_used_nor_overwritten(typed: Typed) -> None:
    approve(typed, "stripe", "adyen")
    lock = Path("forwardc.lock")
    lock.write_bytes(lock.read_bytes()[:-40])
    before = lock.read_bytes()
    for code, out, _ in (approve(typed, "checkout", "adyen"), typed("approvals")):
        assert code == 1
        assert "FC0705" in out
    assert lock.read_bytes() == before


def test_a_crash_while_writing_leaves_the_old_file(
    typed: Typed, monkeypatch: pytest.MonkeyPatch
) -> None:
    approve(typed, "stripe", "adyen.card_cit")
    before = Path("forwardc.lock").read_bytes()

    def crash(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", crash)
    code, out, _ = approve(typed, "checkout", "adyen")
    assert code == 1
    assert "forwardc.lock cannot be written: No space left on device" in out
    assert Path("forwardc.lock").read_bytes() == before
    assert sorted(path.name for path in Path().iterdir()) == [
        "build",
        "destinations",
        "forwardc.lock",
        "forwardc.yaml",
    ]


def test_the_build_is_fresh_after_an_approval(typed: Typed) -> None:
    approve(typed, "stripe", "adyen", "--psp-ticket", "SUP-1042")
    assert typed("build", "--check")[0] == 0


def test_the_lock_lies_beside_the_build_folder(typed: Typed) -> None:
    project = Path("forwardc.yaml")
    project.write_text(project.read_text("utf-8").replace("build: build", "build: out/build"))
    assert typed("build")[0] == 0
    assert approve(typed, "checkout", "adyen.card_cit")[0] == 0
    assert Path("out/forwardc.lock").is_file()
    assert not Path("forwardc.lock").exists()
    assert typed("build", "--check")[0] == 0
    out = typed("approvals", "--build", "out/build", "--today", "2026-11-20")[1]
    assert out.splitlines()[1].split()[3] == "approved"
