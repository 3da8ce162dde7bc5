"""docs/reference/: every key of the schemas is there, with an example of a project that runs."""

import json
import re
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest
from jsonschema import Draft202012Validator

from arranged import NOW, Built, built, handed
from emulated import Emulated
from forwardc.runtime.run.result import RunResult
from forwardc.sandbox.world import World
from schema_reference import places
from schema_reference.examples import PROJECT
from schema_reference.pages import MINIMAL, PAGES, Page, gaps, pages
from schema_reference.sections import sections

ROOT: Final = Path(__file__).resolve().parents[2]
SOURCES: Final = {
    "checkout": "src_visa_approved".ljust(30, "0"),
    "stripe": "pm_sandbox_visa",
    "direct": None,
}
PARAMS: Final = {
    "amount": "1000",
    "back": "https://shop.example/back",
    "currency": "EUR",
    "id": "O-1",
    "order": "ORDER-1",
}


@cache
def project() -> Built:
    return built(ROOT / PROJECT)


def ran(vault: str, destination: str, operation: str) -> tuple[RunResult, Emulated]:
    plan = project().plan(vault, destination, "sandbox")
    emulated = Emulated(World(now=lambda: NOW, project=handed([plan])))
    through_vault = any(step.deliver == "vault" for step in plan.operations[operation].steps)
    texts = {
        name: text for name, text in PARAMS.items() if name in plan.operations[operation].params
    }
    result = emulated.run(
        *(vault, destination, operation, SOURCES[vault] if through_vault else None),
        plan=plan,
        now=datetime.fromtimestamp(NOW, UTC),
        **texts,
    )
    return result, emulated


@pytest.mark.costly
def test_what_is_committed_is_fresh() -> None:
    stale = [path for path, text in pages(ROOT).items() if (ROOT / path).read_text() != text]
    assert stale == [], "`make generated` writes them"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.kind)
def test_a_new_key_needs_a_description_and_an_example(page: Page, tmp_path: Path) -> None:
    """The message says where to write each."""
    (tmp_path / "schemas").mkdir()
    schema = json.loads((ROOT / page.schema).read_bytes())
    schema["properties"]["brand_new"] = {"type": "string"}
    (tmp_path / page.schema).write_text(json.dumps(schema))
    for folder in (PROJECT, "destinations"):
        (tmp_path / folder).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / folder).symlink_to(ROOT / folder)
    where = "forwardc.yaml" if page.kind == "project" else "destinations/"
    assert list(gaps(tmp_path, page)) == [
        f"{page.schema}: `brand_new` needs a `description`",
        f"{PROJECT}/{where}: no file has `brand_new`: write it where it makes sense",
    ]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.kind)
def test_every_key_of_the_schema_has_its_row(page: Page) -> None:
    """Counted by a walk of its own: no map of a schema is passed over."""
    schema = json.loads((ROOT / page.schema).read_bytes())
    text = (ROOT / page.path).read_text("utf-8")
    lacking = [key for key in _keys(schema) if f"\n| `{key}`" not in text]
    assert lacking == []
    assert text.count("\n## ") == len(sections(schema))


def _keys(schema: Any) -> set[str]:
    if isinstance(schema, list):
        return set().union(*map(_keys, schema))
    if not isinstance(schema, dict):
        return set()
    own = {
        name
        for name, one in schema.get("properties", {}).items()
        if isinstance(one, dict) and "description" in one
    }
    return own.union(*map(_keys, schema.values()))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.kind)
