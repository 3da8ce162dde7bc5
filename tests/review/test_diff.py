"""`forwardc diff` in a real git repository: what changed since a commit, and who must act."""

import json
import re
from pathlib import Path

import pytest

from diff_project import diff as run
from diff_project import edit, git
from forwardc.core.files.digest import file_digest


def classes(project: Path) -> dict[tuple[str, str], set[str]]:
    found: dict[tuple[str, str], set[str]] = {}
    for one in json.loads(run(project, "--format", "json").stdout)["differences"]:
        found.setdefault((one["vault"], one["environment"]), set()).add(one["class"])
    return found


def test_nothing_changed(project: Path) -> None:
    result = run(project)
    assert (result.return_value, result.output) == (0, "against HEAD: no difference\n")


def test_a_header_needs_a_psp_review_at_stripe_only(project: Path) -> None:
    edit(project, "headers: {X-API-Key:", "headers: {X-Shop: one, X-API-Key:")
    found = classes(project)
    assert found["stripe", "production"] == {"review", "own"}
    assert found["checkout", "production"] == {"own"}
    assert found["checkout", "sandbox"] == {"safe"}
    assert run(project, "--fail-on", "review").return_value == 3


def test_titles_documents_comments_and_order_are_no_difference(project: Path) -> None:
    edit(project, "title: Adyen Checkout, card payments", "title: Another title # a comment")
    edit(project, "docs: https://docs.adyen.com/", "docs: https://docs.example.com/")
    assert run(project).stdout == "against HEAD: no difference\n"


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        (
            "{type: amount, minimum: 0,",
            "{type: amount, minimum: 5,",
            "the param amount has the minimum 5 now",
        ),
        (
            "max_length: 80, example: ORDER",
            "max_length: 40, example: ORDER",
            "the param reference has the max_length 40 now",
        ),
        (
            "reference: {type: string, min_length: 1, max_length: 80,",
            "reference: {type: uri,",
            "uri",
        ),
        (
            'schemes: [https, http, adyencheckout, "${settings.app_scheme}"]',
            'schemes: [https, "${settings.app_scheme}"]',
            "the param return_url takes only https, adyencheckout addresses now",
        ),
        ("refusal_reason: {at:", "refused: {at:", "refusal_reason of step pay is gone"),
        ("initiator: merchant\n    fallback: card_mit", "initiator: customer", "initiator"),
    ],
)
def test_what_breaks_callers(project: Path, old: str, new: str, what: str) -> None:
    edit(project, old, new)
    result = run(project, "--fail-on", "breaking")
    assert result.return_value == 3
    assert "Breaks callers" in result.output
    assert what in result.output


def test_a_later_break_of_the_same_param_has_an_id_of_its_own(project: Path) -> None:
    ids = []
    for bound in ("minimum: 5", "minimum: 9"):
        edit(project, "{type: amount, minimum: 0,", f"{{type: amount, {bound},")
        found = json.loads(run(project, "--format", "json").stdout)["differences"]
        ids.append({one["id"] for one in found if one["class"] == "breaking"})
        edit(project, f"{{type: amount, {bound},", "{type: amount, minimum: 0,")
    assert ids[0]
    assert not ids[0] & ids[1]


def test_markdown_is_code_where_it_would_be_read_as_something_else(project: Path) -> None:
    edit(project, "headers: {X-API-Key:", "headers: {X-Shop: one, X-API-Key:")
    rows = [
        line for line in run(project, "--format", "markdown").stdout.splitlines() if "$" in line
    ]
    assert rows
    assert all(re.search(r"`[^`]*\$[^`]*`", row) for row in rows)


def test_wider_is_safe_for_callers(project: Path) -> None:
    edit(project, "{type: amount, minimum: 0,", "{type: amount,")
    assert "breaking" not in {name for found in classes(project).values() for name in found}
    assert run(project, "--fail-on", "breaking").return_value == 0
    assert run(project).return_value == 3


