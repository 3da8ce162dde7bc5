"""Reads a secrets file, TOML or JSON: values by variable, references in `from`, a table `cache`.

`[production]` or `["production@us"]` is a table of names without the environment. Every table is
brought to the one form that is resolved: full names of variables, each with its value or its
reference. A reference may ask for the place that it is used in: `{env}` is the environment's name,
`{account}` that of the account, as one part of a path of its own, which is left out where the
account has no name. Names have no `/`, no space and no quote, so that two places never lead to the
same text. Nothing is fetched here, and no message quotes the file.
"""

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import field
from pathlib import Path
from typing import Any, Final

from forwardc.core.dataclass import dataclass
from forwardc.core.diagnostics.sink import Sink
from forwardc.core.diagnostics.text_file import NotTextError, decoded, parse_error_place
from forwardc.core.files.kinds import SECRETS
from forwardc.core.files.operator_file import read
from forwardc.core.terms.values import Secret
from forwardc.plan.environment import is_name, place_of
from forwardc.plan.environment import parts_of as parts_of_place
from forwardc.plan.secret_names import SecretId, identity, identity_at, is_old, is_short
from forwardc.runtime.secret_providers.file import FileProvider, is_readable_by_others
from forwardc.runtime.secret_providers.provider import SecretProviderError, SecretReference
from forwardc.runtime.secret_providers.registry import PROVIDER_KINDS, provider_of, read_reference

LIFETIME_S: Final = 300.0
"""Seconds that a fetched secret is kept: one that was rotated counts within five minutes."""
# Seconds of a day: who keeps a secret longer would not see that it was rotated.
_LONGEST_LIFETIME_S: Final = 86400
_SOME: Final = SecretId("secret", "sandbox", "account", "owner", "name")
REFERENCES: Final = "from"
CACHE: Final = "cache"
_TABLE_HINT: Final = 'name a table by its environment, such as [production] or ["production@us"]'
ENVIRONMENT: Final = "{env}"
ACCOUNT: Final = "{account}"
_PART: Final = re.compile(r"/\{account\}(?=$|[/#\s\"'])")


@dataclass(frozen=True, slots=True)
class SecretBindings:
    """What a secrets file says, by the names of environment variables. Lifetime in seconds."""

    values: Mapping[str, Secret] = field(default_factory=dict)
    references: Mapping[str, SecretReference] = field(default_factory=dict)
    lifetime_s: float = LIFETIME_S
    base: Path = field(default_factory=Path)
    every: Mapping[str, str] = field(default_factory=dict)
    """References for every environment, by names that leave it out; `{env}` stands in each."""

    def reference(self, variable: str) -> SecretReference | None:
        """Where the value of a variable is; None where the file does not say it."""
        reference = self.references.get(variable)
        of = identity(variable) if reference is None and self.every else None
        if of is None:
            return reference
        text = self.every.get(of.every_variable)
        # What asks for no account is that of the account without a name.
        if text is None or (of.account and ACCOUNT not in text):
            return None
        return read_reference(fill_placeholders(text, of.environment, of.account))


def read_secrets_file(path: Path, sink: Sink) -> SecretBindings:
    """The bindings of a secrets file.

    Warns where others may read a file that holds values. FC0806 where it cannot be read as text by
    name, a table `from` of references and a table `cache`.
    """
    held = _parsed(path)
    if isinstance(held, str):
        sink.error("FC0806", "the secrets file cannot be read as TOML or JSON" + held)
        return SecretBindings()
    entries = flatten_tables(held, sink)
    if (entries is None or entries.values) and is_readable_by_others(path):
        sink.warning("FC0806", "other users can read the secrets file", hint="chmod 600 it")
    if entries is None:
        return SecretBindings()
    base = path.absolute().parent
    return SecretBindings(
        {name: Secret(value) for name, value in entries.values.items()},
        _references(entries.references, base, sink),
        _lifetime(held.get(CACHE, {}), sink),
        base,
        _for_every(entries.every, base, sink),
    )


def _parsed(path: Path) -> dict[str, Any] | str:
    """What a secrets file holds, or the end of a message that says what is wrong with it."""
    text = ""
    try:
        text = decoded(read(path, SECRETS))
        values = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except OSError as problem:
        return f": {problem.strerror}"
    except NotTextError as problem:
        return f": it is {problem.reason}"
    except (ValueError, RecursionError) as problem:
        # What the parser found wrong may quote the file: only the place is told.
        where = parse_error_place(text, problem) if isinstance(problem, ValueError) else ""
        return f": {where}" if where else ""
    return values if isinstance(values, dict) else ": it holds no object"


@dataclass(slots=True)
class SecretEntries:
    """Values and references by full name, and references by names that leave the environment out.

    What is none of text stays as it is, for whoever reads references to refuse.
    """

    values: dict[str, str] = field(default_factory=dict)
    references: dict[str, object] = field(default_factory=dict)
    every: dict[str, object] = field(default_factory=dict)


def flatten_tables(held: Mapping[str, object], sink: Sink) -> SecretEntries | None:
    """The entries of a file; None, with FC0806 in the sink, where it is not one of text by name."""
    entries = SecretEntries()
    for place, name, value, is_reference in _entries(held, sink):
        variable = _full(place, name, sink)
        if variable is None:
            continue
        if variable in entries.values or variable in entries.references:
            both = (variable in entries.references) != is_reference
            doubled = "both a value and a reference" if both else "two entries"
            sink.error("FC0806", f"{variable} has {doubled} in the secrets file")
        elif is_reference and place is None and is_short(variable):
            entries.every[variable] = value
        elif is_reference:
            entries.references[variable] = value
        elif isinstance(value, str) and value:
            entries.values[variable] = value
        else:
            problem = "must hold text only, one value for each name, and tables of environments"
            sink.error("FC0806", f"the secrets file {problem}", hint=_TABLE_HINT)
            return None
    return entries


