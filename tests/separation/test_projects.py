"""Whether a plan needs an approval, over whole projects: other destinations, accounts and names."""

import json
from pathlib import Path
from typing import Any

import pytest

from forwardc.compile.pipeline import compile_project
from forwardc.core.diagnostics.sink import Sink

SHOP = """\
forwardc: 1
name: NAME
title: Card payments
environments:
ENVIRONMENTS
SETTINGS
secrets:
  NAME_key: {description: API keySHAPE}
operations:
  payment:
    initiator: customer
    steps:
      pay:
        request:
          POST: /payments
          headers: {X-Key: "${secrets.NAME_key}"}
          json: {number: "${card.number}"}
        response: {outcome: by_status}
"""
VAULTS = (
    "vaults: {checkout: {processing_channel_id: pc_h4tzr6mwk2vqx7ynb5dgfu3paj, prefix: vkuhvk4v}}"
)
SHAPE = ', shape: {sandbox: "^test_", production: "^live_"}'


def destination(name: str, *environments: str, settings: str = "", shape: str = "") -> str:
    text = SHOP.replace("NAME", name).replace("SHAPE", shape).replace("SETTINGS\n", settings)
    return text.replace("ENVIRONMENTS", "\n".join(f"  {one}" for one in environments))


class Project:
    """A compiled project."""

    def __init__(self, folder: Path, project: str, **destinations: str) -> None:
        (folder / "destinations").mkdir()
        (folder / "forwardc.yaml").write_text(project, encoding="utf-8")
        for name, text in destinations.items():
            (folder / f"destinations/{name}.yaml").write_text(text, encoding="utf-8")
        sink = Sink()
        outputs = dict(compile_project(folder, sink).outputs())
        assert not sink.has_errors, [one.message for one in sink.sorted()]
        self.codes = [one.code for one in sink.sorted()]
        self.files = {path: json.loads(text) for path, text in outputs.items() if _is_json(path)}

    def plan(self, destination: str, place: str = "sandbox") -> dict[str, Any]:
        found: dict[str, Any] = self.files[f"checkout/{destination}/{place}.plan.json"]
        return found

    def needs(self, destination: str, place: str = "sandbox") -> bool:
        return bool(self.plan(destination, place).get("needs_approval", False))


def _is_json(path: str) -> bool:
    return path.endswith((".plan.json", "manifest.json"))


BOTH = f"forwardc: 1\nenvironments:\n  sandbox: {{{VAULTS}}}\n  production: {{{VAULTS}}}\n"
TEST = "sandbox: {base_url: https://test.shop.example}"
LIVE = "production: {base_url: https://api.shop.example}"


def test_hosts_that_differ_tell_test_from_live(tmp_path: Path) -> None:
    project = Project(tmp_path, BOTH, shop=destination("shop", TEST, LIVE))
    assert not project.needs("shop")
    assert "needs_approval" not in project.plan("shop")
    assert project.needs("shop", "production")
    assert project.codes == []


@pytest.mark.parametrize("live", ["https://test.shop.example", "https://test.shop.example/v2"])
def test_the_live_host_of_another_destination(live: str, tmp_path: Path) -> None:
    other = destination("market", f'production: {{base_url: "{live}"}}')
    project = Project(tmp_path, BOTH, shop=destination("shop", TEST, LIVE), market=other)
    assert project.needs("shop")
    assert project.codes == ["FC0523"]


def test_another_port_is_another_host(tmp_path: Path) -> None:
    live = 'production: {base_url: "https://test.shop.example:8443"}'
    project = Project(tmp_path, BOTH, shop=destination("shop", TEST, live))
    assert not project.needs("shop")


@pytest.mark.parametrize("word", ["credential", "host"])
def test_shapes_tell_them_apart_where_hosts_do_not(word: str, tmp_path: Path) -> None:
    same = "sandbox: {base_url: https://api.shop.example, separated_by: WORD}".replace("WORD", word)
    project = Project(tmp_path, BOTH, shop=destination("shop", same, LIVE, shape=SHAPE))
    assert not project.needs("shop")
    assert project.plan("shop")["separated_by"] == "credential"


def test_where_nothing_does_an_approval_is_needed(tmp_path: Path) -> None:
    nothing = "sandbox: {base_url: https://test.shop.example, separated_by: none}"
    project = Project(tmp_path, BOTH, shop=destination("shop", nothing, LIVE, shape=SHAPE))
    assert project.needs("shop")
    assert project.codes == []


def test_a_live_host_that_only_one_account_has(tmp_path: Path) -> None:
    settings = "settings:\n  host: {type: host}\n"
    host = 'base_url: "https://${settings.host}"'
    shop = destination("shop", f"sandbox: {{{host}}}", f"production: {{{host}}}", settings=settings)
    project = f"""\
forwardc: 1
environments:
  sandbox: {{{VAULTS}, settings: {{shop: {{host: eu.shop.example}}}}}}
  production:
    {VAULTS}
    settings: {{shop: {{host: us.shop.example}}}}
    accounts:
      eu: {{settings: {{shop: {{host: eu.shop.example}}}}}}
"""
    built = Project(tmp_path, project, shop=shop)
    assert built.needs("shop")
    assert "eu.shop.example" in built.files["manifest.json"]["live_hosts"]


@pytest.mark.parametrize(("host", "needed"), [("api", True), ("test", False)])
def test_a_class_is_checked_and_not_believed(host: str, needed: bool, tmp_path: Path) -> None:
    named = f"live: {{base_url: https://{host}.shop.example}}"
    project = f"{BOTH}  live: {{class: sandbox, {VAULTS}}}\n"
    built = Project(tmp_path, project, shop=destination("shop", TEST, LIVE, named))
    assert built.needs("shop", "live") is needed
    assert built.plan("shop", "live")["class"] == "sandbox"


def test_a_named_production_is_live(tmp_path: Path) -> None:
    named = "eu: {base_url: https://test.shop.example}"
    project = f"{BOTH}  eu: {{class: production, {VAULTS}}}\n"
    built = Project(tmp_path, project, shop=destination("shop", TEST, LIVE, named))
    assert built.needs("shop")
    assert built.needs("shop", "eu")


def test_a_setting_without_a_value_in_production_is_told(tmp_path: Path) -> None:
    settings = "settings:\n  host: {type: host}\n"
    host = 'base_url: "https://${settings.host}"'
    shop = destination("shop", f"sandbox: {{{host}}}", f"production: {{{host}}}", settings=settings)
    values = "settings: {shop: {host: test.shop.example}}"
    project = BOTH.replace(f"sandbox: {{{VAULTS}}}", f"sandbox: {{{VAULTS}, {values}}}")
    built = Project(tmp_path, project, shop=shop)
    assert built.codes == ["FC0522"]
    assert not built.needs("shop")
