"""Whatever bytes a reader is given, it reads them or says why not, in a bounded time."""

import ast
import time
from pathlib import Path

import pytest
from hypothesis import given, settings

from fuzzed.inputs import inputs
from fuzzed.parsers import OURS, PARSERS
from one_rule import one_rule
from syntax import nodes_of

PACKAGE = Path(__file__).resolve().parent.parent / "compiler" / "forwardc"
# Seconds of the processor, not of the clock: other tests run beside this one.
LONGEST_S = 5.0

# Calls that make something of text: whoever has one is a reader.
CALLS = {
    *("json.loads", "json.load", "tomllib.loads", "tomllib.load", "yaml.load", "yaml.parse"),
    *("yaml.scan", "csv.reader", "csv.DictReader", "expat.ParserCreate", "ast.literal_eval"),
    *("jwk.JWK.from_json", "JWK.from_json", "parse_qsl", "b64decode", "urlsafe_b64decode"),
    *("parsedate_to_datetime", "_DECODER.decode", "zlib.decompressobj", "pickle.loads"),
}


def reading(path: Path) -> bool:
    """Whether a file holds one of those calls, or pydantic's of JSON."""
    for node in nodes_of(path):
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            if name in CALLS or name.endswith(".model_validate_json"):
                return True
    return False


@pytest.mark.xdist_group("syntax")
def test_every_reader_is_in_the_table() -> None:
    files = {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if "sandbox" not in path.relative_to(PACKAGE).parts and reading(path)
    }
    tried = {file for parser in PARSERS.values() for file in parser.files}
    assert sorted(files - tried - set(OURS)) == [], "give it a line in fuzzed/parsers.py"
    assert sorted(set(OURS) - files) == [], "it reads nothing any more"
    assert sorted(tried & set(OURS)) == []
    assert [file for file in sorted(tried) if not (PACKAGE / file).is_file()] == []


@one_rule("name", PARSERS)
def test_a_real_input_is_taken(name: str) -> None:
    seeds = PARSERS[name].seeds()
    assert seeds
    for seed in seeds:
        PARSERS[name].read(seed)


@pytest.mark.fuzz
@pytest.mark.parametrize("name", PARSERS)
def test_no_bytes_break_a_reader(name: str) -> None:
    parser = PARSERS[name]

    @settings(max_examples=max(5, settings().max_examples // parser.weight))
    @given(inputs(parser.seeds))
    def holds(data: bytes) -> None:
        began = time.process_time()
        parser.read(data)
        assert time.process_time() - began < LONGEST_S

    holds()