def test_what_may_stand_beside_a_value_is_what_the_schema_takes(page: Page) -> None:
    """Every pair of a value and a key is asked of a validator, which the pages are not made by."""
    schema = json.loads((ROOT / page.schema).read_bytes())
    for section in sections(schema).values():
        if section.decides is None:
            continue
        part = Draft202012Validator({"$ref": f"#/$defs/{section.name}", "$defs": schema["$defs"]})
        always = {key.name for key in section.keys if key.required}
        for variant in section.variants:
            least = {section.decides: variant.value}
            conditional = {
                name for one in section.variants for name in (*one.beside, *one.required)
            }
            refused = {name for name in conditional if _is_refused(part, {**least, name: 1}, name)}
            assert conditional - refused == {*variant.beside, *variant.required}, variant
            missing = {
                str(error.message).split("'")[1]
                for error in part.iter_errors(least)
                if error.validator == "required"
            }
            assert missing - always == set(variant.required) - always, variant


def _is_refused(part: Draft202012Validator, instance: dict[str, Any], name: str) -> bool:
    return any(
        error.validator == "not" and list(error.path) == [name]
        for error in part.iter_errors(instance)
    )


def test_no_value_of_the_card_stands_outside_of_a_body() -> None:
    """The table of places shows what the compiler does: here, what it must never do."""
    rows = {
        value.name: dict(zip((place.name for place in places.PLACES), cells, strict=True))
        for value in places.VALUES
        for cells in [_cells(value.name)]
    }
    for name in ("`card.number`", "`card.cvc`"):
        for place in ("host", "path", "query", "header", "direct step", "`when:`"):
            assert re.fullmatch(r"\[FC0[45]\d\d\]", rows[name][place]), (name, place)
    assert rows["a secret"]["hash in JSON"] == "[FC0605]"
    assert rows["a param"]["host"] == "[FC0402]"


def _cells(name: str) -> list[str]:
    text = (ROOT / places.PATH).read_text("utf-8")
    (row,) = [line for line in text.splitlines() if line.startswith(f"| {name} |")]
    return [cell.strip() for cell in row.strip("|").split("|")[1:]]


def test_the_project_of_examples_has_no_mistake_and_no_warning() -> None:
    assert project().found == []


@pytest.mark.costly
@pytest.mark.parametrize("vault", SOURCES)
def test_the_examples_leave_for_their_destinations(vault: str) -> None:
    """Every operation that the vault carries: its last request arrives where its file says.

    What is sent past the vault is the same under each: it is tried without one.
    """
    paths = [path for path in project().files if path.startswith(f"{vault}/")]
    names = sorted(path.split("/")[1] for path in paths if path.endswith("/sandbox.plan.json"))
    assert names
    for name in names:
        plan = project().plan(vault, name, "sandbox")
        for operation, planned in plan.operations.items():
            if vault != "direct" and all(step.deliver == "direct" for step in planned.steps):
                continue
            result, emulated = ran(vault, name, operation)
            last = planned.steps[-1].destination
            arrived = emulated.world.received[-1]
            assert (arrived.method, arrived.host) == (last.method, str(last.url).split("/")[2]), (
                f"{name}.{operation}: {result.outcome}: {result.reason}"
            )


def test_the_smallest_project_is_built_and_runs() -> None:
    smallest = built(ROOT / MINIMAL)
    assert smallest.found == []
    for vault in ("checkout", "stripe"):
        plan = smallest.plan(vault, "till", "sandbox")
        emulated = Emulated(World(now=lambda: NOW, project=handed([plan])))
        result = emulated.run(vault, "till", "charge", SOURCES[vault], plan=plan)
        assert str(result.outcome) == "approved"


@pytest.mark.parametrize("left_out", ["processing_channel_id", "account", "prefix"])
def test_nothing_of_the_smallest_project_can_go(left_out: str, tmp_path: Path) -> None:
    text = (ROOT / MINIMAL / "forwardc.yaml").read_text("utf-8")
    lines = [line for line in text.splitlines() if f"{left_out}:" not in line]
    (tmp_path / "destinations").symlink_to(ROOT / MINIMAL / "destinations")
    (tmp_path / "forwardc.yaml").write_text("\n".join(lines) + "\n")
    whole = set(built(ROOT / MINIMAL).files)
    assert set(built(tmp_path).files) != whole
