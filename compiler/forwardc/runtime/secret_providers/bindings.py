"""Reads a secrets file, TOML or JSON: values by variable, references in `from`, tables of places.

Knows the form of a reference, and fetches nothing. No message quotes the file.
"""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from forwardc.core.diagnostics.sink import Sink
from forwardc.core.diagnostics.text_file import NotTextError, decoded, gave_up
from forwardc.core.files.kinds import SECRETS
from forwardc.core.files.operator_file import read
from forwardc.core.terms.values import Secret
from forwardc.plan.secret_names import SecretId, identity
from forwardc.runtime.secret_providers import places
from forwardc.runtime.secret_providers.files import FileSource, others_can_read
from forwardc.runtime.secret_providers.protocol import Reference, SecretProviderError
from forwardc.runtime.secret_providers.registry import KINDS, read_reference, source_of
from forwardc.runtime.secret_providers.tables import CACHE, flat

LIFETIME_S: Final = 300.0
_LONGEST_LIFETIME_S: Final = 86400
_SOME: Final = SecretId("secret", "sandbox", "account", "owner", "name")


@dataclass(frozen=True, slots=True)
class Bindings:
    """What a secrets file says, by the names of environment variables. Lifetime in seconds."""

    values: Mapping[str, Secret] = field(default_factory=dict)
    references: Mapping[str, Reference] = field(default_factory=dict)
    lifetime_s: float = LIFETIME_S
    base: Path = field(default_factory=Path)
    every: Mapping[str, str] = field(default_factory=dict)
    """References for every environment, by names that leave it out; `{env}` stands in each."""

    def reference(self, variable: str) -> Reference | None:
        """Where the value of a variable is; None where the file does not say it."""
        known = self.references.get(variable)
        of = identity(variable) if known is None and self.every else None
        if of is None:
            return known
        text = self.every.get(of.every_variable)
        # What asks for no account is that of the account without a name.
        if text is None or (of.account and places.ACCOUNT not in text):
            return None
        return read_reference(places.filled(text, of.environment, of.account))


def read_bindings(path: Path, sink: Sink) -> Bindings:
    """The bindings of a secrets file.

    Warns where others may read a file that holds values. FC0806 where it cannot be read as text by
    name, a table `from` of references and a table `cache`.
    """
    held = _parsed(path)
    if isinstance(held, str):
        sink.error("FC0806", "the secrets file cannot be read as TOML or JSON" + held)
        return Bindings()
    found = flat(held, sink)
    if (found is None or found.values) and others_can_read(path):
        sink.warning("FC0806", "other users can read the secrets file", hint="chmod 600 it")
    if found is None:
        return Bindings()
    base = path.absolute().parent
    return Bindings(
        {name: Secret(value) for name, value in found.values.items()},
        _references(found.references, base, sink),
        _lifetime(held.get(CACHE, {}), sink),
        base,
        _for_every(found.every, base, sink),
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
        where = gave_up(text, problem) if isinstance(problem, ValueError) else ""
        return f": {where}" if where else ""
    return values if isinstance(values, dict) else ": it holds no object"


def _references(given: Mapping[str, object], base: Path, sink: Sink) -> dict[str, Reference]:
    """The references of full names, with what they ask of the place filled in."""
    found: dict[str, Reference] = {}
    for name, text in given.items():
        of = identity(name)
        reference = _reference(name, text, of, base, sink)
        if reference is not None:
            found[name] = reference
            _advise(name, reference, base, sink)
    return found


def _for_every(given: Mapping[str, object], base: Path, sink: Sink) -> dict[str, str]:
    """The references for every environment, each tried for a made-up one."""
    found: dict[str, str] = {}
    for name, text in given.items():
        if isinstance(text, str) and places.ENVIRONMENT not in text:
            hint = "write {env} into it, or give the reference in the table of an environment"
            message = f"{name} names no environment, and its reference would serve every one"
            sink.error("FC0806", message, hint=hint)
        elif _reference(name, text, _SOME, base, sink) is not None:
            found[name] = str(text)
    return found


def _reference(
    name: str, text: object, of: SecretId | None, base: Path, sink: Sink
) -> Reference | None:
    problem = places.problem(text) if isinstance(text, str) and of is not None else None
    if isinstance(text, str) and of is not None and problem is None:
        text = places.filled(text, of.environment, of.account)
    reference = read_reference(text) if isinstance(text, str) else None
    if reference is None:
        known = ", ".join(f"{kind}:..." for kind in KINDS)
        sink.error("FC0806", f"{name} has no reference that is known", hint=f"write {known}")
        return None
    problem = problem or source_of(reference.kind, {}, base).problem(reference.place)
    if problem is not None:
        sink.error("FC0806", f"the reference of {name} {problem}")
        return None
    return reference


def _advise(name: str, reference: Reference, base: Path, sink: Sink) -> None:
    if reference.kind != "file":
        return
    try:
        path = FileSource(base).path(reference.place)
    except SecretProviderError:
        return
    if others_can_read(path):
        sink.warning("FC0806", f"other users can read the file of {name}", hint="chmod 600 it")


def _lifetime(given: object, sink: Sink) -> float:
    if given == {}:
        return LIFETIME_S
    seconds = given.get("seconds") if isinstance(given, dict) and len(given) == 1 else None
    number = -1 if isinstance(seconds, bool) or not isinstance(seconds, int | float) else seconds
    # No comparison holds for `nan`, which TOML can write.
    if 0 <= number <= _LONGEST_LIFETIME_S:
        return float(number)
    sink.error("FC0806", f"`cache` must be {{seconds = 0 to {_LONGEST_LIFETIME_S}}}")
    return LIFETIME_S
