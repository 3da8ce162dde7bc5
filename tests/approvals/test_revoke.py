"""`forwardc approvals revoke`, as it is typed: what is withdrawn counts nowhere, and says why."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from forwardc.cli.main import run
from forwardc.compile.language.schema import load_schema
from forwardc.compile.review.approve import Withdrawal, lock_bytes, with_revoked
from forwardc.core.diagnostics.sink import Sink
from forwardc.plan.approvals import ApprovalState, refuse_unapproved, states, withdrawn
from forwardc.plan.lock import Lock
from forwardc.plan.model import Plan
from lock_file import TODAY, approve

Typed = Callable[..., tuple[int, str, str]]
ADA = ("--env", "production", "--by", "Ada Moreau", "--today", "2026-11-20")
GRACE = ("--env", "production", "--by", "Grace Okoro", "--today", "2026-11-23")
WHY = ("--reason", "the PSP found a flaw, INC-7")
SAYS = "withdrawn by Grace Okoro on 2026-11-23: the PSP found a flaw, INC-7"


@pytest.fixture
def typed(project: Path, capsys: pytest.CaptureFixture[str]) -> Typed:
    """A function from arguments to the exit code, standard output and standard error."""
    assert project == Path.cwd()

    def call(*arguments: str) -> tuple[int, str, str]:
        code = run(arguments)
        out, err = capsys.readouterr()
        return code, out, err

    return call


@pytest.fixture(scope="module")
def approved_project(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project where every operation is approved, at Stripe by its reviewers, too."""
    folder = tmp_path_factory.mktemp("approved") / "project"
    shutil.copytree(built, folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert run(("approve", "checkout", "adyen", *ADA)) == 0
        assert run(("approve", "stripe", "adyen", "--psp-ticket", "SUP-1042", *ADA)) == 0
    return folder


@pytest.fixture
def approved(typed: Typed, project: Path, approved_project: Path) -> Typed:
    """The same, in a copy of that project."""
    shutil.copytree(approved_project, project, dirs_exist_ok=True)
    return typed


def state(typed: Typed, vault: str, operation: str, whose: str) -> str:
    out = typed("approvals", "--today", "2026-11-24")[1]
    rows = [line.split() for line in out.splitlines()[1:]]
    (found,) = (row for row in rows if row[:3] == [vault, f"adyen.{operation}", whose])
    return found[3]


def refusal(typed: Typed, vault: str) -> tuple[int, str]:
    where = ("--via", vault, "--env", "production", "--sandbox")
    code, out, err = typed("run", "adyen.card_cit", *where)
    return code, out + err


def test_what_is_withdrawn_does_not_run(approved: Typed) -> None:
    assert "FC0814" not in refusal(approved, "checkout")[1]
    code, out, _ = approved("approvals", "revoke", "checkout", "adyen.card_cit", *GRACE, *WHY)
    assert (code, out.splitlines()) == (
        0,
        [
            "withdrawn: the own approval of checkout adyen.card_cit, production",
            "written: forwardc.lock",
        ],
    )
    code, said = refusal(approved, "checkout")
    assert code == 1
    assert f"FC0814 checkout/adyen.card_cit: the own approval of 2026-11-20 was {SAYS}" in said
    assert state(approved, "checkout", "card_cit", "own") == "revoked"
    assert state(approved, "checkout", "card_mit", "own") == "approved"
    assert state(approved, "stripe", "card_cit", "own") == "approved"


def test_both_or_one_of_the_two(approved: Typed) -> None:
    assert (
        approved("approvals", "revoke", "stripe", "adyen.card_cit", "--psp", *GRACE, *WHY)[0] == 0
    )
    assert state(approved, "stripe", "card_cit", "psp") == "revoked"
    assert state(approved, "stripe", "card_cit", "own") == "approved"
    assert f"the PSP's approval of 2026-11-20 was {SAYS}" in refusal(approved, "stripe")[1]
    code, out, _ = approved("approvals", "revoke", "stripe", "adyen", *GRACE, *WHY)
    assert code == 0
    assert [line.split(" of ")[0] for line in out.splitlines()[:-1]] == [
        "withdrawn: the own approval",
        "withdrawn: the own approval",
        "withdrawn: the PSP's approval",
    ]
    for operation in ("card_cit", "card_mit"):
        assert state(approved, "stripe", operation, "own") == "revoked"
        assert state(approved, "stripe", operation, "psp") == "revoked"


def test_it_is_shown_wherever_approvals_are(approved: Typed) -> None:
    approved("approvals", "revoke", "stripe", "adyen.card_cit", *GRACE, *WHY)
    said = f"stripe adyen.card_cit own: of 2026-11-20 was {SAYS}"
    assert said in approved("approvals")[2]
    rows = json.loads(approved("approvals", "--json")[1])["approvals"]
    (row,) = (row for row in rows if (row["vault"], row["operation"]) == ("stripe", "card_cit"))
    assert row["own"]["state"] == row["psp"]["state"] == "revoked"
    fact = {"by": "Grace Okoro", "date": "2026-11-23", "reason": "the PSP found a flaw, INC-7"}
    assert row["own"]["revoked"] == row["psp"]["revoked"] == fact
    code, out, _ = approved("diff", "--against", "approved", "--fail-on", "own")
    assert code == 3
    assert f"your own approval was {SAYS}" in out
    assert f"the PSP's approval was {SAYS}" in out
    page = Path("build/stripe/adyen/review.html").read_text(encoding="utf-8")
    assert f"our own approval of 2026-11-20: {SAYS}" in page
    assert "Nothing changed since the last approval" not in page
    assert approved("build", "--check")[0] == 0


def test_an_approval_that_comes_after_is_a_new_one(approved: Typed) -> None:
    approved("approvals", "revoke", "stripe", "adyen.card_cit", *GRACE, *WHY)
    code, _, err = approved("approve", "stripe", "adyen.card_cit", *ADA)
    assert code == 0
    assert f"card_cit: your own one of 2026-11-20 had been {SAYS}" in err
    assert state(approved, "stripe", "card_cit", "own") == "approved"
    # Without a new ticket nothing is said of the PSP.
    assert state(approved, "stripe", "card_cit", "psp") == "revoked"
    approved("approve", "stripe", "adyen.card_cit", "--psp-ticket", "SUP-2", *ADA)
    assert state(approved, "stripe", "card_cit", "psp") == "approved"
    assert b"revoked" not in Path("forwardc.lock").read_bytes()


def test_what_changed_since_or_is_not_built_can_be_withdrawn(approved: Typed) -> None:
    path = Path("destinations/adyen.yaml")
    text = path.read_text("utf-8")
    path.write_text(text.replace("card.number", "card.nmber"), encoding="utf-8")
    before = Path("build/stripe/adyen/review.html").read_bytes()
    code, _, err = approved("approvals", "revoke", "stripe", "adyen.card_cit", *GRACE, *WHY)
    assert code == 0
    assert "run `forwardc build` for its pages" in err
    assert Path("build/stripe/adyen/review.html").read_bytes() == before
    assert f"was {SAYS}" in refusal(approved, "stripe")[1]
    path.write_text(text.replace("card_mit", "card_later"), encoding="utf-8")
    assert approved("build")[0] == 0
    assert approved("approvals", "revoke", "stripe", "adyen.card_mit", *GRACE, *WHY)[0] == 0


def test_it_needs_no_project(
    approved: Typed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On the machine that runs there are `build/` and the lock, and nothing else."""
    machine = tmp_path / "machine"
    machine.mkdir()
    Path("build").rename(machine / "build")
    Path("forwardc.lock").rename(machine / "forwardc.lock")
    monkeypatch.chdir(machine)
    assert approved("approvals", "revoke", "checkout", "adyen.card_cit", *GRACE, *WHY)[0] == 0
    assert f"was {SAYS}" in refusal(approved, "checkout")[1]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("checkout", "adyen.card_cti"), "FC0842", "did you mean checkout/adyen/card_cit/"),
        (("braintree", "adyen"), "FC0842", "braintree/adyen in production: there is no approval"),
        (("checkout", "adyen.card_cit", "--psp"), "FC0842", "there is no PSP's approval"),
        (("checkout", "adyen", "--account", "us"), "FC0842", "adyen in production@us: there is no"),
        (("checkout", "adyen", "--reason", "a\u202eb"), "FC0706", "--reason must be one line"),
        (("checkout", "adyen", "--reason", " "), "FC0706", "--reason must be one line"),
        (("checkout", "adyen", "--reason", "4111 1111 1111 1111"), "FC0706", "card number"),
        (("checkout", "adyen", "--by", "a\nb"), "FC0706", "--by must be one line"),
    ],
)
def test_what_cannot_be_withdrawn(
    arguments: tuple[str, ...], code: str, words: str, approved: Typed
) -> None:
    before = Path("forwardc.lock").read_bytes()
    exit_code, out, _ = approved("approvals", "revoke", *GRACE, *WHY, *arguments)
    assert exit_code == 1
    assert code in out
    assert words in out
    assert Path("forwardc.lock").read_bytes() == before


def test_who_withdrew_first_stays(approved: Typed) -> None:
    approved("approvals", "revoke", "checkout", "adyen.card_cit", *GRACE, *WHY)
    before = Path("forwardc.lock").read_bytes()
    again = ("--reason", "another one")
    code, out, _ = approved("approvals", "revoke", "checkout", "adyen.card_cit", *ADA, *again)
    assert code == 1
    assert (
        f"FC0842 checkout/adyen.card_cit in production: the approval of 2026-11-20 was {SAYS}"
        in out
    )
    assert Path("forwardc.lock").read_bytes() == before


def test_a_damaged_lock_is_not_written_over(approved: Typed) -> None:
    lock = Path("forwardc.lock")
    lock.write_bytes(lock.read_bytes()[:-40])
    before = lock.read_bytes()
    code, out, _ = approved("approvals", "revoke", "checkout", "adyen.card_cit", *GRACE, *WHY)
    assert code == 1
    assert "FC0705" in out
    assert lock.read_bytes() == before


def test_options_of_the_list_are_not_lost(approved: Typed) -> None:
    code, _, err = approved("approvals", "--json", "revoke", "checkout", "adyen", *GRACE, *WHY)
    assert code == 2
    assert "options of the list go without revoke" in err


def test_a_withdrawn_fallback_holds_the_operation_up(plans: dict[str, Plan]) -> None:
    plan = plans["checkout"]
    meant = Withdrawal(
        *("checkout", "adyen", "card_cit", "production", "Grace Okoro"), TODAY, "a flaw"
    )
    found = with_revoked(approve(Lock(), plan), meant, Sink())
    assert found is not None
    sink = Sink()
    assert refuse_unapproved(plan, "network_token_cit", found[0], TODAY, sink)
    (problem,) = sink.sorted()
    assert (
        "adyen.card_cit: the own approval of 2026-11-20 was withdrawn by Grace" in problem.message
    )


def test_withdrawn_comes_before_all_else(plans: dict[str, Plan]) -> None:
    """Also one that has ended, or covers something else: a new day or build brings none back."""
    lock = approve(Lock(), plans["checkout"], expires=TODAY)
    meant = Withdrawal(*("checkout", "adyen", "", "production", "Grace Okoro"), TODAY, "a flaw")
    found = with_revoked(lock, meant, Sink())
    assert found is not None
    for year in (2020, 2026, 2099):
        day = TODAY.replace(year=year)
        assert states(plans["checkout"], "card_cit", found[0], day).own is ApprovalState.REVOKED
    data = json.loads(lock_bytes(found[0]))
    Draft202012Validator(load_schema("lock")).validate(data)


def test_what_somebody_wrote_into_the_lock_stays_on_its_line(plans: dict[str, Plan]) -> None:
    meant = Withdrawal(*("checkout", "adyen", "", "production", "Grace"), TODAY, "a flaw")
    found = with_revoked(approve(Lock(), plans["checkout"]), meant, Sink())
    assert found is not None
    record = found[0].own["checkout/adyen/card_cit/production"].revoked
    assert record is not None
    edited = replace(record, reason="ok\nFC0000 all is well 4111 1111 1111 1111")
    said = withdrawn(edited)
    assert "\n" not in said
    assert "4111" not in said
