"""Where each key of a schema stands in the project of examples, and the text that a page shows."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from forwardc.compile.language.nodes import Entry, Node, YamlMap, YamlScalar, YamlSeq, to_data
from forwardc.compile.language.yaml_reader import read
from forwardc.core.diagnostics.sink import Sink
from schema_reference.sections import ANY_NAME, ROOT_SECTION, Schema, follow

PROJECT: Final = "docs/examples/reference"
MOST_SHOWN: Final = 110
"""Characters of a key's example: so long a line of a table is read without scrolling on a laptop.
What is longer is shown without its inner values."""
MOST_OF_A_VALUE: Final = 260
"""Characters of the example of a value, such as a type: one map, which shows what goes with it."""
# What stands for a map, a list and a text that are left out.
_MAP, _LIST, _TEXT = "{...}", "[...]", "..."


@dataclass(frozen=True)
class Example:
    """A text of a file, and where it stands. `whole` where nothing of it was left out."""

    text: str
    path: str
    line: int
    whole: bool


@dataclass
class Examples:
    """The first example of each key, by section and key; and of each value, by its key too."""

    of_keys: dict[tuple[str, str], Example]
    of_values: dict[tuple[str, str, str], Example]


def sources(root: Path, kind: str) -> list[Path]:
    """The files that a schema is about: of the project of examples, then of the repository's own.

    The latter have what a made-up destination cannot use, such as an integration.
    """
    if kind == "project":
        return [root / PROJECT / "forwardc.yaml"]
    folders = (root / PROJECT / "destinations", root / "destinations")
    return [path for folder in folders for path in sorted(folder.glob("*.yaml"))]


def examples(root: Path, kind: str, whole: Schema) -> Examples:
    """What the project of examples shows of a schema, what is shown whole before anything else."""
    found = Examples({}, {})
    for path in sources(root, kind):
        own = path.is_relative_to(root / PROJECT)
        name, sink = path.relative_to(root).as_posix(), Sink()
        node = read(name, path.read_bytes(), sink)
        if node is None or sink.has_errors:
            raise ValueError(f"{name} cannot be read")
        for section, key, entry, around in _uses(node, whole, ROOT_SECTION, whole):
            example = _example(f"{entry.key}: ", entry.value, name, MOST_SHOWN)
            _keep(found.of_keys, (section, key), example, own)
            if isinstance(entry.value, YamlScalar) and isinstance(entry.value.value, str):
                example = _example("", around, name, MOST_OF_A_VALUE)
                _keep(found.of_values, (section, key, entry.value.value), example, own)
    return found


def _keep(table: dict[Any, Example], at: Any, example: Example, own: bool) -> None:
    first = table.get(at)
    if first is None or (own and example.whole and not first.whole):
        table[at] = example


def _uses(
    node: Node, schema: Schema, name: str, whole: Schema
) -> Iterator[tuple[str, str, Entry, YamlMap]]:
    """Every key that the schema knows: its section, name, entry, and the map that it stands in."""
    resolved, referred = follow(schema, whole)
    if isinstance(node, YamlMap):
        properties, more = resolved.get("properties", {}), resolved.get("additionalProperties")
        inside = name if "properties" not in resolved else referred or name
        for entry in node.entries:
            known = properties.get(entry.key)
            if known is not None or (properties and isinstance(more, dict)):
                yield inside, entry.key if known else ANY_NAME, entry, node
            below = known if known is not None else more
            if isinstance(below, dict):
                yield from _uses(entry.value, below, entry.key if known else name, whole)
    elif isinstance(node, YamlSeq) and isinstance(resolved.get("items"), dict):
        for one in node.items:
            yield from _uses(one, resolved["items"], name, whole)


def _example(before: str, node: Node, path: str, most: int) -> Example:
    text = node.text.strip()
    # What stands in block style on the lines below its key would be no YAML behind it.
    block = not isinstance(node, YamlScalar) and not text.startswith(("{", "["))
    if block or "\n" in text or len(before) + len(text) > most:
        text = _outline(to_data(node), most - len(before))
    whole = not any(mark in text for mark in (_MAP, _LIST, _TEXT))
    return Example(f"{before}{text}", path, node.span.start.line, whole)


def _outline(data: object, most: int) -> str:
    """A value on one line; what is too long for it is left out, the innermost first."""
    texts = (_flow(_shortened(data, *how)) for how in ((3, 48), (2, 48), (1, 48), (1, 0)))
    return next((text for text in texts if len(text) <= most), _MAP)


def _flow(data: object) -> str:
    text = yaml.safe_dump(data, default_flow_style=True, width=10**6, sort_keys=False)
    text = text.removesuffix("...\n").strip()
    for mark in (_MAP, _LIST, _TEXT):
        text = text.replace(f"'{mark}'", mark)
    return text


def _shortened(data: object, levels: int, longest: int) -> object:
    """A value without its maps and lists below some levels, and without texts that are longer."""
    match data:
        case dict() if levels or not data:
            return {key: _shortened(value, levels - 1, longest) for key, value in data.items()}
        case list() if levels or not data:
            return [_shortened(one, levels - 1, longest) for one in data]
        case dict():
            return _MAP
        case list():
            return _LIST
        case _:
            return data if len(str(data)) <= longest else _TEXT
