"""The least that any Python program does for this job: parse, validate, render two files each.

A straight line with one rule, without diagnostics, types or environments. Run as a script with the
project's folder, the schema and `check`, `build` or `rebuild`; imports nothing of forwardc.
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

import jsonschema_rs
import yaml

_SECRET = re.compile(r"secrets\.([a-z][a-z0-9_]*)")


def parse(text: str) -> Any:
    """Data of one document from the events of libyaml; positions are dropped."""
    stack: list[Any] = []
    keys: list[Any] = []
    root: Any = None
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        match event:
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                value: Any = {} if isinstance(event, yaml.MappingStartEvent) else []
            case yaml.ScalarEvent():
                value = scalar(event)
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                stack.pop()
                keys.pop()
                continue
            case _:
                continue
        if not stack:
            root = value
        elif isinstance(stack[-1], list):
            stack[-1].append(value)
        elif keys[-1] is None:
            keys[-1] = value
        else:
            stack[-1][keys[-1]] = value
            keys[-1] = None
        if not isinstance(event, yaml.ScalarEvent):
            stack.append(value)
            keys.append(None)
    return root


def scalar(event: yaml.ScalarEvent) -> Any:
    """A plain scalar's value after the core schema, as far as the generated files use it."""
    text = event.value
    if event.style:
        return text
    if text in ("true", "false"):
        return text == "true"
    if text.isdecimal():
        return int(text)
    return float(text) if text.replace(".", "", 1).isdecimal() else text


def render(data: Any) -> tuple[str, str]:
    """A forward template with the body as JSON text, and a forwarding config."""
    step = data["operations"]["payment"]["steps"]["pay"]
    body, replacements = fill(step["request"]["json"])
    base_url = data["environments"]["sandbox"]["base_url"]
    url, headers = base_url + step["request"]["POST"], step["request"]["headers"]
    template = {
        "source": {"type": "id", "id": ""},
        "destination_request": {
            "url": url,
            "method": "POST",
            "headers": {"raw": headers},
            "body": json.dumps(body),
        },
    }
    config = {
        "url": url,
        "replacements": sorted(replacements),
        "request": {"headers": headers, "body": body},
        "params": data["params"],
        "outcome": step["response"]["outcome"],
    }
    return json.dumps(template, indent=2), json.dumps(config, indent=2)


def fill(value: Any) -> tuple[Any, set[str]]:
    """A body with a vault's placeholders, and the card fields that it uses."""
    if isinstance(value, dict):
        filled = {key: fill(item) for key, item in value.items()}
        used = set[str]().union(*(names for _, names in filled.values()))
        return {key: item for key, (item, _) in filled.items()}, used
    if isinstance(value, str) and value.startswith(("${card.", "${billing.")):
        name = value[2:-1].rstrip("?")
        return "{{" + name.replace(".", "_") + "}}", {name}
    return value, set()


def undeclared(data: Any) -> set[str]:
    """The secrets that are used and not declared."""
    used = _SECRET.findall(json.dumps(data["operations"]))
    return set(used).difference(data.get("secrets", ()))


def main(root: Path, schema: Path, job: str) -> None:
    """Do one job for every destination of a project."""
    validator = jsonschema_rs.Draft202012Validator(json.loads(schema.read_bytes()))
    project = parse((root / "forwardc.yaml").read_text("utf-8"))
    for path in sorted((root / project["destinations"]).glob("*.yaml")):
        data = parse(path.read_text("utf-8"))
        if not validator.is_valid(data):
            raise SystemExit(f"{path.name} does not fit the schema")
        if undeclared(data):
            raise SystemExit(f"{path.name} uses a secret that it does not declare")
        if job == "check":
            continue
        for name, text in zip(("template", "config"), render(data), strict=True):
            target = root / "floor" / f"{path.stem}.{name}.json"
            if job == "rebuild" and target.read_text("utf-8") == text:
                continue
            target.parent.mkdir(exist_ok=True)
            target.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
