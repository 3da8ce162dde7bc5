"""One function for each reader: bytes in; nothing out but the exceptions that it lets through.

What is caught here is the reader's contract: its own typed error, which becomes a diagnostic or
an answer. Whatever else is raised is a finding. Files.
"""

import json
from contextlib import suppress
from decimal import Decimal
from functools import partial
from typing import Any

import click

from forwardc.core.diagnostics.sink import Sink
from fuzzed.common import loose, shown, written


def project_file(data: bytes) -> None:
    from forwardc.compile.language.read_project import read_project
    from forwardc.compile.language.schema import validate
    from forwardc.compile.language.yaml_reader import read

    sink = Sink()
    node = read("forwardc.yaml", data, sink)
    if node is not None and validate("project", node, sink):
        read_project(node, sink)
    assert node is not None or sink.has_errors
    shown(sink)


def allow_comment(data: bytes) -> None:
    from forwardc.compile.language.allow_comments import read_allow_comments
    from forwardc.compile.language.yaml_reader import read

    sink = Sink()
    node = read("a.yaml", data, sink)
    if node is not None:
        lines = node.source.text.count("\n") + 1
        for allow in read_allow_comments(node, sink):
            assert any(map(str.isalnum, allow.reason))
            assert all(1 <= line.start.line <= lines for line in allow.lines)
    shown(sink)


PROJECT = b"""forwardc: 1
environments:
  sandbox:
    vaults:
      checkout: {processing_channel_id: pc_abcdefghijklmnopqrstuvwxyz}
      stripe: {account: acct_1, api_version: 2026-09-30.endive}
"""


def destination(data: bytes) -> None:
    from datetime import date

    from forwardc.compile.pipeline import compile_project

    sink = Sink()
    written("project/forwardc.yaml", PROJECT)
    root = written("project/destinations/fuzzed.yaml", data).parent.parent
    compiled = compile_project(root, sink, date(2026, 11, 20))
    if not sink.has_errors:
        dict(compiled.outputs())
    shown(sink)


def layout(data: bytes) -> None:
    from forwardc.compile.language.layout.formatting import formatted

    sink = Sink()
    file = formatted("fuzzed.yaml", data, sink)
    assert (file is None) == sink.has_errors
    if file is not None:
        again = formatted("fuzzed.yaml", file.after, Sink())
        assert again is not None
        assert again.after == file.after
    shown(sink)


def operations(data: bytes) -> None:
    from forwardc.cli.candidates import operations_in
    from forwardc.plan.environment import is_name

    assert all(is_name(name) for name in operations_in(data))


def expression(data: bytes) -> None:
    from forwardc.compile.language.expressions import parse
    from forwardc.compile.language.report import Report
    from forwardc.core.diagnostics.span import Position, Span

    sink = Sink()
    here = Span("a.yaml", Position(1, 1), Position(1, 2))
    for text in (loose(data), f"${{{loose(data)}}}"):
        assert parse(text, lambda _start, _end: here, Report(sink)) is not None or sink.has_errors
    shown(sink)


def schema(data: bytes) -> None:
    found = None
    with suppress(ValueError, RecursionError):
        found = json.loads(data, parse_float=_as_in_yaml, parse_constant=_not_in_yaml)
    if isinstance(found, dict):
        _checked(found)


def _as_in_yaml(text: str) -> Decimal:
    """A number as the reader of YAML gives it: no float, and none of a size that it refuses."""
    if len(text) > 64 or abs(int(text.lower().partition("e")[2] or 0)) > 99:
        raise ValueError(text)
    return Decimal(text)


def _not_in_yaml(text: str) -> float:
    """NaN and the infinities, which the reader of YAML refuses."""
    raise ValueError(text)


def _checked(found: dict[str, Any]) -> None:
    from forwardc.core.terms.json_schema import (
        InvalidSchemaError,
        check_schema,
        of_plan,
        problems,
        to_plan,
    )

    try:
        check_schema(found)
        for value in ({"a": [1, "x" * 50]}, found, None):
            problems(found, value)
    except InvalidSchemaError:
        return
    assert of_plan(to_plan(found)) is not None


def pattern(data: bytes) -> None:
    from forwardc.core.terms.patterns import is_pattern, matches

    text = loose(data)
    if is_pattern(text):
        matches(text, "a" * 200 + "\ud800"[:0] + "!")


def text_file(data: bytes) -> None:
    from forwardc.core.diagnostics.text_file import NotTextError, decoded

    with suppress(NotTextError):
        decoded(data)


def excerpt(data: bytes) -> None:
    from forwardc.core.recognizer.cards import find_cards
    from forwardc.core.recognizer.scan import mask
    from forwardc.core.recognizer.secret_shapes import mask_excerpt

    text = loose(data)
    mask(text)
    mask_excerpt(text)
    find_cards(text)


