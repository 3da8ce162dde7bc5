"""What a JSON Schema of ours says of the maps of a file: places, keys, and conditions on them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

Schema = dict[str, Any]
ROOT_SECTION: Final = "file"
"""The section of the whole file, which no key leads to."""
ANY_NAME: Final = "NAME"
"""Stands for a key that the author chooses."""
_REFUSED: Final = {"not": {}}


@dataclass(frozen=True)
class Key:
    """A key of a map. `conditions` are phrases: "only beside `xml`"."""

    name: str
    schema: Schema
    required: bool
    conditions: tuple[str, ...]
    section: str | None
    """The section of its value, or of what its value holds."""


@dataclass(frozen=True)
class Variant:
    """A value of the key that decides what stands beside it, such as `enum` of `type`."""

    value: str
    description: str
    beside: tuple[str, ...]
    required: tuple[str, ...]


@dataclass
class Section:
    """One kind of map. `places` are where it stands, such as `params.NAME`."""

    name: str
    description: str
    keys: tuple[Key, ...]
    choices: tuple[str, ...]
    decides: str | None
    variants: tuple[Variant, ...]
    places: list[str] = field(default_factory=list)


def follow(schema: Schema, whole: Schema) -> tuple[Schema, str | None]:
    """A schema with what it refers to, and the name of that."""
    target = schema.get("$ref")
    if target is None:
        return schema, None
    name = target.removeprefix("#/$defs/")
    inner, _ = follow(whole["$defs"][name], whole)
    return {**inner, **{key: value for key, value in schema.items() if key != "$ref"}}, name


def spelled_out(schema: Schema, whole: Schema) -> Schema:
    """A schema with what it, its items and its values refer to."""
    resolved, _ = follow(schema, whole)
    inner = {
        word: spelled_out(resolved[word], whole)
        for word in ("items", "additionalProperties")
        if isinstance(resolved.get(word), dict) and "properties" not in resolved
    }
    return {**resolved, **inner}


def sections(whole: Schema) -> dict[str, Section]:
    """All sections of a file, by name, in the order of the schema."""
    found: dict[str, Section] = {}
    _visit(whole, ROOT_SECTION, "", whole, found)
    return found


def _visit(
    schema: Schema, key: str, place: str, whole: Schema, found: dict[str, Section]
) -> str | None:
    """Note what stands at a place; the name of the section that it is or holds."""
    resolved, referred = follow(schema, whole)
    more, items = resolved.get("additionalProperties"), resolved.get("items")
    if "properties" in resolved:
        name = referred or key
        section = found.get(name)
        if section is None:
            section = found[name] = Section(name, "", (), (), None, ())
            _fill(section, resolved, place, whole, found)
            own = whole["$defs"].get(referred, {}).get("description")
            section.description = str(own or resolved.get("description", ""))
        elif {one.name for one in section.keys} - {ANY_NAME} != set(resolved["properties"]):
            raise ValueError(f"two different maps are called {name}")
        if place not in section.places:
            section.places.append(place)
        return name
    if isinstance(more, dict):
        return _visit(more, key, f"{place}.{ANY_NAME}", whole, found)
    if isinstance(items, dict):
        return _visit(items, key, f"{place}[]", whole, found)
    return None


def _fill(
    section: Section, schema: Schema, place: str, whole: Schema, found: dict[str, Section]
) -> None:
    properties: Mapping[str, Schema] = schema["properties"]
    more = schema.get("additionalProperties")
    decides = _decider(schema)
    inner: dict[str, str | None] = {}
    if isinstance(more, dict):
        properties = {**properties, ANY_NAME: more}
    for name, one in properties.items():
        # What stands under any name is shown once.
        same = isinstance(more, dict) and one.get("$ref") == more.get("$ref")
        below = f"{place}.{ANY_NAME if same else name}".removeprefix(".")
        inner[name] = _visit(one, name, below, whole, found)
    section.choices = tuple(_choices(schema))
    section.decides = decides
    section.variants = tuple(_variants(schema, decides)) if decides else ()
    section.keys = tuple(
        Key(
            name,
            spelled_out(one, whole),
            name in schema.get("required", ()),
            tuple(_conditions(name, schema, decides)),
            inner[name],
        )
        for name, one in properties.items()
    )


def _clauses(schema: Schema) -> Iterator[Schema]:
    """Every `if` of a schema, with its `then` and `else`."""
    if "if" in schema:
        yield schema
    yield from (one for one in schema.get("allOf", ()) if "if" in one)


def _decider(schema: Schema) -> str | None:
    """The key whose value decides what may stand beside it."""
    for clause in _clauses(schema):
        for name in clause["if"].get("properties", ()):
            if "enum" in schema["properties"].get(name, {}):
                return str(name)
    return None


def _branch(clause: Schema, decides: str, value: str) -> Schema:
    condition = clause["if"].get("properties", {}).get(decides)
    if condition is None:
        return {}
    holds = value in condition.get("enum", [condition.get("const")])
    branch: Schema = clause.get("then" if holds else "else", {})
    return branch


def _refused(branch: Schema) -> set[str]:
    return {name for name, one in branch.get("properties", {}).items() if one == _REFUSED}


def _variants(schema: Schema, decides: str) -> Iterator[Variant]:
    told = schema["properties"][decides]
    conditional = {
        name
        for clause in _clauses(schema)
        for branch in (clause.get("then", {}), clause.get("else", {}))
        for name in (*_refused(branch), *branch.get("required", ()))
    }
    descriptions = told.get("enumDescriptions", [""] * len(told["enum"]))
    for value, description in zip(told["enum"], descriptions, strict=True):
        branches = [_branch(clause, decides, value) for clause in _clauses(schema)]
        refused = set().union(*map(_refused, branches))
        required = {name for branch in branches for name in branch.get("required", ())}
        names = [name for name in schema["properties"] if name in conditional - refused]
        yield Variant(
            value,
            description,
            tuple(name for name in names if name not in required),
            tuple(name for name in names if name in required),
        )


def _conditions(name: str, schema: Schema, decides: str | None) -> Iterator[str]:
    if decides:
        variants = list(_variants(schema, decides))
        fits = [one.value for one in variants if name in (*one.beside, *one.required)]
        needs = [one.value for one in variants if name in one.required]
        if needs:
            yield f"required where `{decides}` is {either(needs)}"
        if fits and len(fits) < len(variants) and fits != needs:
            yield f"only where `{decides}` is {either(fits)}"
        elif fits and fits == needs and len(fits) < len(variants):
            yield "else refused"
    for clause in _clauses(schema):
        if "properties" not in clause["if"] and name in _refused(clause.get("then", {})):
            yield f"not beside {either(clause['if']['required'])}"
    for other in schema.get("dependentRequired", {}).get(name, ()):
        yield f"only beside `{other}`"
    for other, one in (
        schema.get("dependentSchemas", {}).get(name, {}).get("properties", {}).items()
    ):
        if one.get("const") is False:
            yield f"not beside `{other}: true`"


def _choices(schema: Schema) -> Iterator[str]:
    """Sentences about keys of which one may stand, or must."""
    for one in (schema, *schema.get("allOf", ())):
        for word, said in (("oneOf", "Exactly one of"), ("anyOf", "At least one of")):
            branches: Sequence[Schema] = one.get(word, ())
            names = [name for branch in branches for name in branch.get("required", ())]
            if names:
                none_fits = any("required" not in branch for branch in branches)
                yield f"{'At most one of' if none_fits else said} {listed(names, 'and')}."


def either(values: Sequence[str]) -> str:
    """`a`, `b` or `c`."""
    return listed(values, "or")


def listed(values: Sequence[str], last: str) -> str:
    """`a`, `b` and `c`."""
    words = [f"`{value}`" for value in values]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}"
