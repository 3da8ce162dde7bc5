"""Reads what a person gives to a run: NAME=VALUE, and files of values by name.

A value is what it is: no character at its beginning means anything. What stands in an argument is
read by everybody who lists the machine's processes, so that sensitive values come in files.
"""

import sys
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from forwardc.core.diagnostics.errors import ForwardcError

if TYPE_CHECKING:
    from forwardc.core.diagnostics.sink import Sink
    from forwardc.plan.model import Plan

FILE: Final = click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path)
"""A file, or `-` for standard input."""
_STDIN: Final = Path("-")


def pairs_of(option: str, texts: tuple[str, ...]) -> dict[str, str]:
    """The values by name. Raises `UsageError`."""
    pairs: dict[str, str] = {}
    for item in texts:
        name, equals, value = item.partition("=")
        # What stands there may be a value, so the message does not repeat it.
        if not equals or not name:
            raise click.UsageError(f"{option} takes NAME=VALUE.")
        if name in pairs:
            raise click.UsageError(f"{option} gives the same name twice.")
        pairs[name] = value
    return pairs


def not_both(params: Path | None, inputs: Path | None) -> None:
    """Raises `UsageError` where standard input would be two things."""
    if params == inputs == _STDIN:
        raise click.UsageError("--params and --inputs cannot both be -: there is one input only.")


def read_params(path: Path | None) -> dict[str, object]:
    """The params of a JSON or TOML file. Raises `UsageError`, which quotes nothing of it."""
    return _read("--params", path, "params")


def read_inputs(path: Path | None) -> dict[str, str]:
    """The inputs of a JSON or TOML file, which are text. Raises `UsageError`."""
    inputs: dict[str, str] = {}
    for name, value in _read("--inputs", path, "inputs").items():
        if not isinstance(value, str):
            raise click.UsageError("--inputs: each value must be text, in quotes.")
        inputs[name] = value
    return inputs


def warn_of_arguments(
    plan: "Plan", operation: str, params: Collection[str], inputs: Collection[str], sink: "Sink"
) -> None:
    """FC0841 for each sensitive value among those that were given as arguments, by their names."""
    specs = dict(plan.operations[operation].inputs)
    for kind in plan.sources.values():
        specs |= kind.inputs
    for name in params:
        if name in plan.params and plan.params[name].sensitive:
            warn_of_sensitive_argument(f"params.{name}", sink)
    for name in inputs:
        if name in specs and specs[name].sensitive:
            warn_of_sensitive_argument(f"inputs.{name}", sink)


def warn_of_sensitive_argument(place: str, sink: "Sink") -> None:
    """FC0841 for one value."""
    option = "--params" if place.startswith("params.") else "--inputs"
    sink.warning(
        "FC0841",
        f"{place} is sensitive, and whoever lists the processes of this machine reads arguments",
        hint=f"give it in {option} FILE, or {option} - for standard input",
    )


def _read(option: str, path: Path | None, kind: str) -> dict[str, object]:
    if path is None:
        return {}
    whole = f"{option}: {'standard input' if path == _STDIN else 'the file'}"
    values = _parsed(whole, _text(whole, path), path)
    if not isinstance(values, dict):
        raise click.UsageError(f"{whole} must hold an object of {kind} by name.")
    return values


def _text(whole: str, path: Path) -> str:
    from forwardc.core.diagnostics.text_file import NotTextError, decoded
    from forwardc.core.files import operator_file
    from forwardc.core.files.kinds import PARAMS

    try:
        if path == _STDIN:
            data = operator_file.read_open(sys.stdin.buffer, PARAMS)
        else:
            data = operator_file.read(path, PARAMS)
        return decoded(data)
    except OSError as problem:
        raise click.UsageError(f"{whole} cannot be read: {problem.strerror}.") from None
    except NotTextError as problem:
        raise click.UsageError(f"{whole} is {problem.reason}.") from None


def _parsed(whole: str, text: str, path: Path) -> object:
    import json
    import tomllib
    from decimal import Decimal

    from forwardc.core.diagnostics.text_file import parse_error_place

    where = ""
    try:
        if path.suffix == ".toml":
            return tomllib.loads(text, parse_float=Decimal)
        return json.loads(text, parse_float=Decimal, object_pairs_hook=_once)
    except _DuplicateNameError:
        where = "a name stands twice in one object"
    except ValueError as problem:
        where = parse_error_place(text, problem)
    except (RecursionError, ArithmeticError):
        pass  # too deep, or an exponent that no decimal has
    kind = "TOML" if path.suffix == ".toml" else "JSON"
    if kind == "JSON" and path != _STDIN:
        kind += ", and its name does not end in .toml"
    raise click.UsageError(f"{whole} is no {kind}" + (f" ({where})." if where else "."))


class _DuplicateNameError(ForwardcError, ValueError):
    """An object has two members of one name: readers do not agree which of them counts."""


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _DuplicateNameError
    return members
