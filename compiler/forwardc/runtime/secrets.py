"""Credentials and secrets of a run: from the environment, from a file, or the sandbox's own.

Knows where values come from and how they derive, not what they are used for.
"""

import json
import re
import stat
import tomllib
from base64 import b32encode, urlsafe_b64encode
from collections.abc import Callable, Iterable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeAlias

from forwardc.diagnostics.sink import Sink
from forwardc.plan.model import Credential, Operation, Plan, SecretSpec
from forwardc.plan.values import Secret

_MOST_BYTES = 1024 * 1024
Lookup: TypeAlias = Callable[[str], str | None]
"""From an environment variable's name to its value."""


def secret_variable(destination: str, name: str) -> str:
    """The environment variable of a destination's secret."""
    return f"FORWARDC_SECRET_{_upper(destination)}_{_upper(name)}"


def credential_variable(vault: str, name: str) -> str:
    """The environment variable of a vault's credential."""
    return f"FORWARDC_VAULT_{_upper(vault)}_{_upper(name)}"


def _upper(name: str) -> str:
    return re.sub(r"[^A-Z0-9]", "_", name.upper())


def from_environment(environ: Mapping[str, str], file: Mapping[str, Secret]) -> Lookup:
    """Look a variable up in a secrets file first, then in the environment. Empty is missing."""

    def look_up(variable: str) -> str | None:
        held = file.get(variable)
        return str(held.reveal()) if held else environ.get(variable) or None

    return look_up


def read_file(path: Path, sink: Sink) -> dict[str, Secret]:
    """The values of a secrets file, TOML or JSON, by the names of environment variables.

    Warns where others may read the file; FC0806 where it cannot be read as one flat table of text.
    """
    try:
        readable = path.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH)
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
        values = _parsed(path, data)
    except (OSError, ValueError, RecursionError):
        # What the parser found wrong may quote the file, so it is not told.
        sink.error("FC0806", "the secrets file cannot be read as TOML or JSON")
        return {}
    if readable:
        sink.warning("FC0806", "other users can read the secrets file", hint="chmod 600 it")
    if not all(isinstance(value, str) and value for value in values.values()):
        sink.error("FC0806", "the secrets file must hold text only, one value for each name")
        return {}
    return {name: Secret(value) for name, value in values.items()}


def _parsed(path: Path, data: bytes) -> dict[str, Any]:
    if len(data) > _MOST_BYTES:
        raise ValueError("too large")
    text = data.decode("utf-8-sig")
    values = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    if not isinstance(values, dict):
        raise ValueError("not a table")
    return values


def gather(plan: Plan, operation: Operation, look_up: Lookup, sink: Sink) -> dict[str, Secret]:
    """The values of `secrets.*` and `vault.*`; every missing one is named, as FC0806."""
    credentials = credential_values(plan, operation.credentials, look_up, sink)
    secrets = secret_values(plan, operation.runtime_secrets, look_up, sink)
    return {
        **{f"vault.{name}": value for name, value in credentials.items()},
        **{f"secrets.{name}": value for name, value in secrets.items()},
    }


def credential_values(
    plan: Plan, names: Iterable[str], look_up: Lookup, sink: Sink
) -> dict[str, Secret]:
    """The credentials of the vault by name. FC0806 for a missing one, FC0614 for a misfit."""
    found: dict[str, Secret] = {}
    for name in names:
        variable = credential_variable(plan.vault, name)
        value = look_up(variable)
        if value is None:
            _missing(variable, f"the credential {name} of {plan.vault}", sink)
        elif _fits(plan.credentials.get(name), value):
            found[name] = Secret(value)
        else:
            sink.error(
                "FC0614",
                f"{variable} does not have the form of the {name} that {plan.vault} accepts here",
            )
    return found


def secret_values(
    plan: Plan, names: Iterable[str], look_up: Lookup, sink: Sink
) -> dict[str, Secret]:
    """The destination's secrets by name, each derived as its `as_key` says; FC0806 otherwise."""
    found: dict[str, Secret] = {}
    for name in names:
        variable = secret_variable(plan.destination, name)
        value = look_up(variable)
        if value is None:
            _missing(variable, f"the secret {name} of {plan.destination}", sink)
        else:
            _derive(name, plan.secrets.get(name, SecretSpec()), value, variable, found, sink)
    return found


def _missing(variable: str, what: str, sink: Sink) -> None:
    sink.error("FC0806", f"{what} is not available", hint=f"set {variable}, or give --secrets FILE")


def _fits(credential: Credential | None, value: str) -> bool:
    pattern = credential.pattern if credential else None
    return pattern is None or re.fullmatch(pattern, value, re.ASCII) is not None


def _derive(
    name: str,
    spec: SecretSpec,
    raw: str,
    variable: str,
    found: dict[str, Secret],
    sink: Sink,
) -> None:
    try:
        found[name] = Secret(derived(spec, raw))
    except ValueError:
        sink.error("FC0806", f"{variable} does not hold a key as JWK JSON (RFC 7517)")


def derived(spec: SecretSpec, raw: str) -> str:
    """What is used in place of the raw secret. Raises `ValueError` where a JWK is none."""
    match spec.as_key:
        case None:
            return raw
        case "base64url":
            return _base64url(raw.encode())
        case "sha256_base64url":
            return _base64url(sha256(raw.encode()).digest())
        case "jwk":
            key = json.loads(raw)
            if not isinstance(key, dict) or not isinstance(key.get("kty"), str):
                raise ValueError("not a JWK")
            return raw


def _base64url(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def sandbox_lookup(plan: Plan) -> Lookup:
    """The sandbox's made-up values for one plan, by the rule that its document states.

    They depend on names only and open nothing but a sandbox. No real value is read.
    """
    known = {
        credential_variable(plan.vault, name): _sandbox_credential(plan.vault, name)
        for name in plan.credentials
    }
    known |= {
        secret_variable(plan.destination, name): _sandbox_secret(plan.destination, name, spec)
        for name, spec in plan.secrets.items()
    }
    return known.get


def sandbox_secret(destination: str, name: str) -> str:
    """The raw value that a destination's secret has in every sandbox."""
    return "sbx_" + _digest(f"{destination}:{name}").hex()[:40]


def _sandbox_secret(destination: str, name: str, spec: SecretSpec) -> str:
    raw = sandbox_secret(destination, name)
    if spec.as_key != "jwk":
        return raw
    return json.dumps({"kty": "oct", "k": _base64url(sha256(raw.encode()).digest())})


def _sandbox_credential(vault: str, name: str) -> str:
    digest = _digest(f"vault:{vault}:{name}")
    match (vault, name):
        case ("checkout", "api_key"):
            return "sk_sbox_" + b32encode(digest).decode().lower()[:27]
        case ("stripe", "api_key"):
            return "sk_test_" + digest.hex()[:40]
        case _:
            return "sbx_" + digest.hex()[:40]


def _digest(name: str) -> bytes:
    return sha256(f"forwardc-sandbox:{name}".encode()).digest()
