"""Every text file is read alike: UTF-8, its mark dropped, other encodings and spaces named."""

import json
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forwardc.cli.run.request import read_params
from forwardc.core.diagnostics.sink import Sink
from forwardc.core.diagnostics.text_file import BOM, NotTextError, decoded
from forwardc.plan.lock import read_lock
from forwardc.runtime.secret_providers.file import FileProvider
from forwardc.runtime.secret_providers.provider import SecretProviderError
from forwardc.runtime.secret_providers.secrets_file import read_secrets_file
from forwardc.server.directory.csv_directory import read_table
from forwardc.server.oauth.server_keys import ServerKeysError, read_file
from forwardc.server.settings_errors import read_settings

SETTINGS = """[run]
environment = "sandbox"
[destinations.X]
run = "rokt.share"
[lookup]
kind = "csv"
file = "cards.csv"
"""


def params(path: Path) -> str:
    try:
        return str(read_params(path))
    except click.UsageError as problem:
        return problem.message


def told(read: Callable[[Path, Sink], object]) -> Callable[[Path], str]:
    """What a reader gives, and what it says and where."""

    def run(path: Path) -> str:
        sink = Sink()
        found = read(path, sink)
        said = [f"{one.span.start if one.span else ''} {one.message}" for one in sink.sorted()]
        hints = [one.hint or "" for one in sink.sorted()]
        return str([found, *(text for text in (*said, *hints) if "chmod" not in text)])

    return run


def secret(path: Path) -> str:
    try:
        return FileProvider(path.parent).fetch(path.name)
    except SecretProviderError as problem:
        return str(problem)


def keys(path: Path) -> str:
    path.chmod(0o600)
    try:
        return read_file(path)
    except ServerKeysError as problem:
        return problem.message


def table(path: Path) -> str:
    found = read_table(path, None)
    return str([one.text for one in found] if isinstance(found, list) else found.rows)


Reader = Callable[[Path], str]
KINDS: dict[str, tuple[str, str, Reader]] = {
    "params in JSON": ("p.json", '{"amount": 1}', params),
    "params in TOML": ("p.toml", "amount = 1\n", params),
    "secrets in TOML": ("s.toml", 'A = "b"\n', told(read_secrets_file)),
    "secrets in JSON": ("s.json", '{"A": "b"}', told(read_secrets_file)),
    "secret in a file": ("secret", "s3cret\n", secret),
    "settings of a server": ("server.toml", SETTINGS, told(read_settings)),
    "keys of a server": ("keys.json", '{"keys": []}', keys),
    "references": ("cards.csv", "reference,vault,source\nr,checkout,s\n", table),
    "lock": ("forwardc.lock", '{"forwardc": 99}', told(read_lock)),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_byte_order_mark_changes_nothing(kind: str, tmp_path: Path) -> None:
    name, text, read = KINDS[kind]
    (tmp_path / name).write_text(text, encoding="utf-8")
    plain = read(tmp_path / name)
    (tmp_path / name).write_text(text, encoding="utf-8-sig")
    assert read(tmp_path / name) == plain
    assert "U+FEFF" not in plain


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-16-le"])
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "keys of a server"])
def test_another_encoding_is_named(kind: str, encoding: str, tmp_path: Path) -> None:
    name, text, read = KINDS[kind]
    mark = "" if encoding == "utf-16" else BOM
    (tmp_path / name).write_bytes((mark + text).encode(encoding))
    assert "UTF-16" in read(tmp_path / name)


SPACES = {
    "params in JSON": ('{\n\u00a0"amount": 1}', "line 2, column 1: a no-break space (U+00A0)"),
    "params in TOML": ("a = 1\nb =\u202f2", "line 2, column 4: a narrow no-break space (U+202F)"),
    "secrets in TOML": ('\u2007A = "b"\n', "line 1, column 1: a figure space (U+2007)"),
    "secrets in JSON": ('{"A":\u3000"b"}', "line 1, column 6: an ideographic space (U+3000)"),
    "settings of a server": (
        SETTINGS.replace("kind =", "kind\u200b="),
        "a zero-width space (U+200B) stands here",
    ),
    "references": ("reference,vault\u00a0,source\n", "column 2 has a name that is not known: it"),
}


@pytest.mark.parametrize("kind", SPACES)
def test_a_space_that_is_none_is_named_at_its_place(kind: str, tmp_path: Path) -> None:
    name, _, read = KINDS[kind]
    text, expected = SPACES[kind]
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert expected in read(tmp_path / name)


@pytest.mark.parametrize("kind", ["params in JSON", "params in TOML", "secrets in JSON"])
def test_inside_quotes_such_a_space_is_data(kind: str, tmp_path: Path) -> None:
    name, _, read = KINDS[kind]
    text = json.dumps({"a": "\u00a0b\u200b"}, ensure_ascii=False)
    text = 'a = "\u00a0b\u200b"' if name.endswith("toml") else text
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert "line" not in read(tmp_path / name)


def test_a_cell_that_must_be_exact_has_no_hidden_edge(tmp_path: Path) -> None:
    rows = "r\u00a0,checkout,s\nr,checkout,\u200bs\nr\u00a0x,checkout,s\n"
    (tmp_path / "c.csv").write_text("reference,vault,source\n" + rows, encoding="utf-8")
    found = read_table(tmp_path / "c.csv", None)
    told = [one.text for one in (found if isinstance(found, list) else found.wrong.mistakes)]
    assert len(told) == 2
    assert "reference begins or ends with a no-break space (U+00A0)" in str(told)
    assert "source begins or ends with a zero-width space (U+200B)" in str(told)


@pytest.mark.parametrize("text", ["1e99999999999999999999", "[" * 100_000, "{", "\ud800", "NaN"])
def test_no_file_of_params_ends_in_a_traceback(text: str, tmp_path: Path) -> None:
    path = tmp_path / "p.json"
    path.write_text(text, encoding="utf-8", errors="surrogatepass")
    assert params(path).startswith("--params")


@given(st.binary(max_size=40))
def test_any_bytes_are_text_or_named(data: bytes) -> None:
    text, problem = None, None
    try:
        text = decoded(data)
    except NotTextError as found:
        problem = found
    if problem is None:
        assert data.removeprefix(b"\xef\xbb\xbf").decode() == text
    else:
        assert problem.reason.endswith("not UTF-8")
        assert 0 <= problem.start <= len(data)
