"""Coverage over environments: a reason names where it holds, and the weakest decides the mark."""

from pathlib import Path
from typing import Any

from forwardc.compile.language.load import load_files
from forwardc.compile.pipeline import compile_loaded
from forwardc.compile.review import coverage
from forwardc.compile.review.coverage import CoverageRow, reasons, to_markdown
from forwardc.core.diagnostics.sink import Sink

CASE = Path(__file__).resolve().parents[1] / "cases" / "coverage" / "address-off-the-list"


def row(tmp_path: Path, old: str = "", new: str = "") -> CoverageRow:
    text = (CASE / "destination.yaml").read_text("utf-8").replace(old, new)
    (tmp_path / "destination.yaml").write_text(text)
    sink = Sink()
    found = compile_loaded(load_files(tmp_path, ["destination.yaml"], sink), sink)
    return next(one for one in coverage.rows(found.assessments) if one.vault == "stripe")


def told(one: CoverageRow) -> dict[str, Any]:
    (document,) = coverage.to_json([one], [])["coverage"]
    return {reason["code"]: reason.get("environments") for reason in document["reasons"]}


def test_a_reason_of_one_environment_names_it(tmp_path: Path) -> None:
    found = row(tmp_path)
    assert told(found) == {"FC0610": ["production"]}
    assert "FC0610, production, step `pay`" in to_markdown([found], [])
    (line,) = reasons([found])
    assert "degraded in production: this URL" in line


def test_a_reason_of_all_names_none(tmp_path: Path) -> None:
    field = 'number: "${card.number}"'
    found = row(tmp_path, field, f'{field}, month: "${{int(card.expiry.MM)}}"')
    assert told(found) == {"FC0616": None, "FC0610": ["production"]}
    assert found.status == "unconfirmed"
