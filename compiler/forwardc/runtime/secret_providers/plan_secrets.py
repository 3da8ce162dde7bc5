"""Credentials and secrets of a run: resolved by name, derived, or the sandbox's own.

A `SecretResolver` gives values by the names of variables, which follow from a plan; each value is
held against the form that the plan says, and derived as its `as_key` says.
"""

import json
import re
from collections.abc import Collection, Iterable, Iterator
from enum import Enum, auto
from hashlib import sha256
from typing import Final, Protocol

from forwardc.core.diagnostics.sink import Sink
from forwardc.core.terms.values import Secret
from forwardc.plan.model import Credential, OAuth, Plan, PlanOperation, PlanSecret
from forwardc.plan.parts import CredentialShape, misfit
from forwardc.plan.secret_names import SecretId, credential_id, secret_id
from forwardc.runtime.secret_providers.made_up import (
    base64url,
    made_up_secret,
    sandbox_secret,
)
from forwardc.runtime.secret_providers.provider import SecretProviderError
from forwardc.runtime.secret_providers.resolver import ProviderResolver
from forwardc.runtime.secret_providers.variable_names import nearest_variable
from forwardc.runtime.secret_providers.vault_keys import made_up_key

# 16 characters of hexadecimal are 64 bits, more than anybody tries against a hash that was read;
# fewer different ones than 6 are typed by a person: 64 bits have 10 of the 16 on average.
_LONG: Final = 16
"""Characters."""
_DIFFERENT: Final = 6
"""Characters, as `_LONG` counts them."""


class SecretResolver(Protocol):
    """From an environment variable's name to its value."""

    def __call__(self, variable: str, /) -> str | None:
        """The value, None where there is none.

        It may block, so that a loop has it called in a thread where `may_block` says so; a repeat
        is safe.

        Raises: `SecretProviderError` where a provider should have the value and does not give it.
        """


def collect_secrets(
    plan: Plan,
    operation: PlanOperation,
    look_up: SecretResolver,
    sink: Sink,
    *,
    any_shape: bool = False,
) -> dict[str, Secret]:
    """The values of `secrets.*` and `vault.*`; every missing one is named, as FC0806.

    One of the other class of environment is FC0845, but for `any_shape`: made-up values, and what
    a person has approved.
    """
    credentials = resolve_credentials(
        plan, operation.credentials, look_up, sink, any_shape=any_shape
    )
    secrets = resolve_secrets(plan, operation.runtime_secrets, look_up, sink, any_shape=any_shape)
    if not any_shape:
        _check_stored(plan, operation, look_up, sink)
    return {
        **{f"vault.{name}": value for name, value in credentials.items()},
        **{f"secrets.{name}": value for name, value in secrets.items()},
    }


def may_block(plan: Plan, operation: PlanOperation, look_up: SecretResolver) -> bool:
    """Whether `collect_secrets` has to wait for a provider outside this process."""
    return isinstance(look_up, ProviderResolver) and look_up.would_block(
        _variables(plan, operation)
    )


def _variables(plan: Plan, operation: PlanOperation) -> Iterator[str]:
    for name in operation.credentials:
        yield credential_id(plan, name).variable
        spec = plan.credentials.get(name)
        if spec is not None and spec.instead is not None:
            yield credential_id(plan, spec.instead.oauth.client_id).variable
            yield credential_id(plan, spec.instead.oauth.client_secret).variable
    for name in operation.runtime_secrets:
        yield secret_id(plan, name).variable


def resolve_credentials(
    plan: Plan,
    names: Iterable[str],
    look_up: SecretResolver,
    sink: Sink,
    *,
    any_shape: bool = False,
) -> dict[str, Secret]:
    """The credentials of the vault by name. FC0806 for a missing one, FC0614 for a misfit.

    FC0845 for one of the other class of environment, but for `any_shape`.

    Where one is absent, and the plan has an OAuth client for it that is there, the client's id and
    secret stand in its place: `oauth` makes the credential of them. FC0825 for a provider that
    fails.
    """
    names_asked = tuple(names)
    prefetch(look_up, [credential_id(plan, name).variable for name in names_asked])
    credentials: dict[str, Secret] = {}
    for name in names_asked:
        credentials |= _credential(plan, name, look_up, sink, any_shape=any_shape)
    return credentials


