"""Every key of `forwardc.yaml` counts: changed alone it changes a file of `build/` or what is said.

The keys are those of the schema, so that a new one is tried here or the test fails.
"""

import copy
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from forwardc.compile.pipeline import compile_project
from forwardc.compile.vaults.encode import to_bytes
from forwardc.core.diagnostics.sink import Sink
from one_rule import one_rule

ROOT = Path(__file__).resolve().parents[2]
Path_ = tuple[str, ...]
SHOP = """forwardc: 1
name: shop
title: Card payments of a shop
docs: https://shop.example/docs
environments:
  sandbox: {base_url: "https://${settings.host}.test.shop.example"}
  production: {base_url: "https://${settings.host}.shop.example"}
settings: {host: {type: string}, note: {type: string, default: none}}
secrets: {key: {owner: vendor, description: Key}}
operations:
  pay:
    initiator: customer
    fallback: card
    steps:
      send:
        request: {POST: /p, json: {number: "${network_token.number}"}}
        response: {outcome: by_status}
  card:
    initiator: customer
    steps:
      send:
        request:
          POST: /p
          headers: {X-Key: "${secrets.key}", X-Note: "${settings.note}"}
          json: {number: "${card.number}", expiry: "${card.expiry.YY}${card.expiry.MM}"}
        response: {outcome: by_status}
arrangements:
  expiry:
    vault: stripe
    steps: [card.send]
    fills: [{at: /expiry, format: YYMM}]
    asks: The field expiry is year and month.
"""
GRANT = {
    "ticket": "STRIPE-0001",
    "date": "2026-10-01",
    "by": "support",
    "expires": "2027-10-01",
    "says": "as documented",
}
VAULTS = {
    "checkout": {"processing_channel_id": "pc_qk7wz3mvr5xtn2bhgyd6ufap4e", "prefix": "shop1234"},
    "stripe": {
        "account": "acct_1QzTk3mWv7RbXn2L",
        "api_version": "2026-09-30.endive",
        "arrangements": {"shop.expiry": GRANT},
    },
}
ACCOUNT = {
    "vaults": {
        "checkout": {
            "processing_channel_id": "pc_usk7wz3mvr5xtn2bhgyd6ufap4",
            "prefix": "shopus12",
        },
        "stripe": {
            "account": "acct_1USTk3mWv7RbXn2L",
            "api_version": "2026-09-30.endive",
            "arrangements": {"shop.expiry": GRANT | {"ticket": "STRIPE-0002"}},
        },
    },
    "settings": {"shop": {"host": "us"}},
}
PLACE = {"vaults": VAULTS, "settings": {"shop": {"host": "api"}}, "accounts": {"us": ACCOUNT}}
BASE: dict[str, Any] = {
    "forwardc": 1,
    "merchant": {"name": "Shop", "country": "DE", "contact": "a@shop.example", "volume": "100"},
    "destinations": "destinations",
    "build": "build",
    "environments": {
        "sandbox": PLACE,
        "production": PLACE,
        "staging": {
            "class": "production",
            **PLACE,
            "settings": {"shop": {"host": "stage", "note": "to be copied"}},
        },
    },
    "vendors": {"vendor": {"secrets": ["key"]}},
    "rules": {"FC0326": {"level": "off", "reason": "answers come by callbacks"}},
    "targets": [{"vault": "checkout", "destination": "shop", "operation": "card"}],
}
# Another value of each key, by the last names of its path; the longest one fits.
OTHER: dict[str, Any] = {
    "forwardc": 2,
    "name": "Another Shop",
    "country": "FR",
    "contact": "b@shop.example",
    "volume": "2000",
    "destinations": "elsewhere",
    "build": "made",
    "class": "sandbox",
    "sandbox/class": "production",
    "production/class": "sandbox",
    "like": "staging",
    "processing_channel_id": "pc_other7wz3mvr5xtn2bhgyd6ufa",
    "card_details": "ask",
    "prefix": "other123",
    "account": "acct_1OTHERk3mWv7RbXn2L",
    "api_version": "2026-08-27.dahlia",
    "ticket": "STRIPE-0009",
    "date": "2026-10-02",
    "by": "somebody else",
    "expires": "2027-10-02",
    "url": "https://other.shop.example/p",
    "says": "something else",
    "settings/*/*": "other",
    "level": "warning",
    "reason": "another reason",
    "secrets/-": "other",
    "vault": "direct",
    "destination": "nobody",
    "operation": "nothing",
}
# What changes no file of `build/` and nothing that is said, with the reason.
NO_FILE = {
    "build": "the folder that everything is written to: `test_the_build_folder_is_where_it_says`",
}


