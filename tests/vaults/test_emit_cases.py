"""The cases of `tests/cases/emit`: small destinations, and beside each what a vault receives.

A case is a folder: `destination.yaml`, optional `runs.yaml` (what the caller gives), and one
`<vault>.json` for each vault that the case is about. After a wanted change, write them anew with
`UPDATE_CASES=1 python -m pytest tests/vaults/test_emit_cases.py`, and read the difference.
"""

import json
import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from compiled import Run, assessed, bind, plan_of, program_of

CASES = Path(__file__).resolve().parent.parent / "cases" / "emit"
VAULTS = ("checkout", "stripe", "direct")
EXPECTED = sorted(path for path in CASES.glob("*/*.json"))
KNOWN_FILES = {"destination.yaml", "runs.yaml", *(f"{vault}.json" for vault in VAULTS)}


def compiled_case(folder: Path, vault: str) -> dict[str, Any]:
    """What a vault makes of a case: verdict, reasons and every bound request."""
    given = _given(folder)
    program = program_of(
        (folder / "destination.yaml").read_bytes(), settings=given.pop("settings", {})
    )
    runs = {name: _run(values) for name, values in given.items()} or {"run": Run()}
    plan = plan_of(program, vault)
    return {
        one.context.operation.name: {
            "level": str(one.level),
            "status": str(one.status),
            "reasons": [_reason(found) for found in one.findings],
            **({} if one.emission is None else _emitted(plan, one.context.operation.name, runs)),
        }
        for one in assessed(program, vault)
    }


def _given(folder: Path) -> dict[str, Any]:
    path = folder / "runs.yaml"
    return yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else {}


def _run(values: dict[str, Any]) -> Run:
    params = {
        # As the runtime reads it: a number is a decimal, never a float.
        name: Decimal(str(value)) if isinstance(value, float) else value
        for name, value in values.get("params", {}).items()
    }
    return Run(**values | {"params": params, "without": frozenset(values.get("without", ()))})


def _reason(found: Any) -> str:
    line = found.span.start.line if found.span else "?"
    return f"line {line}: {found.code} {found.verdict}: {found.reason}"


def _emitted(plan: Any, operation: str, runs: dict[str, Run]) -> dict[str, Any]:
    built = plan["operations"][operation]
    kept = ("inputs", "requires", "may_lack", "stored_secrets", "runtime_secrets")
    optional = ("production", "fallback", "instrument", "source_kinds")
    return {
        **{name: built[name] for name in kept if built[name]},
        **{name: built[name] for name in optional if name in built},
        "keys": plan.get("keys"),
        "runs": {name: bind(plan, operation, run) for name, run in runs.items()},
    }


def _bytes(found: dict[str, Any]) -> str:
    return json.dumps(found, indent=2, ensure_ascii=False) + "\n"


@pytest.mark.parametrize(
    "path", EXPECTED, ids=[f"{path.parent.name}-{path.stem}" for path in EXPECTED]
)
def test_a_case_emits_what_stands_beside_it(path: Path) -> None:
    found = _bytes(compiled_case(path.parent, path.stem))
    if os.environ.get("UPDATE_CASES") == "1":
        path.write_text(found, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == found


def test_every_case_has_an_expectation_and_no_file_is_an_orphan() -> None:
    folders = sorted(CASES.iterdir())
    assert len(folders) > 20
    for folder in folders:
        names = {path.name for path in folder.iterdir()}
        assert names <= KNOWN_FILES, folder.name
        assert "destination.yaml" in names, folder.name
        assert any(name.endswith(".json") for name in names), folder.name
