"""`forwardc submit`: seals the hash of each key of a destination for the vault's support.

Options are read and results shown here. The key itself is never written, and nothing of it shown.
"""

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from forwardc.cli.output import note, say, say_json, say_lines, shown_path, table
from forwardc.cli.plan_options import build_option, environment_option, secrets_option

if TYPE_CHECKING:
    from forwardc.diagnostics.sink import Sink
    from forwardc.plan.approvals import Lock
    from forwardc.plan.model import Plan
    from forwardc.plan.values import Secret
    from forwardc.review.seal import Expected, SealingKey
    from forwardc.review.sealed_keys import HeaderSecret


@click.command(short_help="Seal the keys of a destination for a vault.")
@click.argument("vault")
@click.argument("destination", metavar="DEST")
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
@click.option("--json", "as_json", is_flag=True, help="Show the result as JSON.")
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
    """Seal each key that a destination gets in a header, as the vault asks for production.

    Writes one file for each: the SHA-256 of the trimmed key in hexadecimal digits, encrypted to
    the vault's OpenPGP key, in base64. With any problem, nothing is written.
    """
    from forwardc.cli.compiled_plans import compiled_plans, not_there
    from forwardc.diagnostics.sink import Sink
    from forwardc.plan.demo_ids import refuse_sending
    from forwardc.review.sealed_keys import header_secrets

    _need_library()
    if out.resolve().is_relative_to(build.resolve()):
        raise click.UsageError("--out: build/ holds what was compiled, and nothing else.")
    expected = _expected(vault, fingerprint)
    sink = Sink()
    plans, lock = compiled_plans(build, vault, environment, sink)
    plan = plans.get(destination)
    if plan is None:
        if not sink.has_errors:
            not_there(destination, plans, f"{vault} in {environment}", sink)
        return _report(sink)
    if refuse_sending(plan, sink):
        return _report(sink)
    secrets = header_secrets(plan)
    refused = [_is_refused(plan, one.name, lock, sink) for one in secrets]
    if any(refused):
        return _report(sink)
    key = _key(key_file, expected, sink)
    hashes = _hashes(plan, secrets, build, secrets_file, sink)
    if key is None or sink.has_errors:
        return _report(sink)
    files = _write(out, plan, key, hashes)
    _report(sink)
    _show(key, secrets, files, as_json)
    return 0


def _is_refused(plan: "Plan", name: str, lock: "Lock", sink: "Sink") -> bool:
    """Whether nothing that uses a key is approved, which is told."""
    from forwardc.cli.compiled_plans import refuse_unapproved_use

    users = [
        key
        for key, one in plan.operations.items()
        if name in (*one.stored_secrets, *one.runtime_secrets)
    ]
    return refuse_unapproved_use([(plan, users)], f"the secret {name}", lock, sink)


def _need_library() -> None:
    from importlib.util import find_spec

    if find_spec("pysequoia") is None:
        raise click.ClickException(
            "Sealing needs an OpenPGP library. Install it with: pip install 'forwardc[pgp]'"
        )


def _expected(vault: str, given: str | None) -> "Expected":
    from forwardc.review.seal import Expected
    from forwardc.vaults.registry import vaults

    sealing = {one.name: one.facts for one in vaults() if "key_sealing" in one.facts.data}
    if vault not in sealing:
        raise click.UsageError(f"{', '.join(sealing)} takes sealed keys, and no other vault.")
    facts = sealing[vault]
    documented = str(facts.value("key_sealing", "fingerprint"))
    bits = int(facts.value("key_sealing", "bits"))
    named = re.sub(r"\s", "", documented if given is None else given).upper()
    if not re.fullmatch(r"[0-9A-F]{40}", named):
        raise click.UsageError("--fingerprint takes the 40 hexadecimal digits of a whole one.")
    subkey = str(facts.value("key_sealing", "subkey")) if named == documented else None
    return Expected(named, subkey, bits)


def _key(path: Path, expected: "Expected", sink: "Sink") -> "SealingKey | None":
    from datetime import UTC, datetime

    from forwardc.files.kinds import SEALING_KEY
    from forwardc.files.operator_file import read
    from forwardc.review.seal import KeyRefused, read_key

    try:
        return read_key(read(path, SEALING_KEY), expected, datetime.now(UTC))
    except OSError as problem:
        sink.error("FC0816", f"{shown_path(path)} cannot be read: {problem.strerror}")
    except KeyRefused as problem:
        sink.error("FC0816", f"the key in {shown_path(path)} is refused: {problem}")
    return None


def _hashes(
    plan: "Plan", secrets: "list[HeaderSecret]", build: Path, file: Path | None, sink: "Sink"
) -> "dict[str, Secret]":
    import os

    from forwardc.plan.secret_names import identities_in, secret_id
    from forwardc.review.seal import key_hash
    from forwardc.review.sealed_keys import can_be_hashed
    from forwardc.runtime.secrets import secret_values
    from forwardc.runtime.sources.lookup import open_lookup

    look_up = open_lookup(os.environ, file, sink, identities_in(build, plan.place))

    def trimmed(variable: str) -> str | None:
        raw = look_up(variable)
        if raw is not None and raw != raw.strip():
            sink.warning("FC0806", f"{variable} has space around it, which a run would send too")
        return raw.strip() or None if raw is not None else None

    values = secret_values(plan, [one.name for one in secrets], trimmed, sink)
    return {
        one.name: key_hash(values[one.name].reveal())
        for one in secrets
        if one.name in values
        and can_be_hashed(one, secret_id(plan, one.name).variable, values[one.name].reveal(), sink)
    }


def _write(
    out: Path, plan: "Plan", key: "SealingKey", hashes: "dict[str, Secret]"
) -> dict[str, Path]:
    from forwardc.files.replace import replace_file
    from forwardc.plan.secret_names import secret_id
    from forwardc.review.seal import seal

    sealed = {name: seal(key, value) for name, value in hashes.items()}
    owners = {name: secret_id(plan, name).owner for name in sealed}
    files = {name: out / f"{owners[name]}.{name}.encrypted_hashed_key.txt" for name in sealed}
    try:
        for name, data in sealed.items():
            replace_file(files[name], data)
    except OSError as problem:
        raise click.ClickException(f"--out cannot be written: {problem.strerror}.") from None
    return files


def _show(
    key: "SealingKey", secrets: "list[HeaderSecret]", files: dict[str, Path], as_json: bool
) -> None:
    rows = [
        {"name": one.name, "headers": list(one.headers), "file": shown_path(files[one.name])}
        for one in secrets
    ]
    if as_json:
        say_json({"fingerprint": key.fingerprint, "subkey": key.key_id, "sealed": rows})
        return
    if not rows:
        note("No header of this destination holds a secret: there is nothing to seal.")
        return
    say(f"sealed to {key.fingerprint}, subkey {key.key_id}")
    say_lines(
        table(
            ["secret", "headers", "file"],
            [[str(row["name"]), ", ".join(row["headers"]), str(row["file"])] for row in rows],
        )
    )


def _report(sink: "Sink") -> int:
    from forwardc.diagnostics.render.render import Format, render
    from forwardc.diagnostics.sources import Sources

    found = sink.sorted()
    if found:
        note(render(found, Format.TEXT, Sources()).rstrip("\n"))
    return int(sink.has_errors)
