"""Secrets files: values, references, and what is refused of either, without quoting it."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from forwardc.core.diagnostics.sink import Sink
from forwardc.runtime.secret_providers.provider import SecretReference
from forwardc.runtime.secret_providers.resolver import open_resolver
from forwardc.runtime.secret_providers.secrets_file import LIFETIME_S, read_secrets_file

RAW = "hush-hush-1234"
Written = Callable[..., Path]


@pytest.mark.parametrize("suffix", [".json", ".toml"])
def test_a_file_wins_over_the_environment(written: Written, suffix: str) -> None:
    text = json.dumps({"A": "file"}) if suffix == ".json" else 'A = "file"\n'
    sink = Sink()
    environ = {"A": "environment", "B": "b", "C": ""}
    look_up = open_resolver(environ, written(text, f"secrets{suffix}"), sink)
    assert [look_up(name) for name in "ABCD"] == ["file", "b", None, None]
    assert not sink.sorted()


def test_a_variable_names_the_file_and_the_option_wins(written: Written) -> None:
    environ = {"FORWARDC_SECRETS": str(written('A = "named"', "named.toml"))}
    assert open_resolver(environ, None, Sink())("A") == "named"
    assert open_resolver(environ, written('A = "given"', "given.toml"), Sink())("A") == "given"
    assert open_resolver({"A": "set"}, None, Sink())("A") == "set"


def test_a_file_that_is_named_and_not_there_is_told() -> None:
    sink = Sink()
    open_resolver({"FORWARDC_SECRETS": "/nowhere/secrets.toml"}, None, sink)
    assert [found.code for found in sink.sorted()] == ["FC0806"]


def test_a_file_that_others_can_read_is_told(written: Written) -> None:
    sink = Sink()
    assert set(read_secrets_file(written('A = "x"\n', mode=0o644), sink).values) == {"A"}
    assert not sink.has_errors
    assert ["chmod" in str(found.hint) for found in sink.sorted()] == [True]


def test_a_file_of_references_only_may_be_read_by_others(written: Written) -> None:
    sink = Sink()
    read_secrets_file(written('[from]\nA = "env:B"\n', mode=0o644), sink)
    assert sink.sorted() == []


def test_a_file_that_a_reference_names_should_be_private(written: Written) -> None:
    written("value", "key.txt", mode=0o644)
    sink = Sink()
    found = read_secrets_file(written('[from]\nA = "file:key.txt"\n'), sink)
    assert found.references == {"A": SecretReference("file", "key.txt")}
    assert [one.message for one in sink.sorted()] == ["other users can read the file of A"]
    assert not sink.has_errors


@pytest.mark.parametrize(
    "text", [f'A = "{RAW}', f"A = {RAW}", '[A]\nB = "x"', "A = 1", 'A = ""', "A = '\xff'"]
)
def test_a_bad_file_is_refused_without_quoting_it(tmp_path: Path, text: str) -> None:
    path = tmp_path / "secrets.toml"
    path.write_bytes(text.encode("latin-1"))
    path.chmod(0o600)
    sink = Sink()
    assert read_secrets_file(path, sink).values == {}
    assert [found.code for found in sink.sorted()] == ["FC0806"]
    assert RAW not in repr(sink.sorted())


def test_a_file_larger_than_a_mebibyte_is_refused(written: Written) -> None:
    sink = Sink()
    read_secrets_file(written(f'A = "{"x" * 1024 * 1024}"'), sink)
    assert [found.code for found in sink.sorted()] == ["FC0806"]


@pytest.mark.parametrize(
    "reference",
    [
        f'"{RAW}"',
        f'"ftp:{RAW}"',
        "1",
        f'["exec", "{RAW}"]',
        '"env:"',
        f'"env:A={RAW}"',
        '"file:"',
        f'"file:{RAW}#"',
        '"exec:"',
        f"""'exec:echo "{RAW}'""",
        f'"keyring:{RAW}"',
        f'"vault:secret/{RAW}#key"',
        f'"vault:secret/data/{RAW}"',
        f'"vault:secret/data/../../sys/{RAW}#key"',
        f'"aws:{RAW} {RAW}"',
        f'"aws:{RAW}#"',
    ],
)
def test_a_malformed_reference_is_refused_by_name(written: Written, reference: str) -> None:
    sink = Sink()
    found = read_secrets_file(written(f"[from]\nMY_KEY = {reference}\n"), sink)
    assert found.references == {}
    (problem,) = sink.sorted()
    assert problem.code == "FC0806"
    assert "MY_KEY" in problem.message
    assert RAW not in repr(problem)


def test_a_value_and_a_reference_of_one_name_are_refused(written: Written) -> None:
    sink = Sink()
    read_secrets_file(written('A = "x"\n[from]\nA = "env:B"\n'), sink)
    assert [found.code for found in sink.sorted()] == ["FC0806"]


def test_the_lifetime_is_the_files(written: Written) -> None:
    sink = Sink()
    assert read_secrets_file(written('A = "x"\n'), sink).lifetime_s == LIFETIME_S == 300
    assert read_secrets_file(written("[cache]\nseconds = 5\n"), sink).lifetime_s == 5
    assert read_secrets_file(written("[cache]\nseconds = 0\n"), sink).lifetime_s == 0
    assert sink.sorted() == []


@pytest.mark.parametrize("text", ["nan", "-1", "inf", '"5"', "true", "100000"])
def test_a_lifetime_that_is_none_is_refused(written: Written, text: str) -> None:
    sink = Sink()
    assert read_secrets_file(written(f"[cache]\nseconds = {text}\n"), sink).lifetime_s == LIFETIME_S
    assert [found.code for found in sink.sorted()] == ["FC0806"]
