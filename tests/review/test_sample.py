"""A sample can be made of every request that any case of this repository describes."""

from pathlib import Path

from forwardc.compile.language.load import load_files
from forwardc.compile.pipeline import compile_loaded
from forwardc.compile.review.sample import sample_request
from forwardc.core.diagnostics.sink import Sink
from forwardc.core.recognizer.cards import find_cards
from one_rule import one_rule

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted(
    path.relative_to(ROOT).as_posix()
    for path in (
        *(ROOT / "tests/cases/emit").glob("*/destination.yaml"),
        *(ROOT / "destinations").glob("*.yaml"),
    )
)


@one_rule("path", FILES)
def test_a_sample_of_every_step_without_a_card(path: str) -> None:
    sink = Sink()
    compiled = compile_loaded(load_files(ROOT, [path], sink), sink)
    assert not sink.has_errors
    (destination,) = compiled.loaded.destinations
    steps = [
        (one.context.program, step)
        for one in compiled.assessments
        for step in one.context.operation.steps
    ]
    assert steps
    for program, step in steps:
        sample = sample_request(step, program, destination)
        assert sample["url"]
        assert list(find_cards(str(sample))) == []


def test_what_hides_a_card_or_a_secret_shows_as_its_function() -> None:
    sink = Sink()
    path = "tests/cases/emit/functions-at-vault/destination.yaml"
    compiled = compile_loaded(load_files(ROOT, [path], sink), sink)
    (destination,) = compiled.loaded.destinations
    context = compiled.assessments[0].context
    samples = [
        sample_request(step, context.program, destination) for step in context.operation.steps
    ]
    assert "<" in str(samples)
    assert "424242" not in str(samples).replace("424242******4242", "")
