"""`forwardc diff` beside approvals: what was approved, breaks that are accepted, evidence."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from diff_project import DAY, diff, edit
from forwardc.cli.approvals.approve import command as approve
from forwardc.cli.build import command as build

BREAK = ("refusal_reason: {at:", "refused: {at:")
HEADER = ("headers: {X-API-Key:", "headers: {X-Shop: one, X-API-Key:")
WHY = ("--reason", "the shop reads psp_ref since 1.4", "--by", "Ada Moreau")


def rebuild(project: Path, old: str, new: str) -> None:
    edit(project, old, new)
    assert CliRunner().invoke(build, ["--project", str(project), *DAY]).exit_code == 0


def approved(project: Path, *arguments: str) -> Result:
    given = [*DAY, *arguments, "--env", "production", "--by", "Ada Moreau"]
    return CliRunner().invoke(approve, [*given, "--project", str(project)], standalone_mode=False)


def ids(project: Path, class_: str) -> list[str]:
    found = json.loads(diff(project, "--format", "json").stdout)["differences"]
    return [one["id"] for one in found if one["class"] == class_]


def accept(project: Path, *given: str) -> Result:
    return diff(project, *(word for one in given for word in ("--accept", one)), *WHY)


def test_a_known_break_is_accepted_with_a_reason(project: Path) -> None:
    rebuild(project, *BREAK)
    assert diff(project, "--fail-on", "breaking").return_value == 3
    breaks = ids(project, "breaking")
    result = accept(project, *breaks)
    assert result.return_value == 0, result.output
    assert result.stdout.count("accepted ") == len(breaks)
    assert diff(project, "--fail-on", "breaking").return_value == 0
    assert "(accepted: the shop reads psp_ref since 1.4)" in diff(project).stdout
    accepted = json.loads((project / "forwardc.lock").read_bytes())["accepted"]
    assert [one["change"] for one in accepted] == sorted(breaks)
    assert {(one["by"], one["date"]) for one in accepted} == {("Ada Moreau", "2026-11-20")}


def test_the_build_is_fresh_after_it(project: Path) -> None:
    rebuild(project, *BREAK)
    accept(project, *ids(project, "breaking"))
    check = ["--check", "--project", str(project), *DAY]
    assert CliRunner().invoke(build, check, standalone_mode=False).return_value == 0


def test_one_of_many_is_accepted_alone_and_a_second_reason_replaces_the_first(
    project: Path,
) -> None:
    rebuild(project, *BREAK)
    one = ids(project, "breaking")[0]
    accept(project, one)
    again = ("--accept", one, "--reason", "another", "--by", "Bo Lind")
    assert diff(project, *again).return_value == 0
    (record,) = json.loads((project / "forwardc.lock").read_bytes())["accepted"]
    assert (record["reason"], record["by"]) == ("another", "Bo Lind")
    assert diff(project, "--fail-on", "breaking").return_value == 3


@pytest.mark.parametrize("class_", ["review", "own"])
def test_what_needs_an_approval_is_not_accepted_with_a_reason(project: Path, class_: str) -> None:
    rebuild(project, *HEADER)
    result = accept(project, ids(project, class_)[0])
    assert result.return_value == 1
    assert "breaks no caller" in result.output
    assert not (project / "forwardc.lock").exists()


def test_a_lock_edited_to_accept_a_review_does_not_pass(project: Path) -> None:
    rebuild(project, *HEADER)
    one = {"change": ids(project, "review")[0], "reason": "r", "by": "b", "date": "2026-11-20"}
    lock = {"forwardc": 2, "own": {}, "psp": {}, "accepted": [one]}
    (project / "forwardc.lock").write_text(json.dumps(lock))
    assert diff(project, "--fail-on", "review").return_value == 3


def test_an_id_that_no_difference_has(project: Path) -> None:
    result = accept(project, "000000000000")
    assert result.return_value == 1
    assert "FC0706" in result.output
    assert not (project / "forwardc.lock").exists()


def test_a_stale_build_accepts_nothing(project: Path) -> None:
    edit(project, *BREAK)
    result = accept(project, *ids(project, "breaking"))
    assert result.return_value == 1
    assert "build/ is not what the destinations compile to" in result.output
    assert not (project / "forwardc.lock").exists()


def test_a_reason_with_a_card_number_is_refused(project: Path) -> None:
    rebuild(project, *BREAK)
    one = ids(project, "breaking")[0]
    result = diff(project, "--accept", one, "--reason", "4111111111111111", "--by", "Ada")
    assert result.return_value == 1
    assert "looks like a credential or a card number" in result.output
    assert "4111111111111111" not in result.output


def test_since_approval_everything_is_new(project: Path) -> None:
    result = diff(project, "--against", "approved")
    assert result.return_value == 3
    assert "never approved by the PSP" in result.output


def test_what_is_approved_is_no_difference_until_its_last_day_is_over(project: Path) -> None:
    given = ("--psp-ticket", "SUP-1042", "--expires", "2026-12-31")
    approved(project, "stripe", "adyen", *given)
    against = ("--against", "approved")
    assert "adyen.card_cit at stripe" not in diff(project, *against).stdout
    later = diff(project, *against, "--today", "2027-01-01").stdout
    assert "your own approval ended on 2026-12-31" in later
    assert "the PSP's approval ended on 2026-12-31" in later


def test_a_header_after_an_approval_loses_both_at_stripe(project: Path) -> None:
    approved(project, "stripe", "adyen", "--psp-ticket", "SUP-1042")
    rebuild(project, *HEADER)
    lines = diff(project, "--against", "approved").stdout.splitlines()
    assert any("PSP sees: added /0/headers/3 (X-Shop)" in line for line in lines)
    assert any("leaves: added" in line and "(X-Shop)" in line for line in lines)


@pytest.mark.parametrize("stale", [False, True])
def test_evidence_that_lapsed_is_noticed_and_nothing_is_approved(
    project: Path, stale: bool
) -> None:
    if stale:
        edit(project, *HEADER)
    late = ("--today", "2027-11-01")
    for result in (diff(project, *late), approved(project, "stripe", "token_vault", *late)):
        assert result.return_value == 1
        assert "FC0709 the attestation lapsed on 2027-10-31" in result.output
    assert not (project / "forwardc.lock").exists()


def test_evidence_near_its_end_is_told_beside_the_differences(project: Path) -> None:
    result = diff(project, "--format", "json", "--today", "2027-10-01")
    assert result.return_value == 0
    document = json.loads(result.stdout)
    assert document["differences"] == []
    assert any("the attestation ends on 2027-10-31" in str(one) for one in document["problems"])
