"""The pages of the reference, as Markdown. They hang on the schemas and examples alone."""

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from schema_reference import places
from schema_reference.examples import PROJECT, Example, Examples, examples
from schema_reference.sections import (
    ROOT_SECTION,
    Key,
    Schema,
    Section,
    Variant,
    either,
    listed,
    sections,
)

FOLDER: Final = "docs/reference"
MINIMAL: Final = "docs/examples/minimal"
MADE: Final = "<!-- Written by `make generated` from `{schema}` and `{project}/`: edit these. -->"


class ReferenceGapError(Exception):
    """A key lacks what the reference shows of it. The message says where to write it."""


@dataclass(frozen=True)
class Page:
    """One page: the kind of its schema, its heading, and what stands below that."""

    kind: str
    title: str
    about: Callable[[Path], str]

    @property
    def path(self) -> str:
        """Where it is, from the root of the repository."""
        return f"{FOLDER}/{self.kind}.md"

    @property
    def schema(self) -> str:
        """The file of its schema, from the root of the repository."""
        return f"schemas/{self.kind}.schema.json"


def _about_destinations(root: Path) -> str:
    smallest = (root / MINIMAL / "destinations/till.yaml").read_text("utf-8").rstrip()
    return f"""\
Every key of `destinations/NAME.yaml`. [The language](../language.md) says what they are for and how
expressions are written, [a table](places.md) where each value may stand, and [the
cookbook](../cookbook.md) has whole files. NAME is a name of yours,
`[]` an item of a list. The examples are parts of files that are checked, built and run.

The smallest file that works, `{MINIMAL}/destinations/till.yaml`:

```yaml {MINIMAL}/destinations/till.yaml
{smallest}
```
"""


def _about_projects(root: Path) -> str:
    smallest = (root / MINIMAL / "forwardc.yaml").read_text("utf-8").rstrip()
    return f"""\
Every key of `forwardc.yaml`, which stands at the root of a project and holds no secret.
[Environments and accounts](../environments.md) says how its parts go together. NAME is a name of
yours, `[]` an item of a list. The examples are parts of files that are checked, built and run.

The smallest file with which a destination is built for two vaults, `{MINIMAL}/forwardc.yaml`:

```yaml {MINIMAL}/forwardc.yaml
{smallest}
```

`forwardc: 1` alone is a project, too: its destinations are checked and judged, and nothing is
built, since no account is there. `build/coverage.md` then says of each place what `forwardc.yaml`
does not give. One vault alone is enough; what stands there is the id of your own account.
"""


PAGES: Final = (
    Page("destination", "A destination, key by key", _about_destinations),
    Page("project", "forwardc.yaml, key by key", _about_projects),
)


def pages(root: Path) -> dict[str, str]:
    """The text of each page, by its path. Raises ReferenceGapError where a key lacks something."""
    if lacking := [said for page in PAGES for said in gaps(root, page)]:
        raise ReferenceGapError("\n".join(lacking))
    written = {page.path: "\n".join(_lines(root, page)) for page in PAGES}
    return {**written, places.PATH: places.page()}


def gaps(root: Path, page: Page) -> Iterator[str]:
    """What a page cannot show: each with where to write it."""
    whole = _schema(root, page)
    shown = examples(root, page.kind, whole)
    for section in sections(whole).values():
        for key in section.keys:
            place = f"{section.places[0]}.{key.name}".removeprefix(".")
            if not key.schema.get("description"):
                yield f"{page.schema}: `{place}` needs a `description`"
            if (section.name, key.name) not in shown.of_keys:
                yield f"{_where(page)}: no file has `{place}`: write it where it makes sense"
        for variant in section.variants:
            if (section.name, section.decides, variant.value) not in shown.of_values:
                place = f"{section.places[0]}.{section.decides}"
                yield f"{_where(page)}: no file has `{place}: {variant.value}`"


def _where(page: Page) -> str:
    return f"{PROJECT}/" + ("forwardc.yaml" if page.kind == "project" else "destinations/")


def _schema(root: Path, page: Page) -> Schema:
    schema: Schema = json.loads((root / page.schema).read_text("utf-8"))
    return schema


def _lines(root: Path, page: Page) -> Iterator[str]:
    whole = _schema(root, page)
    shown, known = examples(root, page.kind, whole), sections(whole)
    yield MADE.format(schema=page.schema, project=PROJECT)
    yield f"# {page.title}"
    yield ""
    yield page.about(root)
    for section in known.values():
        yield from _section(section, shown)