def _credential(
    plan: Plan, name: str, look_up: SecretResolver, sink: Sink, *, any_shape: bool
) -> dict[str, Secret]:
    variable = credential_id(plan, name).variable
    description = f"the credential {name} of {plan.vault}"
    spec = plan.credentials.get(name)
    value = _asked(look_up, variable, description, sink)
    if isinstance(value, str) and not _fits(spec, value):
        accepted = f"the {name} that {plan.vault} accepts here"
        sink.error("FC0614", f"{variable} does not have the form of {accepted}")
    elif isinstance(value, str):
        fits = any_shape or _is_of_class(plan, spec.shape if spec else None, variable, value, sink)
        return {name: Secret(value)} if fits else {}
    elif value is _Missing.NOWHERE and spec and spec.instead:
        return _client(plan, spec.instead.oauth, variable, look_up, sink)
    elif value is _Missing.NOWHERE:
        _missing(look_up, variable, description, sink)
    return {}


def _client(
    plan: Plan, oauth: OAuth, instead_of: str, look_up: SecretResolver, sink: Sink
) -> dict[str, Secret]:
    names = (oauth.client_id, oauth.client_secret)
    variables = {name: credential_id(plan, name).variable for name in names}
    prefetch(look_up, variables.values())
    values = {
        name: _asked(look_up, variable, f"the credential {name} of {plan.vault}", sink)
        for name, variable in variables.items()
    }
    secrets = {name: Secret(value) for name, value in values.items() if isinstance(value, str)}
    absent = [variables[name] for name in names if values[name] is _Missing.NOWHERE]
    if len(absent) == len(names):
        hint = f"set {instead_of}, or {absent[0]} and {absent[1]}, or give --secrets FILE"
        sink.error("FC0806", f"no credential of {plan.vault} is available", hint=hint)
    elif absent:
        _missing(look_up, absent[0], f"the other half of the OAuth client of {plan.vault}", sink)
    return secrets if len(secrets) == len(names) else {}


def resolve_secrets(
    plan: Plan,
    names: Iterable[str],
    look_up: SecretResolver,
    sink: Sink,
    *,
    any_shape: bool = False,
) -> dict[str, Secret]:
    """The secrets that the destination uses by name, each derived as its `as_key` says.

    FC0806 for a missing one, FC0825 where its provider fails, FC0850 for one that is shorter than
    its declaration says, FC0845 for one of the other class of environment, but for `any_shape`.
    """
    names_asked = tuple(names)
    prefetch(look_up, [secret_id(plan, name).variable for name in names_asked])
    secrets: dict[str, Secret] = {}
    for name in names_asked:
        secret = secret_id(plan, name)
        variable, description = secret.variable, f"the secret {name} of {secret.owner}"
        value = _asked(look_up, variable, description, sink)
        spec = plan.secrets.get(name, PlanSecret())
        if isinstance(value, str):
            is_usable = _is_long(spec, variable, value, sink)
            if any_shape or (_is_of_class(plan, spec.shape, variable, value, sink) and is_usable):
                _derive(name, spec, value, variable, secrets, sink)
        elif value is _Missing.NOWHERE:
            _missing(look_up, variable, description, sink)
    return secrets


def _check_stored(
    plan: Plan, operation: PlanOperation, look_up: SecretResolver, sink: Sink
) -> None:
    """FC0845 where only a secret that the vault keeps tells test from live, and is not shown here.

    Nothing reads it back from the vault, so that what was put there is looked at here.
    """
    if plan.separated_by != "credential":
        return
    for name in sorted({*operation.stored_secrets}.difference(operation.runtime_secrets)):
        variable, spec = secret_id(plan, name).variable, plan.secrets.get(name)
        value = _asked(look_up, variable, f"the secret {name} of {plan.destination}", sink)
        if isinstance(value, str):
            _is_of_class(plan, spec.shape if spec else None, variable, value, sink)
        elif value is _Missing.NOWHERE:
            problem = f"{plan.vault} keeps {name}, and nothing here tells whether it is of a test"
            sink.error("FC0845", f"{problem} account", hint=f"set {variable}: it is looked at only")


def _is_of_class(
    plan: Plan, shape: CredentialShape | None, variable: str, value: str, sink: Sink
) -> bool:
    """Whether a value is one of the plan's class of environment; else FC0845."""
    problem = misfit(shape, plan.environment_class, value)
    if problem is None:
        return True
    kind = "live" if plan.environment_class == "production" else "test"
    account = f" --account {plan.account}" if plan.account else ""
    asked = (
        ""
        if plan.environment_class == "production"
        else "; with another one it needs an approval: `forwardc approve"
        f" {plan.vault} {plan.destination} --env {plan.environment}{account} --by NAME`"
    )
    sink.error("FC0845", f"{variable} {problem}", hint=f"give that of a {kind} account{asked}")
    return False


