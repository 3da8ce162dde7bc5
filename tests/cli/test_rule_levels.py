"""Rule levels and comments that allow, as a person or a program meets them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import output_schemas
from forwardc.cli.main import run as cli
from shop_project import ACCOUNTS, SHOP

SAID = "response: {outcome: by_status}"
UNSAID = SHOP.replace(f"        {SAID}\n", "")
ALLOWED = UNSAID.replace("      pay:\n", "      pay: # forwardc: allow FC0326 a callback tells\n")
OFF = "rules:\n  FC0326: {level: off, reason: the team reads callbacks}\n"
APPROVE = ("approve", "stripe", "shop", "--env", "production", "--by", "ann")
Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Call:
    """Write a project, and give what a command says in it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "destinations").mkdir()

    def made(shop: str, rules: str, *arguments: str) -> tuple[int, str, str]:
        (tmp_path / "forwardc.yaml").write_text(ACCOUNTS + rules)
        (tmp_path / "destinations/shop.yaml").write_text(shop)
        code = cli(arguments)
        return (code, *capfd.readouterr())

    return made


def built(folder: Path) -> dict[str, bytes]:
    """Every file of `build/`, by its path there."""
    build = folder / "build"
    return {
        path.relative_to(build).as_posix(): path.read_bytes()
        for path in build.rglob("*")
        if path.is_file()
    }


def test_a_warning_that_is_raised_fails_check_and_build(call: Call, tmp_path: Path) -> None:
    assert call(UNSAID, "", "check")[0] == 0
    code, out, _ = call(UNSAID, "rules: {FC0326: error}\n", "check")
    assert code == 1
    assert "error FC0326" in out
    assert call(UNSAID, "rules: {FC0326: error}\n", "build")[0] == 1
    assert not (tmp_path / "build").exists()


def test_what_is_allowed_passes_where_the_rule_is_raised(call: Call) -> None:
    code, out, err = call(ALLOWED, "rules: {FC0326: error}\n", "check")
    assert (code, out) == (0, "")
    assert "suppressed: 1 by a comment" in err


def test_an_unused_param_may_be_sent_by_others(call: Call, tmp_path: Path) -> None:
    more = SHOP.replace("params:\n", "params:\n  trace: {type: string, optional: true}\n")
    assert call(more, "", "build")[0] == 1
    code, out, _ = call(more, "rules: {FC0308: warning}\n", "build")
    assert code == 0
    assert "warning FC0308" in out
    plan = json.loads(built(tmp_path)["stripe/shop/production.plan.json"])
    assert "trace" not in json.dumps(plan["operations"])


@pytest.mark.parametrize("command", ["check", "build"])
@pytest.mark.parametrize(("shop", "rules", "by"), [(ALLOWED, "", "comment"), (UNSAID, OFF, "rule")])
def test_a_program_is_told_what_was_suppressed(
    command: str, shop: str, rules: str, by: str, call: Call
) -> None:
    code, out, _ = call(shop, rules, command, "--json")
    document: dict[str, Any] = json.loads(out)
    assert code == 0
    assert output_schemas.mistakes(command, document) == []
    assert document["problems"] == []
    (finding,) = document["suppressed"]
    reasons = {"comment": "a callback tells", "rule": "the team reads callbacks"}
    assert (finding["code"], finding["severity"]) == ("FC0326", "warning")
    assert (finding["by"], finding["reason"]) == (by, reasons[by])
    place = finding["related"][-1]
    file = "destinations/shop.yaml" if by == "comment" else "forwardc.yaml"
    assert (place["path"], place["message"]) == (file, f"suppressed by this {by}")


def test_the_second_answer_is_the_first_one(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path.parent / "cache"))
    first = call(ALLOWED, OFF, "check", "--json")
    assert call(ALLOWED, OFF, "check", "--json") == first
    assert call(ALLOWED, OFF, "check", "--json", "--no-store") == first


@pytest.mark.parametrize(
    ("shop", "rules", "kind"), [(ALLOWED, "", "inSource"), (UNSAID, OFF, "external")]
)
def test_sarif_has_it_as_a_suppression(shop: str, rules: str, kind: str, call: Call) -> None:
    _, out, _ = call(shop, rules, "check", "--format", "sarif")
    (run,) = json.loads(out)["runs"]
    (result,) = run["results"]
    (suppression,) = result["suppressions"]
    assert (result["ruleId"], suppression["kind"]) == ("FC0326", kind)
    assert suppression["justification"]


