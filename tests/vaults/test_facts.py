"""The facts files: each fact names a source of the file, and each source its date."""

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from forwardc.compile.vaults import facts as facts_reader
from forwardc.compile.vaults.registry import vaults
from forwardc.core.atoms import ATOMS

VAULTS = Path(__file__).resolve().parents[2] / "compiler" / "forwardc" / "compile" / "vaults"
FILES = sorted(VAULTS.glob("*/facts.yaml"))
CONFIDENCE = {"official", "documented", "unconfirmed"}


def facts_of(vault: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((VAULTS / vault / "facts.yaml").read_text("utf-8"))
    return found


def entries(data: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, section in data.items():
        if name in ("vault", "title", "sources"):
            continue
        if "source" in section:
            yield name, section
        else:
            for key, entry in section.items():
                yield f"{name}/{key}", entry


def test_every_vault_has_facts() -> None:
    folders = {path.parent.name for path in VAULTS.glob("*/vault.py")}
    assert {path.parent.name for path in FILES} == folders == {one.name for one in vaults()}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.parent.name)
def test_every_source_has_a_title_a_date_and_a_confidence(path: Path) -> None:
    data = facts_of(path.parent.name)
    used = {entry["source"] for _, entry in entries(data)}
    assert used == set(data["sources"])
    for source in data["sources"].values():
        assert source["title"]
        assert isinstance(source["date"], date)
        assert source["confidence"] in CONFIDENCE
        assert source.get("url", "https://").startswith("https://")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.parent.name)
def test_every_fact_names_its_source(path: Path) -> None:
    data = facts_of(path.parent.name)
    found = list(entries(data))
    assert bool(found) is bool(data["sources"])
    for name, entry in found:
        assert entry["source"] in data["sources"], name


@pytest.mark.parametrize("vault", ["checkout", "stripe"])
def test_what_is_refused_or_assumed_says_why(vault: str) -> None:
    data = facts_of(vault)
    for name, entry in entries(data):
        is_refused = entry.get("value") == "refused"
        is_assumed = data["sources"][entry["source"]]["title"].startswith("No public source")
        if is_refused or is_assumed:
            assert entry["reason"], name


@pytest.mark.parametrize("vault", ["checkout", "stripe"])
def test_atoms_are_those_of_the_language_with_a_presence_for_each_source(vault: str) -> None:
    data = facts_of(vault)
    inputs = set(data.get("inputs", {}))
    for name, entry in data["atoms"].items():
        assert name in ATOMS
        for kind in data["source_kinds"]:
            assert entry[kind] in {"always", "vault", "never"} | inputs, name
    for kind, fact in data["source_kinds"].items():
        takes = set(fact["value"].get("takes", ()))
        assert takes <= inputs
        given = {entry[kind] for entry in data["atoms"].values()} & inputs
        assert given <= takes, kind


def test_placeholders_are_the_ones_that_the_documents_list(shared: Any) -> None:
    listed = json.loads(shared("facts/data/checkout/placeholders.json").read_text("utf-8"))
    groups = (listed["card"], listed["billing"], listed["network_token"])
    documented = {entry["name"] for group in groups for entry in group}
    ours = [entry["value"] for entry in facts_of("checkout")["atoms"].values()]
    assert sorted(ours) == sorted(documented)
    jwe = facts_of("checkout")["functions"]["jwe"]
    assert jwe["algorithms"] == listed["jwe_encrypt"]["alg"]
    assert jwe["encryptions"] == listed["jwe_encrypt"]["enc"]


def test_replacements_and_destinations_are_the_ones_that_stripe_lists(shared: Any) -> None:
    supported = shared("facts/data/stripe/supported_destinations.json").read_text("utf-8")
    facts = facts_of("stripe")
    for destination in facts["destinations"].values():
        for pattern in destination["value"]:
            assert json.dumps(pattern)[1:-1] in supported
    replacements = shared("facts/data/stripe/replacements.json").read_text("utf-8")
    for atom in facts["atoms"].values():
        assert f'"{atom["value"]}"' in replacements


@pytest.mark.parametrize("copy", [None, "another's"], ids=["absent", "stale"])
def test_the_copy_that_is_read_quicker_changes_nothing(
    copy: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = FILES[0].read_bytes().replace(b"title: ", b"title: Changed ", 1)
    (tmp_path / "facts.yaml").write_bytes(written)
    if copy is not None:
        (tmp_path / "facts.json").write_text(FILES[-1].with_name("facts.json").read_text("utf-8"))
    monkeypatch.setattr(facts_reader, "package_file", lambda *parts: tmp_path / parts[-1])
    facts = facts_reader.load.__wrapped__(FILES[0].parent.name)
    assert facts.data == facts_reader.parsed(written)
    assert "Changed " in json.dumps(facts.data)
    (tmp_path / "facts.json").write_text(facts_reader.quick_copy(written), "utf-8")
    assert facts_reader.load.__wrapped__(FILES[0].parent.name) == facts