def leaves(schema: Mapping[str, Any], node: Any, path: Path_ = ()) -> Iterator[Path_]:
    """The paths of all keys that a merchant can write; `*` for a name, `-` for an item."""
    if "$ref" in node:
        node = {**schema["$defs"][node["$ref"].rpartition("/")[2]], **node}
    below = [(key, value) for key, value in node.get("properties", {}).items()]
    if isinstance(node.get("additionalProperties"), dict):
        below.append(("*", node["additionalProperties"]))
    if isinstance(node.get("items"), dict):
        below.append(("-", node["items"]))
    for key, value in below:
        yield from leaves(schema, value, (*path, key))
    if not below:
        yield path


def all_leaves() -> Iterator[Path_]:
    """Each leaf once: an environment of any name is written as one that implies its class."""
    schema = json.loads((ROOT / "schemas/project.schema.json").read_text("utf-8"))
    known = schema["properties"]["environments"]
    assert known["additionalProperties"]["$ref"] == known["properties"]["production"]["$ref"]
    for path in leaves(schema, schema):
        if path[:2] != ("environments", "*") or path[2] not in ("vaults", "accounts"):
            yield path


def other(path: Path_) -> Any:
    """Another value for a key."""
    names = ["/".join(path[-count:]) for count in (3, 2, 1)]
    return next(OTHER[name] for name in names if name in OTHER)


NAMES = {
    "environments": "staging",
    "accounts": "us",
    "settings": "shop",
    "vendors": "vendor",
    "rules": "FC0326",
}


def changed(path: Path_) -> dict[str, Any]:
    """The project with another value at a path."""
    project = copy.deepcopy(BASE)
    node: Any = project
    for above, key in zip(("", *path), path[:-1], strict=False):
        name = NAMES.get(above, "shop.expiry") if key == "*" else key
        node = node.setdefault(name, {}) if isinstance(node, dict) else node[0]
    last = path[-1]
    if isinstance(node, list):
        node[0] = other(path)
    else:
        node["host" if last == "*" else last] = other(path)
    return project


def compiled(folder: Path, project: Any) -> tuple[dict[str, Any], list[str]]:
    """The files of `build/`, and what is said."""
    (folder / "destinations").mkdir(exist_ok=True)
    (folder / "destinations/shop.yaml").write_text(SHOP)
    (folder / "forwardc.yaml").write_text(yaml.safe_dump(project, sort_keys=False))
    sink = Sink()
    made = compile_project(folder, sink).documents()
    said = [f"{one.severity} {one.code} {one.message} {one.hint}" for one in sink.sorted()]
    # A span is no part of a file, and moves with whatever is written above it.
    files = {name: one if isinstance(one, str) else to_bytes(one) for name, one in made.items()}
    return files, said


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], list[str]]:
    return compiled(tmp_path_factory.mktemp("base"), BASE)


def test_the_project_is_built_everywhere(base: tuple[dict[str, Any], list[str]]) -> None:
    files, said = base
    assert not [one for one in said if one.startswith("error")]
    for vault in ("checkout", "stripe"):
        for place in ("sandbox", "sandbox@us", "production", "production@us", "staging"):
            assert f"{vault}/shop/{place}.plan.json" in files


@pytest.mark.costly
@one_rule("path", list(all_leaves()))
def test_it_counts(path: Path_, base: tuple[dict[str, Any], list[str]], tmp_path: Path) -> None:
    found = compiled(tmp_path, changed(path))
    if path[-1] in NO_FILE:
        assert found == base
    else:
        assert found != base


def test_the_build_folder_is_where_it_says(tmp_path: Path, monkeypatch, capfd) -> None:
    from forwardc.cli.main import run

    compiled(tmp_path, changed(("build",)))
    monkeypatch.chdir(tmp_path)
    assert run(["build"]) == 0
    capfd.readouterr()
    assert (tmp_path / "made/manifest.json").is_file()
    assert not (tmp_path / "build").exists()
