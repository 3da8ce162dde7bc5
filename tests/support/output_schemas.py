"""What `schemas/output/` says of the documents of `--json`, and whether one is as it says."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import click
from jsonschema import Draft202012Validator

FOLDER = Path(__file__).resolve().parent.parent.parent / "schemas" / "output"


def names() -> list[str]:
    """Each schema by the words of its command: `history show`."""
    return sorted(_words(path) for path in FOLDER.glob("*.schema.json"))


def _words(path: Path) -> str:
    return path.name.removesuffix(".schema.json").replace("-", " ")


def schema(words: str) -> dict[str, Any]:
    """The schema of a command."""
    path = FOLDER / f"{words.replace(' ', '-')}.schema.json"
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


@cache
def _validator(words: str) -> Draft202012Validator:
    return Draft202012Validator(schema(words))


def mistakes(words: str, document: Any) -> list[str]:
    """Where a document of a command is not as its schema says; values are in the messages."""
    found = _validator(words).iter_errors(json.loads(json.dumps(document)))
    return [f"{one.json_path}: {one.message[:300]}" for one in found]


def words_here() -> str:
    """The words of the command that is being run, without the program's name."""
    context, words = click.get_current_context(), []
    while context.parent is not None:
        words.insert(0, str(context.info_name))
        context = context.parent
    # A test may invoke the command by itself: then nothing stands above it.
    return " ".join(words or [str(context.info_name)])
