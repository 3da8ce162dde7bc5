"""The lists beside the sample: mutants that change nothing, and mistakes that were once unseen."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

from mutants.mutant import Mutant

Key: TypeAlias = tuple[str, str, str, str, int]


def entries(name: str) -> list[dict[str, Any]]:
    """The entries of `equivalent` or `known` as they are written."""
    text = Path(__file__).with_name(f"{name}.toml").read_text(encoding="utf-8")
    listed: list[dict[str, Any]] = tomllib.loads(text).get(name, [])
    return listed


@cache
def equivalents() -> frozenset[Key]:
    """The mutants that change nothing anybody could see, by their keys."""
    return frozenset(
        (one["file"], one["in"], one["old"], one["new"], one.get("turn", 0))
        for one in entries("equivalent")
    )


def known(file: str, source: str) -> list[tuple[Mutant, str]]:
    """The mistakes in a file that were once unseen, each with the source text that has it.

    Raises `ValueError` for one that is gone.
    """
    found: list[tuple[Mutant, str]] = []
    for one in entries("known"):
        if one["file"] != file:
            continue
        before, *rest = source.split(one["old"])
        if len(rest) != 1:
            raise ValueError(f"{file}: `{one['old']}` stands there {len(rest)} times")
        line = before.count("\n") + 1
        mutant = Mutant(file, one["what"], one["old"], one["new"], 0, line)
        found.append((mutant, before + one["new"] + rest[0]))
    return found
