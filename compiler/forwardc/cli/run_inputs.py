"""Reads what a person gives to a run: NAME=VALUE, and files of params. Knows no plan."""

from pathlib import Path

import click


def pairs_of(option: str, given: tuple[str, ...]) -> dict[str, str]:
    """The values by name. Raises `UsageError`."""
    pairs: dict[str, str] = {}
    for item in given:
        name, equals, value = item.partition("=")
        # What stands there may be a value, so the message does not repeat it.
        if not equals or not name:
            raise click.UsageError(f"{option} takes NAME=VALUE.")
        if name in pairs:
            raise click.UsageError(f"{option} gives the same name twice.")
        pairs[name] = value
    return pairs


def read_params(path: Path | None) -> dict[str, object]:
    """The params of a JSON or TOML file. Raises `UsageError`, which quotes nothing of it."""
    if path is None:
        return {}
    values = _parsed(_text(path), toml=path.suffix == ".toml")
    if not isinstance(values, dict):
        raise click.UsageError("--params: the file must hold an object of params by name.")
    return values


def _text(path: Path) -> str:
    from forwardc.diagnostics.text_file import NotText, decoded
    from forwardc.files.kinds import PARAMS
    from forwardc.files.operator_file import read

    try:
        return decoded(read(path, PARAMS))
    except OSError as problem:
        raise click.UsageError(f"--params: the file cannot be read: {problem.strerror}.") from None
    except NotText as problem:
        raise click.UsageError(f"--params: the file is {problem.reason}.") from None


def _parsed(text: str, *, toml: bool) -> object:
    import json
    import tomllib
    from decimal import Decimal

    from forwardc.diagnostics.text_file import gave_up

    where = ""
    try:
        if toml:
            return tomllib.loads(text, parse_float=Decimal)
        return json.loads(text, parse_float=Decimal)
    except ValueError as problem:
        where = gave_up(text, problem)
    except (RecursionError, ArithmeticError):
        pass  # too deep, or an exponent that no decimal has
    kind = "TOML" if toml else "JSON, and its name does not end in .toml"
    raise click.UsageError(f"--params: the file is no {kind}" + (f" ({where})." if where else "."))
