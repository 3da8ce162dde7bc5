"""Only plans that the manifest vouches for are read."""

import json
from pathlib import Path
from typing import Any

import pytest

from forwardc.core.diagnostics.sink import Sink
from forwardc.core.files.digest import file_digest
from forwardc.core.terms.codec import InvalidPlanError
from forwardc.plan.build_folder import read_manifest, read_plan
from forwardc.plan.model import UnknownVersionError, load_plan

PLAN = {
    "forwardc": 2,
    "vault": "checkout",
    "destination": "adyen",
    "environment": "sandbox",
    "hosts": {"vault": ["forward.sandbox.checkout.com"]},
    "operations": {
        "pay": {
            "steps": [
                {
                    "name": "pay",
                    "http": {"method": "POST", "url": "https://forward.sandbox.checkout.com/f"},
                    "destination": {"method": "POST", "url": "https://adyen.example"},
                    "read": {"status": "/s", "body": "/b"},
                    "timeouts": {"connect_ms": 1, "read_ms": 1},
                    "max_answer_bytes": 1,
                }
            ]
        }
    },
}
NAME = "checkout/adyen/sandbox.plan.json"


def write(build: Path, plan: Any = PLAN, **manifest: Any) -> None:
    data = json.dumps(plan).encode()
    path = build / NAME
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    head = {
        "forwardc": 2,
        "language": 1,
        "inputs": {},
        "outputs": {NAME: file_digest(data)},
        "live_hosts": [],
    }
    (build / "manifest.json").write_text(json.dumps(head | manifest))


def codes(build: Path, *names: str) -> list[str]:
    sink = Sink()
    plan = read_plan(build, *(names or ("checkout", "adyen", "sandbox")), sink)
    assert (plan is None) == sink.has_errors
    return [problem.code for problem in sink.sorted()]


def test_a_plan_is_read(tmp_path: Path) -> None:
    write(tmp_path)
    assert codes(tmp_path) == []
    manifest = read_manifest(tmp_path, Sink())
    assert manifest is not None
    assert manifest.plans() == [("checkout", "adyen", "sandbox")]


def test_what_is_missing(tmp_path: Path) -> None:
    assert codes(tmp_path) == ["FC0704"]
    write(tmp_path)
    assert codes(tmp_path, "stripe", "adyen", "sandbox") == ["FC0704"]
    assert codes(tmp_path, "checkout", "adyen", "production") == ["FC0704"]
    assert codes(tmp_path, "checkout", "visa", "sandbox") == ["FC0813"]
    (tmp_path / NAME).unlink()
    assert codes(tmp_path) == ["FC0704"]


def test_an_environment_that_the_vault_refuses(tmp_path: Path) -> None:
    """Not its settings alone may lack: what needs an arrangement is not built without one."""
    write(tmp_path)
    sink = Sink()
    assert read_plan(tmp_path, "checkout", "adyen", "production", sink) is None
    (finding,) = sink.sorted()
    assert finding.hint is not None
    assert "coverage --why" in finding.hint


def test_what_is_damaged(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / NAME).write_text(json.dumps(PLAN) + " ")
    assert codes(tmp_path) == ["FC0702"]
    write(tmp_path, PLAN | {"destination": "visa"})
    assert codes(tmp_path) == ["FC0702"]
    write(tmp_path, {key: value for key, value in PLAN.items() if key != "hosts"})
    assert codes(tmp_path) == ["FC0702"]
    (tmp_path / "manifest.json").write_text("{")
    assert codes(tmp_path) == ["FC0702"]


def test_unknown_versions(tmp_path: Path) -> None:
    write(tmp_path, PLAN | {"forwardc": 3})
    assert codes(tmp_path) == ["FC0703"]
    write(tmp_path, forwardc=3)
    assert codes(tmp_path) == ["FC0703"]


@pytest.mark.parametrize(
    "change",
    [
        {"extra": 1},
        {"environment": "staging"},
        {"operations": {"pay": {"steps": []}}},
        {"operations": {"pay": {"steps": [{"url": {"$eval": "hush"}}]}}},
        {"params": {"p": {"type": "hush"}}},
    ],
)
def test_a_plan_holds_nothing_unknown(change: dict[str, Any]) -> None:
    with pytest.raises(InvalidPlanError) as problem:
        load_plan(json.dumps(PLAN | change).encode())
    assert "hush" not in str(problem.value)
    assert problem.value.__cause__ is None


@pytest.mark.parametrize("data", [b"", b"[]", b'{"forwardc": "1"}', b"\xff"])
def test_what_is_no_plan(data: bytes) -> None:
    with pytest.raises(InvalidPlanError):
        load_plan(data)
    with pytest.raises(UnknownVersionError):
        load_plan(b'{"forwardc": 3}')
