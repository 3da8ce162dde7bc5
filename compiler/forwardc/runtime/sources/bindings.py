"""Reads a secrets file, TOML or JSON: values by variable, and references in the table `from`.

Knows the form of a reference, and fetches nothing. No message quotes the file.
"""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from forwardc.diagnostics.sink import Sink
from forwardc.diagnostics.text_file import NotText, decoded, gave_up
from forwardc.files.kinds import SECRETS
from forwardc.files.operator_file import read
from forwardc.plan.values import Secret
from forwardc.runtime.sources.files import FileSource, others_can_read
from forwardc.runtime.sources.protocol import Reference, SourceFailed
from forwardc.runtime.sources.registry import KINDS, read_reference, source_of

LIFETIME_S: Final = 300.0
_LONGEST_LIFETIME_S: Final = 86400


@dataclass(frozen=True, slots=True)
class Bindings:
    """What a secrets file says, by the names of environment variables. Lifetime in seconds."""

    values: Mapping[str, Secret] = field(default_factory=dict)
    references: Mapping[str, Reference] = field(default_factory=dict)
    lifetime_s: float = LIFETIME_S
    base: Path = field(default_factory=Path)


def read_bindings(path: Path, sink: Sink) -> Bindings:
    """The bindings of a secrets file.

    Warns where others may read a file that holds values. FC0806 where it cannot be read as text by
    name, a table `from` of references and a table `cache`.
    """
    held = _parsed(path)
    if isinstance(held, str):
        sink.error("FC0806", "the secrets file cannot be read as TOML or JSON" + held)
        return Bindings()
    references, cache = held.pop("from", {}), held.pop("cache", {})
    if held and others_can_read(path):
        sink.warning("FC0806", "other users can read the secrets file", hint="chmod 600 it")
    if not all(isinstance(value, str) and value for value in held.values()):
        sink.error("FC0806", "the secrets file must hold text only, one value for each name")
        return Bindings()
    if isinstance(references, dict):
        for name in sorted(held.keys() & references.keys()):
            sink.error("FC0806", f"{name} has both a value and a reference in the secrets file")
    base = path.absolute().parent
    return Bindings(
        {name: Secret(value) for name, value in held.items()},
        _references(references, base, sink),
        _lifetime(cache, sink),
        base,
    )


def _parsed(path: Path) -> dict[str, Any] | str:
    """What a secrets file holds, or the end of a message that says what is wrong with it."""
    text = ""
    try:
        text = decoded(read(path, SECRETS))
        values = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except OSError as problem:
        return f": {problem.strerror}"
    except NotText as problem:
        return f": it is {problem.reason}"
    except (ValueError, RecursionError) as problem:
        # What the parser found wrong may quote the file: only the place is told.
        where = gave_up(text, problem) if isinstance(problem, ValueError) else ""
        return f": {where}" if where else ""
    return values if isinstance(values, dict) else ": it holds no object"


def _references(given: object, base: Path, sink: Sink) -> dict[str, Reference]:
    if not isinstance(given, dict):
        sink.error("FC0806", "`from` in the secrets file must be a table of references by name")
        return {}
    found: dict[str, Reference] = {}
    for name, text in given.items():
        reference = read_reference(text) if isinstance(text, str) else None
        if reference is None:
            known = ", ".join(f"{kind}:..." for kind in KINDS)
            sink.error("FC0806", f"{name} has no reference that is known", hint=f"write {known}")
        elif problem := source_of(reference.kind, {}, base).problem(reference.place):
            sink.error("FC0806", f"the reference of {name} {problem}")
        else:
            found[name] = reference
            _advise(name, reference, base, sink)
    return found


def _advise(name: str, reference: Reference, base: Path, sink: Sink) -> None:
    if reference.kind != "file":
        return
    try:
        path = FileSource(base).path(reference.place)
    except SourceFailed:
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
