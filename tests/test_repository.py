"""Promises of the repository itself: commands, lock, ignore rules, records."""

import os
import re
import socket
import subprocess
import tomllib
from itertools import chain
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from forwardc.version import __version__
from one_rule import one_rule

ROOT = Path(__file__).resolve().parent.parent
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
DIRECT = [
    Requirement(text)
    for text in (
        *PYPROJECT["project"]["dependencies"],
        *chain.from_iterable(PYPROJECT["project"]["optional-dependencies"].values()),
        *PYPROJECT["dependency-groups"]["dev"],
        *PYPROJECT["build-system"]["requires"],
    )
]


def git(*arguments: str) -> subprocess.CompletedProcess[str]:
    if not (ROOT / ".git").exists():
        pytest.skip("needs a git checkout")
    return subprocess.run(
        ["git", "-c", "safe.directory=*", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def locked() -> dict[str, list[str]]:
    """Return the words of each entry of the lock, by package name."""
    text = (ROOT / "requirements" / "dev.txt").read_text(encoding="utf-8")
    entries = re.sub(r"(?m)^\s*#.*$", "", text).replace("\\\n", " ").strip().splitlines()
    return {canonicalize_name(entry.split("==")[0]): entry.split() for entry in entries if entry}


def test_the_lock_names_exact_versions_with_hashes_and_no_host() -> None:
    for name, (exact, *rest) in locked().items():
        assert re.fullmatch(r"[a-z0-9-]+==[0-9a-z.]+", exact), name
        assert any(re.fullmatch(r"--hash=sha256:[0-9a-f]{64}", word) for word in rest), name
        assert not any("://" in word or word.startswith(("-i", "--index")) for word in rest), name


@one_rule("wanted", DIRECT)
def test_the_lock_fits_the_bounds_of_pyproject(wanted: Requirement) -> None:
    version = locked()[canonicalize_name(wanted.name)][0].split("==")[1]
    assert wanted.specifier.contains(version), "renew the lock with requirements/lock.sh"
    bounds = {bound.operator for bound in wanted.specifier}
    assert bounds & {"<", "=="}, "a version has an upper bound"


@one_rule("wanted", DIRECT)
def test_every_dependency_has_its_reason_on_record(wanted: Requirement) -> None:
    record = (ROOT / "docs" / "decisions" / "0001-dependencies.md").read_text(encoding="utf-8")
    assert f"| {wanted.name} |" in record


def test_the_commands_are_those_of_the_manual() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = re.findall(r"(?m)^([a-z]+):", makefile)
    assert targets == [
        "demo",
        "test",
        "quick",
        "check",
        "build",
        "bench",
        "fuzz",
        "mutants",
        "pictures",
        "generated",
        "audit",
        "facts",
    ]
    phony = re.search(r"(?m)^\.PHONY: (.*)$", makefile)
    assert phony
    assert phony[1].split() == targets


def test_the_readme_is_read_in_five_minutes() -> None:
    words = (ROOT / "README.md").read_text(encoding="utf-8").split()
    assert len(words) <= 900, "what is more goes to a page of docs/"


def test_no_ignore_rule_hides_the_build_folder(tmp_path: Path) -> None:
    personal = tmp_path / "ignore"
    personal.write_text("build/\n*.json\n", encoding="utf-8")
    for name in ("build/manifest.json", "build/checkout/adyen/sandbox.plan.json"):
        seen = git("-c", f"core.excludesFile={personal}", "check-ignore", "--quiet", name)
        assert seen.returncode == 1, seen.stderr


def test_no_build_backend_writes_into_the_build_folder() -> None:
    assert PYPROJECT["tool"]["hatch"]["build"]["directory"] != "build"


def test_the_version_has_an_entry_in_the_changelog() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(rf"(?m)^## {re.escape(__version__)}\b", changelog)


@pytest.mark.skipif(os.name == "nt", reason="needs file modes")
@pytest.mark.parametrize("name", [".ci/run", "requirements/lock.sh"])
def test_scripts_can_be_executed(name: str) -> None:
    assert os.access(ROOT / name, os.X_OK)
    assert git("ls-files", "--stage", name).stdout.startswith("100755 ")


def test_no_tracked_file_names_a_folder_of_one_machine() -> None:
    # A folder below a home directory, not after a host name or another folder.
    personal = re.compile(r"(?<![\w.:/*-])/(?:root|home|Users|work)/\w")
    names = git("ls-files", "-z").stdout.split("\0")
    texts = [ROOT / name for name in names if name and (ROOT / name).is_file()]
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in texts
        for number, line in enumerate(
            path.read_text(encoding="utf-8", errors="replace").splitlines(), 1
        )
        if personal.search(line)
    ]
    assert not found


def test_no_test_reads_the_clock() -> None:
    # How long something takes is measured with other clocks, which know no day.
    clock = re.compile(r"\b(?:datetime\.now|date\.today|utcnow|time\.time)\(")
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in sorted((ROOT / "tests").rglob("*.py"))
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if clock.search(line) and path.name != Path(__file__).name
    ]
    assert not found, "take a fixed day: a test must not end with its year"


@pytest.mark.parametrize("host", ["192.0.2.1", "2001:db8::1", "example.com"])
def test_tests_reach_this_machine_only(host: str) -> None:
    with pytest.raises(Exception, match="loopback only"):
        socket.create_connection((host, 443), timeout=30)


@pytest.mark.xdist_group("probe")
def test_tests_of_a_group_stay_together(request: pytest.FixtureRequest) -> None:
    """Servers with fixed ports and what is built once: xdist marks their ids with the group."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        assert request.node.nodeid.endswith("@probe")
