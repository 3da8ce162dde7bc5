"""The merchant's service of `docs/lookup.md`, as it stands there, and broken ones for tests."""

import re
from pathlib import Path
from typing import Any

from starlette.applications import Starlette

PAGE = Path(__file__).resolve().parents[2] / "docs" / "lookup.md"


def example() -> dict[str, Any]:
    """What the Python example of the page defines: `app`, and the data that it looks into."""
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, Any] = {}
    exec(compile(code, str(PAGE), "exec"), names)  # noqa: S102 - our own page
    assert isinstance(names["app"], Starlette)
    return names
