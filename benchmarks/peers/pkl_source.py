"""Writes the generated destinations in Pkl, as modules that amend `Destination.pkl`."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from shutil import copy
from typing import Any

_NATIVE = Path(__file__).with_name("native")
# The members whose keys the author chooses: entries of a Mapping, and not properties of a class.
_MAPPINGS = frozenset(
    ("environments", "settings", "params", "secrets", "operations", "steps", "headers", "outputs")
)
# Names of the definitions that are words of Pkl, too.
_WORDS = frozenset(("is", "when", "default"))


def write(target: Path, destinations: Mapping[str, Any]) -> Path:
    """Write modules of destinations with the module that renders them, which is returned."""
    (target / "destinations").mkdir(parents=True)
    for name, data in destinations.items():
        text = "\n".join(['amends "../Destination.pkl"', *_members(data, "")])
        (target / "destinations" / f"{name}.pkl").write_text(text + "\n", encoding="utf-8")
    copy(_NATIVE / "Destination.pkl", target)
    return Path(copy(_NATIVE / "render.pkl", target))


def _members(data: Mapping[str, Any], of: str) -> Iterator[str]:
    for key, value in data.items():
        name = f'["{key}"]' if of in _MAPPINGS else f"`{key}`" if key in _WORDS else key
        if isinstance(value, dict):
            yield f"{name} {'= new Dynamic ' if key == 'json' else ''}{{"
            yield from (f"  {line}" for line in _members(value, key))
            yield "}"
        elif isinstance(value, list):
            yield f"{name} {{"
            yield from (f"  {line}" for item in value for line in _item(item))
            yield "}"
        else:
            yield f"{name} = {_scalar(value)}"


def _item(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield "new {"
        yield from (f"  {line}" for line in _members(value, ""))
        yield "}"
    else:
        yield _scalar(value)


def _scalar(value: Any) -> str:
    # Texts, numbers and truth values are written as in JSON; `${` means nothing in Pkl.
    return json.dumps(value, ensure_ascii=False)
