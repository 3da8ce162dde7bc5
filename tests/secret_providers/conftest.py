"""Secrets files, and a build folder whose plans need secrets."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from forwardc.core.diagnostics.sink import Sink
from forwardc.runtime.secret_providers.resolver import ProviderResolver, open_resolver
from plan_files import build_of

PLANS = Path(__file__).parent.parent / "runtime" / "plans"


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., Path]:
    """Writes a secrets file that only its owner may read."""

    def write(text: str, name: str = "secrets.toml", mode: int = 0o600) -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        path.chmod(mode)
        return path

    return write


@pytest.fixture
def bound(written: Callable[..., Path]) -> Callable[..., ProviderResolver]:
    """A look-up of which the variable A is bound to a reference."""

    def bind(reference: str, environ: Mapping[str, str] | None = None) -> ProviderResolver:
        sink = Sink()
        look_up = open_resolver(environ or {}, written(f"[from]\nA = '''{reference}'''\n"), sink)
        assert sink.sorted() == []
        return look_up

    return bind


@pytest.fixture
def runtime_build(tmp_path: Path) -> Path:
    """A build folder with a plan of two secrets."""
    return build_of([PLANS / "direct.json"], tmp_path / "build")
