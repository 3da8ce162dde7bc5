"""The committed `build/`: as its schemas say, fresh, and the same bytes wherever it is built."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from forwardc.compile.language.schema import Kind, load_schema
from forwardc.compile.pipeline import compile_project
from forwardc.compile.review.comparison import compare
from forwardc.core.diagnostics.sink import Sink
from forwardc.plan.model import load_plan

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"
PLANS = sorted(BUILD.glob("*/*/*.plan.json"))
SETUPS = sorted(BUILD.glob("*/*/*.setup.json"))
DESTINATIONS = sorted((ROOT / "destinations").glob("*.yaml"))


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def mistakes(kind: Kind, data: Any) -> list[str]:
    found = Draft202012Validator(load_schema(kind)).iter_errors(data)
    return [f"{error.json_path}: {error.message[:200]}" for error in found]


class Dateless(yaml.SafeLoader):
    """Reads a date as text, as YAML 1.2 and our own reader do."""


Dateless.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in found if not tag.endswith(":timestamp")]
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read(path: Path) -> Any:
    return yaml.load(path.read_text(encoding="utf-8"), Loader=Dateless)  # noqa: S506 - a safe one


def tree(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_there_are_plans_with_their_set_up() -> None:
    assert len(PLANS) >= 10
    assert [path.name.partition(".")[0] for path in PLANS] == [
        path.name.partition(".")[0] for path in SETUPS
    ]


@pytest.mark.parametrize("path", PLANS, ids=name_of)
def test_a_plan_fits_its_schema_and_loads(path: Path) -> None:
    assert mistakes("plan", json.loads(path.read_bytes())) == []
    assert load_plan(path.read_bytes()).operations


def raw_texts(data: Any) -> set[str]:
    """Every text of a vault's own syntax in JSON data."""
    if isinstance(data, list):
        return {text for item in data for text in raw_texts(item)}
    if not isinstance(data, dict):
        return set()
    own = {data["$raw"]} if isinstance(data.get("$raw"), str) else set()
    return own | raw_texts(list(data.values()))


def test_a_plan_names_the_vaults_texts_that_its_operations_hold_and_no_others() -> None:
    plans = [json.loads(path.read_bytes()) for path in PLANS]
    fills = [plan.get("gets", {}).get("fills", {}) for plan in plans]
    known = {text for named in fills for text in named}
    assert len(known) > 5
    for plan, named in zip(plans, fills, strict=True):
        if named:
            written = raw_texts(plan["operations"])
            assert set(named) == {text for text in known if any(text in raw for raw in written)}


@pytest.mark.parametrize("path", SETUPS, ids=name_of)
def test_a_set_up_fits_its_schema(path: Path) -> None:
    assert mistakes("setup", json.loads(path.read_bytes())) == []


@pytest.mark.parametrize("path", DESTINATIONS, ids=name_of)
def test_a_destination_fits_its_schema(path: Path) -> None:
    data = read(path)
    assert mistakes("destination", data) == []
    assert data["name"] == path.stem


def test_the_project_fits_its_schema() -> None:
    assert mistakes("project", read(ROOT / "forwardc.yaml")) == []


def test_the_manifest_names_every_file_with_its_digest() -> None:
    files = tree(BUILD)
    outputs = json.loads(files.pop("manifest.json"))["outputs"]
    digests = {path: f"sha256:{hashlib.sha256(data).hexdigest()}" for path, data in files.items()}
    assert {path: outputs[path] for path in outputs if path in digests} == outputs
    # Approvals and other records that are not compiled may stand beside.
    assert {path: digests[path] for path in outputs} == outputs


def test_the_committed_files_are_fresh() -> None:
    sink = Sink()
    compiled = compile_project(ROOT, sink)
    assert [f"{found.code} {found.message}" for found in sink.sorted()] == []
    assert not compare(BUILD, compiled.outputs()).any


@pytest.mark.parametrize("seed", ["1", "2"])
def test_another_folder_and_hash_seed_give_the_same_bytes(tmp_path: Path, seed: str) -> None:
    project = tmp_path / "elsewhere" / seed
    shutil.copytree(ROOT / "destinations", project / "destinations")
    shutil.copy(ROOT / "forwardc.yaml", project)
    environment = {
        **os.environ,
        "PYTHONHASHSEED": seed,
        "PYTHONPATH": str(ROOT / "compiler"),
        "TZ": "Pacific/Chatham",
        "LC_ALL": "C",
    }
    command = [sys.executable, "-P", "-m", "forwardc", "build", "--project", str(project)]
    subprocess.run(command, cwd=tmp_path, env=environment, check=True, capture_output=True)
    built = tree(project / "build")
    assert {path: data for path, data in tree(BUILD).items() if path in built} == built
    again = subprocess.run(
        [*command, "--check"], cwd=tmp_path, env=environment, check=False, capture_output=True
    )
    assert again.returncode == 0
