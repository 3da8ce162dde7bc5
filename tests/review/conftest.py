"""Compiles a small project in a folder of its own."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from forwardc.compile import compile_project
from forwardc.diagnostics.sink import Sink
from shop_project import ACCOUNTS, SHOP, Project


@pytest.fixture
def compiled(tmp_path: Path) -> Callable[..., Project]:
    """Compile a project of one destination, with other files beside it."""

    def go(
        shop: str = SHOP,
        accounts: str = ACCOUNTS,
        today: date | None = date(2026, 11, 20),
        files: dict[str, str] | None = None,
    ) -> Project:
        given = {"forwardc.yaml": accounts, "destinations/shop.yaml": shop} | (files or {})
        for name, text in given.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        sink = Sink()
        return Project(compile_project(tmp_path, sink, today), sink)

    return go
