"""One emission of an operation for all environments: holes, what fills them, and what is left."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args

import pytest

from forwardc.compile.ir import fold as folding
from forwardc.compile.ir.fold import HOLES, filled, filled_operation, fold
from forwardc.compile.ir.program import Program, ProgramOperation
from forwardc.compile.language.load import load_files
from forwardc.compile.passes import lower
from forwardc.compile.passes.lower import DestinationLowering
from forwardc.compile.pipeline import compile_project
from forwardc.compile.vaults import registry
from forwardc.compile.vaults.contract import EmissionContext, Vault
from forwardc.compile.vaults.emission import Emission
from forwardc.compile.vaults.facts import Facts
from forwardc.core.diagnostics.sink import Sink
from forwardc.core.terms.terms import (
    Amount,
    Atom,
    Call,
    Encoded,
    Encoding,
    If,
    Limit,
    Lit,
    Map,
    Raw,
    Ref,
    Seq,
    Source,
    Term,
    Text,
    walk,
)
from forwardc.plan.environment import Environment

ROOT = Path(__file__).resolve().parent.parent.parent
HOLE, VALUES = Ref("settings.x"), {"settings.x": Lit("v")}
# For each kind, a term with a hole inside, where it can have one, and what filling makes of it.
SAMPLES: dict[type, tuple[Term, Term]] = {
    Lit: (Lit(1), Lit(1)),
    Atom: (Atom("card.number"), Atom("card.number")),
    Raw: (Raw("{{x}}"), Raw("{{x}}")),
    Source: (Source(), Source()),
    Ref: (HOLE, Lit("v")),
    Text: (Text((Lit("a"), HOLE, Lit("b"))), Lit("avb")),
    Call: (Call("base64", (Text((HOLE, Lit(":"))),)), Lit("djo=")),
    Map: (Map((("k", HOLE),)), Map((("k", Lit("v")),))),
    Seq: (Seq((HOLE,)), Seq((Lit("v"),))),
    If: (If("params.p", HOLE), If("params.p", Lit("v"))),
    Encoded: (Encoded(Encoding.JSON, HOLE), Encoded(Encoding.JSON, Lit("v"))),
    Limit: (Limit(9, "body", HOLE), Limit(9, "body", Lit("v"))),
    Amount: (
        Amount(Ref("params.a"), HOLE),
        Amount(Ref("params.a"), Lit("v")),
    ),
}


def rows(table: int) -> list[list[str]]:
    """The names in backticks in the first column of a table of the chapter."""
    text = folding.__doc__ or ""
    tables = re.findall(r"(?m)^\|---.*\n((?:\|.*\n)+)", text)
    return [re.findall(r"`(\w+)`", row.split("|")[1]) for row in tables[table].splitlines()]


def test_tables_of_folding() -> None:
    roots, kinds = (
        {name for row in rows(0) for name in row},
        Counter(name for row in rows(1) for name in row),
    )
    assert roots == HOLES
    assert kinds == Counter(kind.__name__ for kind in get_args(Term))
    assert set(SAMPLES) == set(get_args(Term))
    for before, after in SAMPLES.values():
        assert fold(before) == before
        assert filled(before, VALUES) == after
        assert filled(before, {}) is before


def test_a_value_stands_where_its_hole_stood() -> None:
    sink = Sink()
    (destination,) = load_files(ROOT / "destinations", ["adyen.yaml"], sink).destinations
    program = DestinationLowering(destination).program(
        Environment("sandbox", "sandbox"), {"merchant_account": Lit("Shop")}
    )
    values = [
        node
        for step in program.operations[0].steps
        for node in step.request.nodes
        if isinstance(node, Lit) and node.value == "Shop"
    ]
    assert values
    assert all(node.span and node.span.path == "adyen.yaml" for node in values)


@pytest.mark.parametrize("name", sorted(p.name for p in (ROOT / "destinations").glob("*.yaml")))
def test_filled_is_folded_at_once(name: str) -> None:
    """Settings that decide are resolved when an operation is lowered: so let all of them be."""
    sink = Sink()
    (destination,) = load_files(ROOT / "destinations", [name], sink).destinations
    settings = {setting: Lit(value) for setting, value in _values(destination.settings)}
    for environment in destination.environments:
        where = Environment(environment, "sandbox" if environment == "sandbox" else "production")
        program = DestinationLowering(destination).program(where, settings)
        base_url = {"environment.base_url": program.base_url}
        resolved = lower._lowered(destination, settings).operations
        for operation, early in zip(program.operations, resolved, strict=True):
            at_once = filled_operation(early, base_url, private=program.private)
            assert operation == at_once
            assert _spans(operation) == _spans(at_once)
            assert not _holes(operation)


def _spans(operation: ProgramOperation) -> list[Any]:
    return [node.span for step in operation.steps for node in step.request.nodes]


def _values(settings: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, setting in settings.items():
        default = setting.default.value if setting.default else None
        listed = setting.bounds.values[0] if setting.bounds.values else None
        yield name, default if default is not None else listed or "value"


def _terms(data: Any) -> Iterator[Term]:
    """Every term in a structure of dataclasses, mappings and sequences."""
    if isinstance(data, get_args(Term)):
        yield data
    elif is_dataclass(data):
        for field in fields(data):
            yield from _terms(getattr(data, field.name))
    elif isinstance(data, Mapping):
        for value in data.values():
            yield from _terms(value)
    elif isinstance(data, list | tuple):
        for item in data:
            yield from _terms(item)


def _holes(data: Any) -> set[str]:
    nodes = (node for term in _terms(data) for node in walk(term))
    return {node.name for node in nodes if isinstance(node, Ref) and node.root in HOLES}


@pytest.fixture
def emitted(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, EmissionContext, Emission]]:
    """What is emitted while a test compiles, in order."""
    made: list[tuple[str, EmissionContext, Emission]] = []

    def counting(vault: Vault) -> Vault:
        def emit(context: EmissionContext, facts: Facts) -> Emission:
            emission = vault.emit(context, facts)
            made.append((vault.name, context, emission))
            return emission

        return replace(vault, emit=emit)

    counted = tuple(counting(vault) for vault in registry.vaults())
    monkeypatch.setattr("forwardc.compile.stages.vaults", lambda: counted)
    return made


def test_an_operation_is_emitted_once(
    emitted: list[tuple[str, EmissionContext, Emission]],
) -> None:
    """Each of this repository, though it has two environments with unlike values."""
    sink = Sink()
    compiled = compile_project(ROOT, sink)
    assert not sink.has_errors
    programs: dict[str, list[Program]] = {}
    for one in compiled.assessments:
        programs.setdefault(one.context.program.destination, []).append(one.context.program)
    several = {name for name, known in programs.items() if len({one.place for one in known}) > 1}
    assert several
    times = Counter(
        (vault, id(context.siblings), context.operation.name) for vault, context, _ in emitted
    )
    assert set(times.values()) == {1}
    built = sum(one.emission is not None for one in compiled.assessments)
    assert built > len(emitted)


def test_an_emitter_leaves_holes_and_a_plan_has_none(
    emitted: list[tuple[str, EmissionContext, Emission]],
) -> None:
    compiled = compile_project(ROOT, Sink())
    by_vault = {name: set[str]() for name, _, _ in emitted}
    for name, _, emission in emitted:
        by_vault[name] |= {hole.partition(".")[0] for hole in _holes(emission)}
    assert by_vault["checkout"] == by_vault["stripe"] == HOLES
    assert by_vault["direct"] == {"settings", "environment"}
    assert all(not _holes(one.emission) for one in compiled.assessments)


def test_no_hole_is_left_in_a_plan() -> None:
    for path in (ROOT / "build").rglob("*.plan.json"):
        assert not re.search(r'"\$": "(settings|environment|account|host)\.', path.read_text()), (
            path
        )


def test_numbers_stay_numbers() -> None:
    term = Map((("n", Ref("settings.n")),))
    assert filled(term, {"settings.n": Lit(Decimal("1.50"))}) == Map((("n", Lit(Decimal("1.50"))),))
