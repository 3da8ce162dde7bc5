"""The forms that programs read: JSON, SARIF and GitHub."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from forwardc.core.diagnostics.codes import CODES
from forwardc.core.diagnostics.diagnostic import Diagnostic, Severity
from forwardc.core.diagnostics.excerpt_lines import ExcerptLines
from forwardc.core.diagnostics.render.render import DiagnosticFormat, render
from forwardc.core.diagnostics.span import Position, Span


def sarif_run(found: list[Diagnostic], sources: ExcerptLines) -> dict[str, Any]:
    log = json.loads(render(found, DiagnosticFormat.SARIF, sources))
    assert log["version"] == "2.1.0"
    assert log["$schema"].endswith("sarif-2.1.0.json")
    (run,) = log["runs"]
    return dict(run)


def test_json_of_six_mistakes(
    six: list[Diagnostic], sources: ExcerptLines, snapshot: SnapshotAssertion
) -> None:
    assert render(six, DiagnosticFormat.JSON, sources) == snapshot


def test_json_of_nothing_is_an_empty_array() -> None:
    assert json.loads(render([], DiagnosticFormat.JSON, ExcerptLines())) == []


def test_json_names_code_place_and_hint(six: list[Diagnostic], sources: ExcerptLines) -> None:
    found = {
        entry["code"]: entry for entry in json.loads(render(six, DiagnosticFormat.JSON, sources))
    }
    assert found["FC0302"] == {
        "code": "FC0302",
        "name": "unknown-name",
        "severity": "error",
        "message": "no param `amuont`",
        "path": "destinations/shop.yaml",
        "start": {"line": 8, "column": 12},
        "end": {"line": 8, "column": 25},
        "pointer": "/json/total",
        "hint": "did you mean `amount`?",
        "related": [],
    }
    (related,) = found["FC0105"]["related"]
    assert (related["path"], related["start"]["line"]) == ("destinations/shop.yaml", 5)


def test_sarif_results_point_at_rules_and_places(
    six: list[Diagnostic], sources: ExcerptLines
) -> None:
    run = sarif_run(six, sources)
    driver = run["tool"]["driver"]
    assert driver["name"] == "forwardc"
    assert run["columnKind"] == "unicodeCodePoints"
    assert len(run["results"]) == 6
    for result in run["results"]:
        assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in {"error", "warning", "note"}
        assert result["message"]["text"]
        (location,) = result["locations"]
        physical = location["physicalLocation"]
        assert re.fullmatch(r"destinations/\w+\.yaml", physical["artifactLocation"]["uri"])
        region = physical["region"]
        assert region["startLine"] >= 1
        assert region["endColumn"] > region["startColumn"] >= 1
    duplicate = next(found for found in run["results"] if found["ruleId"] == "FC0105")
    assert duplicate["relatedLocations"][0]["physicalLocation"]["region"]["startLine"] == 5
    assert duplicate["locations"][0]["logicalLocations"] == [
        {"fullyQualifiedName": "/params/amount"}
    ]


def test_sarif_rules_carry_the_pages() -> None:
    everything = [Diagnostic(number, "m") for number in CODES]
    rules = sarif_run(everything, ExcerptLines())["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == sorted(CODES)
    for rule in rules:
        assert re.fullmatch(r"[A-Z][A-Za-z0-9]+", rule["name"])
        assert rule["shortDescription"]["text"] == CODES[rule["id"]].title
        assert rule["help"]["markdown"].startswith(f"# {rule['id']} ")
        assert rule["help"]["text"]


def test_sarif_of_nothing_is_a_run_without_results() -> None:
    assert sarif_run([], ExcerptLines())["results"] == []


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        ("destinations/a b#1.yaml", "destinations/a%20b%231.yaml"),
        ("destinations\\a.yaml", "destinations/a.yaml"),
        ("{root}/destinations/a.yaml", "destinations/a.yaml"),
        ("/elsewhere/a.yaml", "file:///elsewhere/a.yaml"),
        ("a:b.yaml", "a%3Ab.yaml"),
    ],
)
def test_sarif_paths_are_relative_uris(path: str, uri: str, tmp_path: Path) -> None:
    span = Span(path.format(root=tmp_path), Position(1, 1), Position(1, 2))
    run = sarif_run([Diagnostic("FC0101", "m", span)], ExcerptLines(tmp_path))
    (location,) = run["results"][0]["locations"]
    assert location["physicalLocation"]["artifactLocation"]["uri"] == uri


def test_github_commands_of_six_mistakes(
    six: list[Diagnostic], sources: ExcerptLines, snapshot: SnapshotAssertion
) -> None:
    assert render(six, DiagnosticFormat.GITHUB, sources) == snapshot


def test_github_escapes_what_would_end_a_property_or_a_command() -> None:
    span = Span("a,b:c%.yaml", Position(1, 1), Position(1, 2))
    found = Diagnostic("FC0104", "100% a:b,c", span, hint="second\r\n::error::no")
    assert render([found], DiagnosticFormat.GITHUB, ExcerptLines()) == (
        "::error file=a%2Cb%3Ac%25.yaml,line=1,col=1,endLine=1,endColumn=2,"
        "title=FC0104 yaml-syntax::100%25 a:b,c%0Asecond ::error::no\n"
    )


def test_github_gives_columns_only_within_one_line() -> None:
    span = Span("a.yaml", Position(1, 5), Position(3, 2))
    found = Diagnostic("FC0104", "m", span, severity=Severity.NOTE)
    assert render([found], DiagnosticFormat.GITHUB, ExcerptLines()) == (
        "::notice file=a.yaml,line=1,endLine=3,title=FC0104 yaml-syntax::m\n"
    )


def test_a_diagnostic_without_a_place_is_shown_everywhere() -> None:
    found = [Diagnostic("FC0803", "param `amount` is missing")]
    for form in DiagnosticFormat:
        assert "param `amount` is missing" in render(found, form, ExcerptLines())