def test_one_more_scheme_is_safe_for_callers(project: Path) -> None:
    edit(project, "schemes: [https, http, adyencheckout,", "schemes: [https, http, my-app,")
    assert "the param return_url takes only" not in run(project).output
    edit(project, "default: adyencheckout", "default: other-app")
    assert run(project, "--fail-on", "breaking").return_value == 3


def test_markdown_and_html_hold_every_difference(project: Path) -> None:
    edit(project, "headers: {X-API-Key:", "headers: {X-Shop: one, X-API-Key:")
    ids = [one["id"] for one in json.loads(run(project, "--format", "json").stdout)["differences"]]
    for form in ("markdown", "html"):
        page = run(project, "--format", form).output
        assert all(identity in page for identity in ids)


@pytest.mark.parametrize("reference", ["nope", "--output=x", "HEAD:build", ""])
def test_a_reference_that_does_not_exist(project: Path, reference: str) -> None:
    result = run(project, "--against", reference)
    assert result.return_value == 1
    assert "FC0707" in result.output


def test_a_commit_without_a_build(project: Path) -> None:
    git(project, "checkout", "--quiet", "--orphan", "empty")
    git(project, "rm", "-r", "--quiet", "--cached", "build")
    git(project, "commit", "--quiet", "--message", "No build")
    result = run(project)
    assert result.return_value == 1
    assert "manifest.json is not committed there" in result.output


def test_a_truncated_plan(project: Path) -> None:
    path = project / "build/stripe/adyen/production.plan.json"
    path.write_bytes(path.read_bytes()[:100])
    git(project, "commit", "--quiet", "--all", "--message", "Damage")
    edit(project, "headers: {X-API-Key:", "headers: {X-Shop: one, X-API-Key:")
    result = run(project)
    assert result.return_value == 1
    assert "production.plan.json differs from its digest in manifest.json" in result.output


def test_a_plan_of_another_version(project: Path) -> None:
    path = project / "build/stripe/adyen/production.plan.json"
    manifest = project / "build/manifest.json"
    old = file_digest(path.read_bytes())
    path.write_bytes(path.read_bytes().replace(b'"forwardc": 2', b'"forwardc": 3', 1))
    edit(project, old, file_digest(path.read_bytes()), manifest.relative_to(project).as_posix())
    git(project, "commit", "--quiet", "--all", "--message", "Another version")
    edit(project, "headers: {X-API-Key:", "headers: {X-Shop: one, X-API-Key:")
    result = run(project)
    assert result.return_value == 1
    assert "production.plan.json is damaged or of another version" in result.output


def test_a_plan_that_was_edited_by_hand_is_not_taken_for_the_build(project: Path) -> None:
    path = project / "build/stripe/adyen/production.plan.json"
    path.write_bytes(path.read_bytes().replace(b"ForwardcECOM", b"SomebodyElse"))
    before = path.read_bytes()
    result = run(project)
    assert "build/ is stale" in result.stderr
    assert result.stdout == "against HEAD: no difference\n"
    assert path.read_bytes() == before


def test_a_change_is_told_once(project: Path) -> None:
    edit(project, "headers: {X-API-Key:", "headers: {X-Shop: one, X-API-Key:")
    told = [
        one["what"]
        for one in json.loads(run(project, "--format", "json").stdout)["differences"]
        if (one["vault"], one["operation"]) == ("stripe", "card_cit")
        and one["environment"] == "production"
    ]
    assert told == [
        "PSP sees: added /0/headers/3 (X-Shop)",
        "leaves: added /steps/0/http/body/$form/request/headers/0 (X-Shop)",
    ]


def test_a_lock_that_was_edited_by_hand(project: Path) -> None:
    lock = project / "forwardc.lock"
    lock.write_text('{"forwardc": 2, "own": 3}')
    result = run(project, "--against", "approved")
    assert result.return_value == 1
    assert "FC0705" in result.output
    assert lock.read_text() == '{"forwardc": 2, "own": 3}'
