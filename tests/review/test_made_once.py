"""What many files of a build ask for is made once, and what a destination was goes with it."""

import gc
import json
from collections import Counter
from pathlib import Path

import pytest

from forwardc.compile import pipeline
from forwardc.compile.language.load import open_project
from forwardc.compile.review import build_files
from forwardc.compile.review.comparison import MANIFEST
from forwardc.compile.review.page import request_values
from forwardc.compile.vaults import encode
from forwardc.core.diagnostics.sink import Sink
from forwardc.core.files.digest import file_digest
from forwardc.core.terms.codec import json_of, to_json
from forwardc.core.terms.terms import Encoded, Encoding, Lit, Map, Ref

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(scope="module")
def compiled() -> pipeline.Compiled:
    return pipeline.compile_project(ROOT, Sink())


def test_a_plan_is_written_once(
    compiled: pipeline.Compiled, monkeypatch: pytest.MonkeyPatch
) -> None:
    written, write = Counter[bytes](), encode._bytes

    def counted(data: object) -> bytes:
        text = write(data)
        written[text] += 1
        return text

    monkeypatch.setattr(encode, "_bytes", counted)
    plans = [data for path, data in compiled.outputs() if path.endswith(".plan.json")]
    assert plans
    assert [written[plan] for plan in plans] == [1] * len(plans)


def test_who_reads_plans_alone_gets_those_of_the_build_and_no_page_is_made(
    compiled: pipeline.Compiled, monkeypatch: pytest.MonkeyPatch
) -> None:
    built = {path: data for path, data in compiled.outputs() if path.endswith(".plan.json")}
    monkeypatch.setattr(build_files, "review_page", None)
    plans = dict(compiled.plans())
    manifest = json.loads(plans.pop(MANIFEST))
    assert plans == built
    assert manifest["outputs"] == {path: file_digest(data) for path, data in built.items()}


def test_the_json_of_a_body_is_made_once() -> None:
    body = Encoded(Encoding.JSON, Map((("amount", Ref("params.amount")), ("$", Lit(1)))))
    assert json_of(body) is json_of(body)
    assert json_of(body) == to_json(body)


def test_a_request_is_read_once(
    compiled: pipeline.Compiled, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[object] = []
    read = request_values._read

    def counted(request: object) -> request_values.RequestValues:
        # All of them are kept, so that no other request takes the place of one.
        seen.append(request)
        return read(request)  # type: ignore[arg-type]

    monkeypatch.setattr(request_values, "_VALUES", type(request_values._VALUES)())
    monkeypatch.setattr(request_values, "_read", counted)
    list(compiled.outputs())
    assert seen
    assert len(seen) == len(set(map(id, seen)))


@pytest.mark.costly
def test_a_build_leaves_nothing_to_the_collector() -> None:
    def build() -> None:
        sink = Sink()
        pipeline.build_project(open_project(ROOT, sink), sink, lambda _path, _data: None)

    # What is loaded and kept once is made by the first.
    build()
    gc.collect()
    gc.disable()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        build()
        gc.collect()
        ours = [type(item) for item in gc.garbage if type(item).__module__.startswith("forwardc")]
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()
    assert Counter(ours) == Counter()
