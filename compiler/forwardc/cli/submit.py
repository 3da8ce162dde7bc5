"""`forwardc submit`: seals the hash of each header with a key of a destination for the vault.

Options are read and results shown here. The key itself is never written, and nothing of it shown.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from forwardc.cli import candidates
from forwardc.cli.options import build_option, environment_option, secrets_option
from forwardc.cli.output import (
    json_option,
    note,
    say,
    say_document,
    say_lines,
    shown_path,
    table,
    warnings,
)

if TYPE_CHECKING:
    from forwardc.compile.review.seal import ExpectedKey, SealingKey
    from forwardc.compile.vaults.facts import Facts
    from forwardc.core.diagnostics.sink import Sink
    from forwardc.core.terms.values import Secret
    from forwardc.plan.lock import Lock
    from forwardc.plan.model import Plan
    from forwardc.plan.sealed_headers import SealedHeader


@click.command(short_help="Seal the keys of a destination for a vault.")
@click.argument("vault", shell_complete=candidates.vaults)
@click.argument("destination", metavar="DEST", shell_complete=candidates.destinations)
@environment_option(required=True)
@click.option(
    "--key",
    "key_file",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The vault's OpenPGP public key, as its documents give it.",
)
@click.option(
    "--out",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for the sealed keys; not below build/.",
)
@secrets_option
@click.option("--fingerprint", help="Take the key of this fingerprint instead of the documented.")
@json_option
@build_option
def command(
    vault: str,
    destination: str,
    environment: str,
    key_file: Path,
    out: Path,
    secrets_file: Path | None,
    fingerprint: str | None,
    as_json: bool,
    build: Path,
) -> int:
    """Seal each header in which a destination gets a key, as the vault asks for production.

    Writes one file for each: the SHA-256 of the header's value without its scheme, in hexadecimal
    digits, encrypted to the vault's OpenPGP key, in base64. With any problem, nothing is written.
    """
    from forwardc.cli.compiled_plans import compiled_plans, report_not_built
    from forwardc.core.diagnostics.sink import Sink
    from forwardc.plan.approvals import refuse_sending
    from forwardc.plan.sealed_headers import places_in, sealed_headers

    _need_library()
    if out.resolve().is_relative_to(build.resolve()):
        raise click.UsageError("--out: build/ holds what was compiled, and nothing else.")
    facts = _facts(vault)
    expected = _expected(facts, fingerprint)
    sink = Sink()
    plans, lock = compiled_plans(build, vault, environment, sink)
    plan = plans.get(destination)
    if plan is None:
        if not sink.has_errors:
            report_not_built(destination, plans, f"{vault} in {environment}", sink)
        return _report(sink, as_json)
    if refuse_sending(plan, sink):
        return _report(sink, as_json)
    headers = sealed_headers(places_in(plan), _schemes(facts))
    names = list(dict.fromkeys(name for header in headers for name in header.secrets))
    refused = [_is_refused(plan, name, lock, sink) for name in names]
    if any(refused):
        return _report(sink, as_json)
    key = _key(key_file, expected, sink)
    hashes = _hashes(plan, headers, facts, build, secrets_file, sink)
    if key is None or sink.has_errors:
        return _report(sink, as_json)
    files = _write(out, plan, key, hashes)
    _show(key, headers, files, sink, as_json)
    return 0


def _is_refused(plan: "Plan", name: str, lock: "Lock", sink: "Sink") -> bool:
    """Whether nothing that uses a key is approved, which is told."""
    from forwardc.cli.compiled_plans import refuse_unapproved_use

    users = [
        key
        for key, operation in plan.operations.items()
        if name in (*operation.stored_secrets, *operation.runtime_secrets)
    ]
    return refuse_unapproved_use([(plan, users)], f"the secret {name}", lock, sink)


def _need_library() -> None:
    from importlib.util import find_spec

    if find_spec("pysequoia") is None:
        raise click.ClickException(
            "Sealing needs an OpenPGP library. Install it with: pip install 'forwardc[pgp]'"
        )


def _facts(vault: str) -> "Facts":
    from forwardc.compile.vaults.registry import vaults

    sealing = {entry.name: entry.facts for entry in vaults() if "key_sealing" in entry.facts.data}
    if vault not in sealing:
        raise click.UsageError(f"{', '.join(sealing)} takes sealed keys, and no other vault.")
    return sealing[vault]


def _schemes(facts: "Facts") -> list[str]:
    """The schemes that are left out, as the documents say."""
    return [str(scheme) for scheme in facts.value("key_sealing", "schemes")]


def _expected(facts: "Facts", fingerprint: str | None) -> "ExpectedKey":
    from forwardc.compile.review.seal import ExpectedKey

    documented = str(facts.value("key_sealing", "fingerprint"))
    bits = int(facts.value("key_sealing", "bits"))
    named = re.sub(r"\s", "", documented if fingerprint is None else fingerprint).upper()
    if not re.fullmatch(r"[0-9A-F]{40}", named):
        raise click.UsageError("--fingerprint takes the 40 hexadecimal digits of a whole one.")
    subkey = str(facts.value("key_sealing", "subkey")) if named == documented else None
    return ExpectedKey(named, subkey, bits)


def _key(path: Path, expected: "ExpectedKey", sink: "Sink") -> "SealingKey | None":
    from datetime import UTC, datetime

    from forwardc.compile.review.seal import KeyRefusedError, read_key
    from forwardc.core.files.kinds import SEALING_KEY
    from forwardc.core.files.operator_file import read

    try:
        return read_key(read(path, SEALING_KEY), expected, datetime.now(UTC))
    except OSError as problem:
        sink.error("FC0816", f"{shown_path(path)} cannot be read: {problem.strerror}")
    except KeyRefusedError as problem:
        sink.error("FC0816", f"the key in {shown_path(path)} is refused: {problem}")
    return None


def _hashes(
    plan: "Plan",
    headers: "list[SealedHeader]",
    facts: "Facts",
    build: Path,
    file: Path | None,
    sink: "Sink",
) -> "dict[str, Secret]":
    """The hash of each header by the name of its file, with every problem in the sink."""
    import os

    from forwardc.plan.secret_names import identities_in
    from forwardc.runtime.secret_providers.plan_secrets import resolve_secrets
    from forwardc.runtime.secret_providers.resolver import open_resolver

    look_up = open_resolver(os.environ, file, sink, identities_in(build, plan.place))

    def trimmed(variable: str) -> str | None:
        raw = look_up(variable)
        if raw is not None and raw != raw.strip():
            sink.warning("FC0806", f"{variable} has space around it, which a run would send too")
        return raw.strip() or None if raw is not None else None

    names = dict.fromkeys(name for header in headers for name in header.secrets)
    values = resolve_secrets(plan, names, trimmed, sink)
    hashes = {
        header.file: _hash(plan, header, values, facts, sink)
        for header in headers
        if values.keys() >= {*header.secrets}
    }
    return {name: value for name, value in hashes.items() if value is not None}


def _hash(
    plan: "Plan",
    header: "SealedHeader",
    values: "Mapping[str, Secret]",
    facts: "Facts",
    sink: "Sink",
) -> "Secret | None":
    """What the vault finds again; None with FC0816 in the sink, and FC0860 where it may not."""
    from forwardc.compile.review.seal import key_hash
    from forwardc.plan.sealed_headers import NotSealableError, starts_with_scheme, value_of
    from forwardc.plan.secret_names import secret_id

    first = header.secrets[0]
    schemes = [*_schemes(facts), *filter(None, [header.scheme])]
    if starts_with_scheme(header, str(values[first].reveal()), schemes):
        sink.error(
            "FC0816",
            f"{secret_id(plan, first).variable} starts with the scheme of a header, and the hash is"
            " of the key alone",
            hint="write the scheme into the destination and the key alone into the secret",
        )
        return None
    try:
        value = value_of(header, values)
    except NotSealableError as problem:
        sink.error("FC0816", str(problem), hint="let a header hold what is the same in every run")
        return None
    if header.doubt:
        sink.warning(
            "FC0860",
            f"{header.header} of {', '.join(header.places)}: {header.description} is sealed, and"
            f" nobody confirms that this is what the vault hashes: {header.doubt}",
            hint="ask the vault's support before you send the file",
        )
    return key_hash(str(value.reveal()))


def _write(
    out: Path, plan: "Plan", key: "SealingKey", hashes: "Mapping[str, Secret]"
) -> dict[str, Path]:
    from forwardc.compile.review.seal import seal
    from forwardc.core.files.walk import replace_file
    from forwardc.plan.sealed_headers import file_name

    sealed = {name: seal(key, value) for name, value in hashes.items()}
    files = {name: out / file_name(plan.destination, name) for name in sealed}
    try:
        for name, data in sealed.items():
            replace_file(files[name], data)
    except OSError as problem:
        raise click.ClickException(f"--out cannot be written: {problem.strerror}.") from None
    return files


def _show(
    key: "SealingKey",
    headers: "list[SealedHeader]",
    files: dict[str, Path],
    sink: "Sink",
    as_json: bool,
) -> None:
    rows = [
        {
            "header": header.header,
            "places": list(header.places),
            "secrets": list(header.secrets),
            "sealed": header.description,
            "confirmed": not header.doubt,
            "file": shown_path(files[header.file]),
        }
        for header in headers
    ]
    if as_json:
        document = {"fingerprint": key.fingerprint, "subkey": key.key_id, "sealed": rows}
        say_document(document, sink)
        return
    _report(sink, as_json)
    if not rows:
        note("No header of this destination holds a secret: there is nothing to seal.")
        return
    say(f"sealed to {key.fingerprint}, subkey {key.key_id}")
    say_lines(
        table(
            ["header", "secrets", "sealed", "file"],
            [
                [
                    header.header,
                    ", ".join(header.secrets),
                    header.description,
                    shown_path(files[header.file]),
                ]
                for header in headers
            ],
        )
    )


def _report(sink: "Sink", as_json: bool) -> int:
    if as_json:
        say_document(None, sink)
    else:
        warnings(sink)
    return int(sink.has_errors)
