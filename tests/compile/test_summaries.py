"""Rules over the project look at summaries only, and what stays of a destination is whole.

Each project is compiled as usual, and once more with what stays of each destination written as JSON
and read again while its trees are taken away: findings and files are the same.
"""

import json
from collections.abc import Callable, Set
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from forwardc.compile import pipeline
from forwardc.compile.language.load import ReadDestination, open_project
from forwardc.compile.review.compiled_destination import CompiledDestination
from forwardc.compile.stages import DestinationTrees, Surroundings, Take, compile_destination
from forwardc.core.diagnostics.diagnostic import Diagnostic
from forwardc.core.diagnostics.sink import Sink
from forwardc.core.records import from_record, to_record

ROOT = Path(__file__).resolve().parents[2]
BAD = ROOT / "tests/cases/bad"
PROJECTS = {
    "this project": ROOT,
    **{path.parent.name: path.parent for path in sorted(BAD.glob("*/forwardc.yaml"))},
}
DAY = date(2026, 11, 30)

VAULTS = "vaults: {stripe: {account: acct_1, api_version: 2026-09-30.endive}}"
BOTH = f"forwardc: 1\nenvironments:\n  sandbox: {{{VAULTS}}}\n  production: {{{VAULTS}}}\n"
SHOP = """\
forwardc: 1
name: NAME
title: Card payments
docs: https://docs.shop.example
environments:
  sandbox: {base_url: "https://TEST"}
  production: {base_url: "https://LIVE"}
secrets:
  NAME_key: {description: API key}
operations:
  payment:
    initiator: customer
    steps:
      pay:
        request:
          POST: /payments
          headers: {X-Key: "${secrets.NAME_key}"}
          json: {number: "${card.number}"}
        response: {outcome: by_status}
"""


def shop(name: str, test: str, live: str) -> str:
    return SHOP.replace("NAME", name).replace("TEST", test).replace("LIVE", live)


def written(folder: Path, **destinations: str) -> Path:
    """A project of these destinations, each in its file."""
    (folder / "destinations").mkdir()
    (folder / "forwardc.yaml").write_text(BOTH, encoding="utf-8")
    for name, text in destinations.items():
        (folder / "destinations" / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder


Compile = Callable[..., tuple[CompiledDestination, DestinationTrees]]


def built(root: Path) -> tuple[list[Diagnostic], dict[str, bytes]]:
    """What is found, and every file in the order it is made."""
    sink, files = Sink(), dict[str, bytes]()
    pipeline.build_project(open_project(root, sink), sink, files.__setitem__, DAY)
    return sink.sorted(), {} if sink.has_errors else files


def without_trees(*given: Any) -> tuple[CompiledDestination, DestinationTrees]:
    """What stays of a destination, written and read; none of its trees."""
    kept, trees = compile_destination(*given)
    again = from_record(CompiledDestination, json.loads(json.dumps(to_record(kept))))
    return again, DestinationTrees(ReadDestination(trees.read.path, trees.read.files))


@pytest.mark.parametrize("name", PROJECTS)
def test_the_same_without_the_trees(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    usual = built(PROJECTS[name])
    monkeypatch.setattr(pipeline, "compile_destination", without_trees)
    assert built(PROJECTS[name]) == usual


@pytest.mark.parametrize("name", PROJECTS)
def test_the_same_as_with_all_trees(name: str) -> None:
    found, files = built(PROJECTS[name])
    sink = Sink()
    compiled = pipeline.compile_project(PROJECTS[name], sink, DAY)
    assert sink.sorted() == found
    assert ({} if sink.has_errors else dict(compiled.outputs())) == files
    checked = Sink()
    assert pipeline.check_project(PROJECTS[name], checked, DAY).trees == ()
    assert checked.sorted() == found


def plan(files: dict[str, bytes], name: str) -> dict[str, Any]:
    """The plan of a destination's sandbox at Stripe."""
    made: dict[str, Any] = json.loads(files[f"stripe/{name}/sandbox.plan.json"])
    return made


@pytest.mark.parametrize(
    ("first", "second"), [("a", "b"), ("b", "a")], ids=["the later is live", "the earlier is live"]
)
def test_a_sandbox_that_another_file_calls_live(first: str, second: str, tmp_path: Path) -> None:
    """Whichever file is read first: the sandbox of one is the production of the other."""
    shops = {
        first: shop(first, "api.two.example", "api.one.example"),
        second: shop(second, "test.two.example", "api.two.example"),
    }
    found, files = built(written(tmp_path, **shops))
    assert [(finding.code, finding.span and finding.span.path) for finding in found] == [
        ("FC0523", f"destinations/{first}.yaml")
    ]
    assert plan(files, first)["needs_approval"] is True
    assert "needs_approval" not in plan(files, second)


def test_what_is_not_asked_of_others_is_compiled_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = written(
        tmp_path,
        a=shop("a", "api.z.example", "api.a.example"),
        b=shop("b", "test.b.example", "api.b.example"),
        z=shop("z", "test.z.example", "api.z.example"),
    )
    compiled = list[str]()

    def counted(
        read: ReadDestination,
        sink: Sink,
        surroundings: Surroundings,
        live: Set[str] | None,
        take: Take | None = None,
    ) -> tuple[CompiledDestination, DestinationTrees]:
        compiled.append(Path(read.path).stem)
        return compile_destination(read, sink, surroundings, live, take)

    monkeypatch.setattr(pipeline, "compile_destination", counted)
    assert [finding.code for finding in built(project)[0]] == ["FC0523"]
    assert compiled == ["a", "b", "z", "a"]


def test_an_entry_of_another_time_is_told_by_its_notes(tmp_path: Path) -> None:
    """The note holds where another destination's host decides, and only there."""
    project = written(
        tmp_path,
        a=shop("a", "test.a.example", "api.a.example"),
        b=shop("b", "test.b.example", "api.b.example"),
    )
    compiled = pipeline.check_project(project, Sink(), DAY)
    notes = [dict(kept.live) for kept in compiled.destinations]
    assert notes == [{"test.a.example": False}, {"test.b.example": False}]
    assert compiled.live_hosts == ("api.a.example", "api.b.example")


def test_with_a_mistake_anywhere_nothing_of_the_assessment_is_told(tmp_path: Path) -> None:
    """Stripe asks for the documentation of `a` (FC0708), and `z` has a mistake of its own."""
    bare = shop("a", "test.a.example", "api.a.example").replace("docs:", "# docs:")
    project = written(tmp_path, a=bare)
    assert "FC0708" in {finding.code for finding in built(project)[0]}
    wrong = shop("z", "test.z.example", "api.z.example").replace("by_status", "by_statu")
    (project / "destinations/z.yaml").write_text(wrong, encoding="utf-8")
    found = built(project)[0]
    assert {finding.span and finding.span.path for finding in found} == {"destinations/z.yaml"}


def test_nothing_is_assessed_once_a_mistake_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = shop("a", "test.a.example", "api.a.example").replace("by_status", "by_statu")
    project = written(tmp_path, a=wrong, b=shop("b", "test.b.example", "api.b.example"))
    compiled = pipeline.check_project(project, Sink(), DAY)
    assert [kept.is_assessed for kept in compiled.destinations] == [False, False]
