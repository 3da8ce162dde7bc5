"""`forwardc diff` in a real git repository: what changed since a commit, and who must act."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from forwardc.cli.build import command as build
from forwardc.cli.diff import command as diff

ROOT = Path(__file__).resolve().parents[2]
YAML = "destinations/adyen.yaml"


def git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=Test", "-c", "user.email=test@example.com")
    subprocess.run(
        ["git", "-C", str(folder), *identity, *arguments], check=True, capture_output=True
    )


@pytest.fixture(scope="module")
def committed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project")
    shutil.copytree(ROOT / "destinations", folder / "destinations")
    shutil.copy(ROOT / "forwardc.yaml", folder)
    for extra in ROOT.glob("attestations"):
        shutil.copytree(extra, folder / extra.name)
    assert CliRunner().invoke(build, ["--project", str(folder)]).exit_code == 0
    git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message", "First")
    return folder


@pytest.fixture
def project(committed: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    shutil.copytree(committed, folder)
    return folder


def edit(project: Path, old: str, new: str) -> None:
    path = project / YAML
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def run(project: Path, *options: str) -> Result:
    return CliRunner().invoke(
        diff, ["--project", str(project), *options], standalone_mode=False, catch_exceptions=False
    )


def classes(project: Path) -> dict[tuple[str, str], set[str]]:
    found: dict[tuple[str, str], set[str]] = {}
    for one in json.loads(run(project, "--format", "json").output)["differences"]:
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
    assert run(project).output == "against HEAD: no difference\n"


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("{type: amount, minimum: 0,", "{type: amount, minimum: 5,", "another minimum"),
        ("max_length: 80, example: ORDER", "max_length: 40, example: ORDER", "another max_length"),
        (
            "reference: {type: string, min_length: 1, max_length: 80,",
            "reference: {type: uri,",
            "uri",
        ),
        ("psp_reference: {at:", "psp_ref: {at:", "psp_reference of step pay is gone"),
        ("initiator: merchant\n    fallback: card_mit", "initiator: customer", "initiator"),
    ],
)
def test_what_breaks_callers(project: Path, old: str, new: str, what: str) -> None:
    edit(project, old, new)
    result = run(project, "--fail-on", "breaking")
    assert result.return_value == 3
    assert "Breaks callers" in result.output
    assert what in result.output


def test_wider_is_safe_for_callers(project: Path) -> None:
    edit(project, "{type: amount, minimum: 0,", "{type: amount,")
    assert "breaking" not in {name for found in classes(project).values() for name in found}
    assert run(project, "--fail-on", "breaking").return_value == 0
    assert run(project).return_value == 3


def test_markdown_and_html_hold_every_difference(project: Path) -> None:
    edit(project, "headers: {X-API-Key:", "headers: {X-Shop: one, X-API-Key:")
    ids = [one["id"] for one in json.loads(run(project, "--format", "json").output)["differences"]]
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
    assert "a plan is damaged or of another version" in result.output


def test_since_approval_everything_is_new(project: Path) -> None:
    result = run(project, "--against", "approved")
    assert result.return_value == 3
    assert "never approved by the PSP" in result.output
