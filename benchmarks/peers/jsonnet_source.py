"""Writes the generated destinations in Jsonnet, and a module that renders all of them."""

import json
from collections.abc import Mapping
from pathlib import Path
from shutil import copy
from typing import Any

_NATIVE = Path(__file__).with_name("native")


def write(target: Path, destinations: Mapping[str, Any]) -> Path:
    """Write a file for each destination and `main.jsonnet`, which is returned.

    JSON is Jsonnet, and a text of Jsonnet knows no `${`.
    """
    (target / "destinations").mkdir(parents=True)
    for name, data in destinations.items():
        text = json.dumps(data, indent=2, ensure_ascii=False)
        (target / "destinations" / f"{name}.jsonnet").write_text(text, encoding="utf-8")
    copy(_NATIVE / "destination.libsonnet", target)
    copy(_NATIVE / "render.libsonnet", target)
    # An import names its file in so many words: Jsonnet has no other.
    parts = (f"render(import 'destinations/{name}.jsonnet')" for name in destinations)
    main = target / "main.jsonnet"
    lines = ["local render = import 'render.libsonnet';", "{}", *(f"+ {part}" for part in parts)]
    main.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return main