def _is_long(spec: PlanSecret, variable: str, value: str, sink: Sink) -> bool:
    """Whether a value is what `high_entropy` says of it; else FC0850."""
    if not spec.high_entropy or (len(value) >= _LONG and len(set(value)) >= _DIFFERENT):
        return True
    problem = f"{variable} is shorter than {_LONG} characters, or says the same again and again"
    hint = "a hash of it leaves, from which it could be guessed: let a machine make the secret"
    sink.error("FC0850", problem, hint=hint)
    return False


def prefetch(look_up: SecretResolver, variables: Iterable[str]) -> None:
    """Let a resolver that has slow providers ask for several values at once."""
    if isinstance(look_up, ProviderResolver):
        look_up.prefetch(variables)


class _Missing(Enum):
    """Why there is no value: nobody has one, or its provider failed, which is told already."""

    NOWHERE = auto()
    FAILED = auto()


def _asked(look_up: SecretResolver, variable: str, description: str, sink: Sink) -> str | _Missing:
    try:
        value = look_up(variable)
    except SecretProviderError as problem:
        sink.error(
            "FC0825", f"{description}: {problem}", hint=f"the secrets file names it for {variable}"
        )
        return _Missing.FAILED
    return _Missing.NOWHERE if value is None else value


def _missing(look_up: SecretResolver, variable: str, description: str, sink: Sink) -> None:
    near = (
        nearest_variable(variable, look_up.names())
        if isinstance(look_up, ProviderResolver)
        else None
    )
    suggestion = f"; {near} is set: is its name right?" if near else ""
    hint = f"set {variable}, or give --secrets FILE{suggestion}"
    sink.error("FC0806", f"{description} is not available", hint=hint)


def _fits(credential: Credential | None, value: str) -> bool:
    pattern = credential.pattern if credential else None
    return pattern is None or re.fullmatch(pattern, value, re.ASCII) is not None


def _derive(
    name: str,
    spec: PlanSecret,
    raw: str,
    variable: str,
    secrets: dict[str, Secret],
    sink: Sink,
) -> None:
    try:
        secrets[name] = Secret(derive(spec, raw))
    except ValueError:
        sink.error("FC0806", f"{variable} does not hold a key as JWK JSON (RFC 7517)")


def derive(spec: PlanSecret, raw: str) -> str:
    """What is used in place of the raw secret. Raises: `ValueError` where a JWK is none."""
    match spec.as_key:
        case None:
            return raw
        case "base64url":
            return base64url(raw.encode())
        case "sha256_base64url":
            return base64url(sha256(raw.encode()).digest())
        case "jwk":
            key = json.loads(raw)
            if not isinstance(key, dict) or not isinstance(key.get("kty"), str):
                raise ValueError("not a JWK")
            return raw


def sandbox_resolver(plan: Plan, set_names: Collection[str] = ()) -> SecretResolver:
    """The sandbox's made-up values for one plan, by the rule that its document states.

    They depend on names only and open nothing but a sandbox. No real value is read: of the
    variables that are set, only the names decide whether an OAuth client is played.
    """
    values = {
        credential_id(plan, name).variable: made_up_key(plan.vault, name, plan.environment_class)
        for credential in plan.credentials
        for name in _played(plan, credential, set_names)
    }
    values |= {
        secret.variable: made_up_secret(secret, spec, plan.environment_class)
        for secret, spec in ((secret_id(plan, name), spec) for name, spec in plan.secrets.items())
    }
    return values.get


def _played(plan: Plan, credential: str, set_names: Collection[str]) -> tuple[str, ...]:
    instead = plan.credentials[credential].instead
    if instead is None or credential_id(plan, credential).variable in set_names:
        return (credential,)
    client = (instead.oauth.client_id, instead.oauth.client_secret)
    chosen = all(credential_id(plan, name).variable in set_names for name in client)
    return client if chosen else (credential,)


def made_up_resolver(secret: SecretId, plans: Iterable[Plan] = ()) -> SecretResolver:
    """The sandbox's value of one secret, in the form that one of the plans says; nothing else."""
    for plan in plans:
        spec = plan.secrets.get(secret.name)
        if spec is not None and secret_id(plan, secret.name) == secret:
            value = made_up_secret(secret, spec, plan.environment_class)
            return {secret.variable: value}.get
    return {secret.variable: sandbox_secret(secret.owner, secret.name)}.get
