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
    """The params of a JSON or TOML file. Raises `UsageError`."""
    if path is None:
        return {}
    import json
    import tomllib
    from decimal import Decimal

    text = path.read_text(encoding="utf-8")
    try:
        if path.suffix == ".toml":
            return tomllib.loads(text, parse_float=Decimal)
        values = json.loads(text, parse_float=Decimal)
    except (ValueError, RecursionError):
        raise click.UsageError("--params: the file is neither JSON nor TOML.") from None
    if not isinstance(values, dict):
        raise click.UsageError("--params: the file must hold an object of params by name.")
    return values