def test_a_pull_request_shows_what_a_comment_allows(call: Call) -> None:
    _, out, _ = call(ALLOWED, "", "check", "--format", "github")
    assert out.startswith("::notice file=destinations/shop.yaml,")
    assert "allowed by a comment: a callback tells" in out
    assert call(UNSAID, OFF, "check", "--format", "github")[1] == ""


def test_a_reason_is_a_line_of_text_wherever_it_is_shown(call: Call, tmp_path: Path) -> None:
    reason = "<script>alert(1)</script> | ::error::x [a](b) \u200b##[error]"
    shop = ALLOWED.replace("a callback tells", reason)
    _, out, _ = call(shop, "", "build", "--format", "github")
    assert len([line for line in out.splitlines() if line.startswith("::")]) == 1
    assert "\u200b" not in out
    page = built(tmp_path)["stripe/shop/review.html"].decode()
    letter = built(tmp_path)["stripe/shop/submission.md"].decode()
    for text in (page, letter):
        assert "<script>" not in text
        assert "\u200b" not in text
    assert "\\[a\\](b)" in letter


def test_a_secret_in_a_reason_is_a_mistake_and_shown_nowhere(call: Call) -> None:
    key = "sk_live_" + "51Hx9QzKfT2mWv7RbXnL8pYc"
    code, out, err = call(ALLOWED.replace("a callback tells", key), "", "check")
    assert code == 1
    assert "FC0504" in out
    assert key not in out + err


def test_pages_and_letters_tell_it_and_plans_do_not(call: Call, tmp_path: Path) -> None:
    assert call(UNSAID, "", "build")[0] == 0
    before = built(tmp_path)
    assert call(ALLOWED, OFF, "build")[0] == 0
    after = built(tmp_path)
    changed = {path for path in before if before[path] != after[path]}
    assert changed == {"manifest.json", "stripe/shop/review.html", "stripe/shop/submission.md"}
    for name in ("review.html", "submission.md"):
        shown = after[f"stripe/shop/{name}"].decode()
        for word in ("FC0326", "a callback tells", "the team reads callbacks", "line 16"):
            assert word in shown, word


def test_an_approval_stands(call: Call) -> None:
    assert call(SHOP, "", "build")[0] == 0
    assert call(SHOP, "", *APPROVE, "--psp-ticket", "SUP-1")[0] == 0
    noted = SHOP.replace("  note:", "  # forwardc: allow FC0343 it is a text\n  note:")
    rules = "rules: {FC0326: off, FC0308: warning}\n"
    assert call(noted, rules, "build")[0] == 0
    _, out, _ = call(noted, rules, "approvals", "--json")
    (row,) = [row for row in json.loads(out)["approvals"] if row["vault"] == "stripe"]
    assert (row["own"]["state"], row["psp"]["state"]) == ("approved", "approved")


def test_who_approves_is_told(call: Call) -> None:
    noted = SHOP.replace("  note:", "  # forwardc: allow FC0326 of another step\n  note:")
    rules = "rules: {FC0343: {level: off, reason: short numbers}, FC0335: error}\n"
    assert call(noted, rules, "build")[0] == 0
    code, _, err = call(noted, rules, *APPROVE)
    assert code == 0
    assert "FC0343 switched off, forwardc.yaml: short numbers" in err
    assert "FC0326 allowed by a comment, destinations/shop.yaml, line 9: of another step" in err
    assert "FC0335" not in err


def test_a_file_alone_has_its_comments_and_not_the_rules(call: Call) -> None:
    assert "FC0326" in call(UNSAID, OFF, "check", "destinations/shop.yaml")[1]
    code, out, _ = call(ALLOWED, "", "check", "destinations/shop.yaml")
    assert (code, out) == (0, "")


def test_a_step_that_is_allowed_is_not_fixed(call: Call, tmp_path: Path) -> None:
    step = UNSAID[UNSAID.index("      pay:\n") :]
    other = step.replace("      pay:\n", "      retry:\n")
    assert call(ALLOWED + other, "", "check", "--fix")[0] == 0
    fixed = (tmp_path / "destinations/shop.yaml").read_text()
    pay, _, retry = fixed.partition("      retry:\n")
    assert ("by_status" in pay, "by_status" in retry) == (False, True)
    assert call(fixed, "", "check")[:2] == (0, "")