def plan(data: bytes) -> None:
    from forwardc.plan.changes import digests
    from forwardc.plan.model import InvalidPlanError, UnknownVersionError, load_plan

    with suppress(InvalidPlanError, UnknownVersionError):
        for name in (loaded := load_plan(data)).operations:
            digests(loaded, name)


def manifest(data: bytes) -> None:
    from forwardc.plan.build_folder import MANIFEST, read_manifest, read_plan

    sink = Sink()
    build = written(f"build/{MANIFEST}", data).parent
    found = read_manifest(build, sink)
    assert found is not None or sink.has_errors
    if found is not None:
        for vault, name, place in found.plans():
            assert read_plan(build, vault, name, place, sink) is None
    shown(sink)


def coverage(data: bytes) -> None:
    from forwardc.dashboard.project import coverage_of

    sink = Sink()
    found = coverage_of(data, "build/coverage.json", sink)
    assert found is not None or sink.has_errors
    shown(sink)


def history_name(data: bytes) -> None:
    from forwardc.runtime.history.errors import HistoryUnavailableError
    from forwardc.runtime.history.location import display_name

    with suppress(HistoryUnavailableError):
        display_name(loose(data), {})


def lock(data: bytes) -> None:
    from forwardc.plan.lock import lock_of

    sink = Sink()
    assert lock_of(data, sink) is not None or sink.has_errors
    shown(sink)


def old_lock(data: bytes) -> None:
    from forwardc.compile.review.approve import read_old

    sink = Sink()
    assert read_old(data, sink) is not None or sink.has_errors
    shown(sink)


def day(data: bytes) -> None:
    from datetime import date

    from forwardc.compile.language.destination import Pci
    from forwardc.compile.review.attestation import _check_day
    from forwardc.core.diagnostics.span import Position, Span

    sink = Sink()
    here = Span("a.yaml", Position(1, 1), Position(1, 2))
    _check_day(Pci(expires=loose(data), span=here), date(2026, 11, 20), sink)
    shown(sink)


def secrets_file(data: bytes) -> None:
    from forwardc.runtime.secret_providers.provider import SecretProviderError, read_member
    from forwardc.runtime.secret_providers.secrets_file import read_secrets_file

    for suffix in ("json", "toml"):
        sink = Sink()
        read_secrets_file(written(f"secrets.{suffix}", data), sink)
        shown(sink)
    with suppress(SecretProviderError):
        read_member(loose(data), "a")


def settings(data: bytes) -> None:
    from forwardc.server.settings_errors import read_settings

    sink = Sink()
    assert read_settings(written("server.toml", data), sink) is not None or sink.has_errors
    shown(sink)


def server_keys(data: bytes) -> None:
    from forwardc.server.oauth.server_keys import ServerKeysError, keys_of, read_file, use_newest

    path = written("keys.json", data)
    path.chmod(0o600)
    for read in (lambda: keys_of(read_file(path), "keys.json"), lambda: use_newest(path)):
        with suppress(ServerKeysError):
            read()


def params_file(data: bytes) -> None:
    from forwardc.cli.run.request import read_params

    for suffix in ("json", "toml"):
        with suppress(click.UsageError):
            read_params(written(f"params.{suffix}", data))


def json_param(data: bytes) -> None:
    from forwardc.plan.model import ValueSpec
    from forwardc.runtime.run.values import from_text

    for kind in ("json", "amount", "integer", "number", "currency", "country", "uri", "boolean"):
        sink = Sink()
        with suppress(KeyError):
            from_text(ValueSpec(type=kind), loose(data), "params.x", sink)  # type: ignore[arg-type]
        shown(sink)


def csv_payments(data: bytes) -> None:
    from forwardc.server.directory.csv_directory import read_table

    read_table(written("payments.csv", data), ("checkout", "stripe"))


def signing_key(data: bytes) -> None:
    from forwardc.core.signatures.keys import SigningError, base64_key, private_key, text_key

    for read in (base64_key, text_key, *(partial(private_key, kind=one) for one in _KINDS)):
        with suppress(SigningError):
            read(loose(data))


_KINDS = ("RSA", "EC", "Ed25519")


def xml_name(data: bytes) -> None:
    from forwardc.compile.ir.xml_names import is_address, is_name, split

    text = loose(data)
    is_address(text)
    parts = split(text)
    assert parts is None or is_name(parts.local)


def derived_secret(data: bytes) -> None:
    from forwardc.plan.model import PlanSecret
    from forwardc.runtime.secret_providers.plan_secrets import derive

    for kind in ("jwk", "base64url", "sha256_base64url", None):
        with suppress(ValueError):
            derive(PlanSecret(as_key=kind), loose(data))  # type: ignore[arg-type]