def _entries(
    held: Mapping[str, object], sink: Sink
) -> Iterator[tuple[str | None, str, object, bool]]:
    """Place (None outside of its table), name, what is given, and whether that is a reference."""
    for key, value in held.items():
        if key == CACHE:
            continue
        if key == REFERENCES:
            yield from _reference_entries(None, value, sink)
        elif isinstance(value, dict) and _is_place(key):
            for name, inner in value.items():
                if name == REFERENCES:
                    yield from _reference_entries(key, inner, sink)
                else:
                    yield key, name, inner, False
        else:
            yield None, key, value, False


def _reference_entries(
    place: str | None, value: object, sink: Sink
) -> Iterator[tuple[str | None, str, object, bool]]:
    if not isinstance(value, dict):
        sink.error("FC0806", "`from` in the secrets file must be a table of references by name")
        return
    for name, text in value.items():
        yield place, name, text, True


def _is_place(key: str) -> bool:
    environment, account = parts_of_place(key)
    return (
        is_name(environment)
        and place_of(environment, account) == key
        and (not account or is_name(account))
    )


def _full(place: str | None, name: str, sink: Sink) -> str | None:
    """The full name of what stands in the table of a place, where it may be written in full."""
    # An old name is told its new one where all names are looked at.
    if place is None or is_old(name):
        return name
    of = identity_at(place, name) or identity(name)
    if of is None or place_of(of.environment, of.account) != place:
        hint = "write FORWARDC_SECRET__<OWNER>__<NAME> there, or FORWARDC_VAULT__<VAULT>__<NAME>"
        message = f"{name} is no name for the table {place} of the secrets file"
        sink.error("FC0806", message, hint=hint)
        return None
    return of.variable


def _references(texts: Mapping[str, object], base: Path, sink: Sink) -> dict[str, SecretReference]:
    """The references of full names, with what they ask of the place filled in."""
    references: dict[str, SecretReference] = {}
    for name, text in texts.items():
        of = identity(name)
        reference = _reference(name, text, of, base, sink)
        if reference is not None:
            references[name] = reference
            _advise(name, reference, base, sink)
    return references


def _for_every(texts: Mapping[str, object], base: Path, sink: Sink) -> dict[str, str]:
    """The references for every environment, each tried for a made-up one."""
    references: dict[str, str] = {}
    for name, text in texts.items():
        if isinstance(text, str) and ENVIRONMENT not in text:
            hint = "write {env} into it, or give the reference in the table of an environment"
            message = f"{name} names no environment, and its reference would serve every one"
            sink.error("FC0806", message, hint=hint)
        elif _reference(name, text, _SOME, base, sink) is not None:
            references[name] = str(text)
    return references


def _reference(
    name: str, text: object, of: SecretId | None, base: Path, sink: Sink
) -> SecretReference | None:
    problem = placeholder_problem(text) if isinstance(text, str) and of is not None else None
    if isinstance(text, str) and of is not None and problem is None:
        text = fill_placeholders(text, of.environment, of.account)
    reference = read_reference(text) if isinstance(text, str) else None
    if reference is None:
        forms = ", ".join(f"{kind}:..." for kind in PROVIDER_KINDS)
        sink.error("FC0806", f"{name} has no reference that is known", hint=f"write {forms}")
        return None
    problem = problem or provider_of(reference.kind, {}, base).problem(reference.place)
    if problem is not None:
        sink.error("FC0806", f"the reference of {name} {problem}")
        return None
    return reference


def _advise(name: str, reference: SecretReference, base: Path, sink: Sink) -> None:
    if reference.kind != "file":
        return
    try:
        path = FileProvider(base).path(reference.place)
    except SecretProviderError:
        return
    if is_readable_by_others(path):
        sink.warning("FC0806", f"other users can read the file of {name}", hint="chmod 600 it")


def placeholder_problem(text: str) -> str | None:
    """What is wrong with the placeholders of a reference; None where they are well-formed."""
    rest = _PART.sub("", text)
    if ACCOUNT in rest:
        return "has {account} elsewhere than as a whole part of a path, behind a /"
    if ACCOUNT in text and ENVIRONMENT not in text:
        return "has {account} and no {env}"
    return None


def fill_placeholders(text: str, environment: str, account: str) -> str:
    """The reference of one place."""
    part = f"/{account}" if account else ""
    return _PART.sub(lambda _: part, text).replace(ENVIRONMENT, environment)


def _lifetime(setting: object, sink: Sink) -> float:
    if setting == {}:
        return LIFETIME_S
    seconds = setting.get("seconds") if isinstance(setting, dict) and len(setting) == 1 else None
    number = -1 if isinstance(seconds, bool) or not isinstance(seconds, int | float) else seconds
    # No comparison holds for `nan`, which TOML can write.
    if 0 <= number <= _LONGEST_LIFETIME_S:
        return float(number)
    sink.error("FC0806", f"`cache` must be {{seconds = 0 to {_LONGEST_LIFETIME_S}}}")
    return LIFETIME_S
