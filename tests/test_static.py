"""What static checks found and we accept has its reason beside it; nothing else is found."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("compiler", "benchmarks", "requirements")
NOQA = re.compile(r"#\s*(?:ruff: )?noqa: (?P<codes>[A-Z]+\d+(?:,\s*[A-Z]+\d+)*)(?P<why> - \S)?")

# What bandit alone reports, by rule and file. Its other findings are ruff's, B608 being S608, and
# stand with their reason on the line or in pyproject.toml.
ACCEPTED = {
    ("B404", "benchmarks/compiling.py"): "an import does nothing; each call is judged",
    ("B404", "benchmarks/loopback.py"): "an import does nothing; each call is judged",
    ("B404", "benchmarks/peers/install.py"): "an import does nothing; each call is judged",
    ("B404", "benchmarks/peers/peer.py"): "an import does nothing; each call is judged",
    ("B404", "benchmarks/project.py"): "an import does nothing; each call is judged",
    ("B404", "benchmarks/serving.py"): "an import does nothing; each call is judged",
    ("B404", "benchmarks/suites.py"): "an import does nothing; each call is judged",
    ("B404", "benchmarks/timing.py"): "an import does nothing; each call is judged",
    (
        "B404",
        "compiler/forwardc/compile/review/diff/builds.py",
    ): "an import does nothing: git, no shell",
    (
        "B404",
        "compiler/forwardc/runtime/secret_providers/command.py",
    ): "an import does nothing: no shell",
    ("B404", "requirements/audit.py"): "an import does nothing; each call is judged",
    ("B404", "requirements/facts.py"): "an import does nothing; each call is judged",
    ("B105", "compiler/forwardc/server/oauth/token_endpoint.py"): "a scheme's name, Bearer",
    ("B105", "compiler/forwardc/sandbox/checkout/network_tokens.py"): "digits to choose from",
    ("B105", "compiler/forwardc/sandbox/checkout/access.py"): "a scheme's name, Bearer",
    ("B105", "compiler/forwardc/sandbox/destinations/bearer.py"): "a scheme's name, Bearer",
    ("B107", "compiler/forwardc/sandbox/checkout/network_tokens.py"): "no token at all",
    ("B701", "compiler/forwardc/compile/review/templates.py"): "escaped where the template is HTML",
}


def ignored_by_file() -> dict[str, list[str]]:
    with (ROOT / "pyproject.toml").open("rb") as file:
        ignores: dict[str, list[str]] = tomllib.load(file)["tool"]["ruff"]["lint"][
            "per-file-ignores"
        ]
    return ignores


def findings() -> list[dict[str, Any]]:
    command = [sys.executable, "-m", "bandit", "--quiet", "--recursive", "--format", "json"]
    done = subprocess.run(
        [*command, *FOLDERS], cwd=ROOT, capture_output=True, text=True, check=False
    )
    report = json.loads(done.stdout)
    assert report["errors"] == []
    assert report["metrics"]["_totals"]["loc"] > 10_000, "bandit has read no code"
    return list(report["results"])


def has_reason(finding: dict[str, Any]) -> bool:
    """Whether the line says why, or pyproject.toml does for the file."""
    code, path = finding["test_id"].replace("B", "S"), Path(finding["filename"])
    if any(path.match(glob) and code in codes for glob, codes in ignored_by_file().items()):
        return True
    lines = (ROOT / path).read_text(encoding="utf-8").splitlines()
    first, last = finding["line_range"][0], finding["line_range"][-1]
    marks = [NOQA.search(line) for line in lines[first - 1 : last]]
    return any(mark and code in mark["codes"] and mark["why"] for mark in marks)


def test_bandit_finds_nothing_without_a_reason() -> None:
    found = findings()
    keys = {(one["test_id"], one["filename"]) for one in found if not has_reason(one)}
    assert sorted(keys - set(ACCEPTED)) == [], "fix it, or give the reason on the line"
    assert sorted(set(ACCEPTED) - keys) == [], "accepted, and not found any more"


@pytest.mark.parametrize("folder", [*FOLDERS, "tests"])
def test_a_rule_of_safety_is_switched_off_with_its_reason(folder: str) -> None:
    silent = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in sorted((ROOT / folder).rglob("*.py"))
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        for mark in NOQA.finditer(line)
        if re.search(r"\bS\d", mark["codes"]) and not mark["why"]
    ]
    assert silent == [], "write `# noqa: S608 - why`"


def test_a_file_is_let_off_with_its_reason() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    table = text.partition("[tool.ruff.lint.per-file-ignores]\n")[2].partition("\n[")[0]
    lines = [line for line in table.splitlines() if line]
    for before, line in zip(["", *lines], lines, strict=False):
        assert line.startswith("#") or before.startswith("#") or "  # " in line, line


def test_the_rules_of_safety_are_on() -> None:
    with (ROOT / "pyproject.toml").open("rb") as file:
        lint = tomllib.load(file)["tool"]["ruff"]["lint"]
    assert "S" in lint["select"]
    assert not [code for code in lint["ignore"] if re.match(r"S\d", code)]
