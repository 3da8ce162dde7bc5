"""The pages about the server tell the settings, figures and alerts that there are."""

import re
import types
from pathlib import Path
from typing import Any, Union, get_args, get_origin

import yaml
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from forwardc.core.diagnostics.sink import Sink
from forwardc.server.http.problems import ProblemKind
from forwardc.server.settings import ServerSettings
from forwardc.server.settings_errors import read_settings
from forwardc.server.telemetry.metrics import Metrics

ROOT = Path(__file__).resolve().parents[3]
SERVE = (ROOT / "docs" / "serve.md").read_text(encoding="utf-8")
RUNBOOK = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
ALERTS = yaml.safe_load((ROOT / "docs" / "examples" / "alerts.yml").read_text(encoding="utf-8"))
RULES = [rule for group in ALERTS["groups"] for rule in group["rules"]]
# What a histogram or a counter is called where it is asked for.
SUFFIX = re.compile(r"_(total|bucket|count|sum)$")


def table(name: str) -> list[list[str]]:
    found = re.search(rf"<!-- {name} -->\n(.*?)<!-- {name} -->", SERVE, re.DOTALL)
    assert found
    rows = found[1].strip().splitlines()[2:]
    return [[cell.strip() for cell in row.strip("|").split(" | ")] for row in rows]


def models(annotation: Any) -> list[type[BaseModel]]:
    """The sections that a field may be."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    if get_origin(annotation) in (Union, types.UnionType):
        return [model for one in get_args(annotation) for model in models(one)]
    return []


def settings(model: type[BaseModel], prefix: str = "") -> dict[str, str]:
    """Each setting by its whole name, with its default as the page writes it."""
    found: dict[str, str] = {}
    for name, field in model.model_fields.items():
        inner = models(field.annotation)
        if get_origin(field.annotation) is dict:
            inner, name = models(get_args(field.annotation)[1]), f"{name}.NAME"
        for one in inner:
            found |= settings(one, f"{prefix}{name}.")
        if not inner:
            found[prefix + name] = shown(field)
    return found


def shown(field: Any) -> str:
    default = field.get_default(call_default_factory=True, validated_data={})
    if field.is_required() and default in (None, PydanticUndefined):
        return "required"
    if default is None:
        return "-"
    if default == ():
        return "`[]`"
    if isinstance(default, tuple):
        return ", ".join(f"`{one}`" for one in default)
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


def test_every_setting_is_told_with_its_default(monkeypatch: Any) -> None:
    monkeypatch.delenv("FORWARDC_HISTORY", raising=False)
    told = {row[0].strip("`"): row[1] for row in table("settings")}
    known = settings(ServerSettings)
    assert told == known


def test_every_figure_is_told() -> None:
    metrics = Metrics()
    known = {
        sample.name
        for family in metrics.registry.collect()
        for sample in (*family.samples, *[family])
        if sample.name.startswith("forwardc_")
    }
    known = {SUFFIX.sub("", name) for name in known}
    assert {SUFFIX.sub("", row[0].strip("`")) for row in table("metrics")} == known


def test_every_alert_asks_for_figures_that_there_are() -> None:
    known = {SUFFIX.sub("", row[0].strip("`")) for row in table("metrics")}
    slugs = {kind.slug for kind in ProblemKind}
    for rule in RULES:
        asked = {SUFFIX.sub("", name) for name in re.findall(r"forwardc_\w+", rule["expr"])}
        assert asked <= known, rule["alert"]
        assert asked or 'job="forwardc"' in rule["expr"]
        assert set(re.findall(r'problem="([^"]+)"', rule["expr"])) <= slugs, rule["alert"]
        assert rule["labels"]["severity"] in ("page", "ticket")


def test_every_alert_has_its_section_and_every_section_its_alert() -> None:
    sections = re.findall(r"(?m)^## (\w+)$", RUNBOOK)
    assert [rule["alert"] for rule in RULES] == sections
    for rule in RULES:
        assert rule["annotations"]["runbook"] == f"docs/runbook.md#{rule['alert'].lower()}"
    linked = re.findall(r"\]\(#(\w+)\)", RUNBOOK)
    assert set(linked) <= {name.lower() for name in sections}


def test_the_example_of_settings_is_right(tmp_path: Path) -> None:
    found = re.search(r"```toml\n(.*?)```", SERVE, re.DOTALL)
    assert found
    file = tmp_path / "server.toml"
    file.write_text(found[1], encoding="utf-8")
    sink = Sink()
    assert read_settings(file, sink) is not None, [one.message for one in sink.sorted()]


def test_the_refusals_of_the_page_are_kinds_of_problems() -> None:
    told = re.findall(r"\| (\d{3}) `([a-z-]+)`", SERVE)
    assert len(told) > 6
    known = {kind.slug: kind.value.status for kind in ProblemKind}
    assert all(known[slug] == int(status) for status, slug in told)