def _section(section: Section, shown: Examples) -> Iterator[str]:
    yield "## The file" if section.name == ROOT_SECTION else f"## {section.name}"
    yield ""
    if section.name != ROOT_SECTION:
        places = listed([place.removeprefix(".") for place in section.places], "and")
        yield " ".join(filter(None, (f"At {places}.", section.description)))
        yield ""
    yield "| key | takes | says | example |"
    yield "|---|---|---|---|"
    for key in section.keys:
        example = shown.of_keys[section.name, key.name]
        yield f"| {_name(key)} | {_cell(_takes(key))} | {_says(key)} | {_shown(example)} |"
    yield ""
    for sentence in section.choices:
        yield sentence
        yield ""
    if section.variants:
        yield from _variants(section, shown)


def _variants(section: Section, shown: Examples) -> Iterator[str]:
    described = any(one.description for one in section.variants)
    says = " says |" if described else ""
    yield f"| `{section.decides}` |{says} beside it | example |"
    yield "|---|---|---|" + ("---|" if described else "")
    for one in section.variants:
        example = shown.of_values[section.name, str(section.decides), one.value]
        said = f" {_cell(one.description)} |" if described else ""
        yield f"| `{one.value}` |{said} {_beside(one)} | {_shown(example)} |"
    yield ""


def _beside(variant: Variant) -> str:
    required = [f"`{name}` (required)" for name in variant.required]
    return ", ".join((*required, *(f"`{name}`" for name in variant.beside)))


def _name(key: Key) -> str:
    return f"`{key.name}`" + (" (required)" if key.required else "")


def _says(key: Key) -> str:
    said = str(key.schema["description"])
    if key.conditions:
        phrase = "; ".join(key.conditions)
        said = f"{said} *{phrase[0].upper()}{phrase[1:]}.*"
    return _cell(said)


def _shown(example: Example) -> str:
    href = os.path.relpath(example.path, FOLDER)
    where = Path(example.path).stem
    return f"{_code(example.text)} [{where}]({href}#L{example.line})"


def _code(text: str) -> str:
    fence = "``" if "`" in text else "`"
    return f"{fence}{_cell(text)}{fence}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _takes(key: Key) -> str:
    more = key.schema.get("additionalProperties")
    said = key.schema.get("patternErrorMessage") or _type(key.schema)
    if key.section is None:
        return _type(key.schema) if not isinstance(more, dict) else f"map: NAME to {_inner(more)}"
    link = f"[{key.section}](#{key.section})"
    match key.schema:
        case {"type": [*_, "string"], "items": _}:
            return f"{said}: [{key.section}](#{key.section})"
        case {"properties": _, "items": _}:
            return f"{link}, or a list of it"
        case {"properties": _}:
            return link
        case {"additionalProperties": _}:
            return f"map: NAME to {link}"
        case _:
            return f"list of {link}"


def _inner(schema: Schema) -> str:
    """What the values of a map are, where they are no map with keys of its own."""
    return _type(schema) if schema.keys() & {"type", "enum"} else "anything"


def _type(schema: Schema) -> str:
    if "const" in schema:
        return f"`{json.dumps(schema['const'])}`".replace('"', "")
    if "enum" in schema:
        return either([str(value) for value in schema["enum"]])
    if "oneOf" in schema:
        return " or ".join(_type(one) for one in schema["oneOf"])
    kinds = schema.get("type", [])
    words = [_word(kind, schema) for kind in ([kinds] if isinstance(kinds, str) else kinds)]
    return " or ".join(words) if words else "anything"


def _word(kind: str, schema: Schema) -> str:
    match kind:
        case "string":
            said = schema.get("patternErrorMessage", "text")
            most = schema.get("maxLength")
            return f"{said}, at most {most} characters" if most else str(said)
        case "integer" | "number":
            return f"{kind}{_bounds(schema)}"
        case "boolean":
            return "`true` or `false`"
        case "array":
            items = schema.get("items", {})
            named = f"list of {_type(items)}" if items.keys() & {"type", "enum"} else "list"
            return named + _numbers(schema)
        case _:
            return "map"


def _numbers(schema: Schema) -> str:
    most = schema.get("maxItems")
    return f" ({schema.get('minItems', 0)} to {most})" if most else ""


def _bounds(schema: Schema) -> str:
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None and high is not None:
        return f" from {low} to {high}"
    return f" from {low}" if low is not None else ""


def write(root: Path) -> list[str]:
    """Write the pages that changed; their paths."""
    changed = []
    for path, text in pages(root).items():
        file = root / path
        if not file.is_file() or file.read_text("utf-8") != text:
            file.parent.mkdir(exist_ok=True)
            file.write_text(text, encoding="utf-8")
            changed.append(path)
    return changed
