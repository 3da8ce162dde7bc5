"""What the readers share: a folder for files, text out of any bytes, and every renderer."""

from functools import cache
from pathlib import Path
from tempfile import mkdtemp

from forwardc.core.diagnostics.sink import Sink

ROOT = Path(__file__).resolve().parents[3]


@cache
def folder() -> Path:
    """A folder of this process, which its files are written to again and again."""
    return Path(mkdtemp(prefix="fuzzed-"))


def written(name: str, data: bytes) -> Path:
    path = folder() / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def text_of(data: bytes) -> str:
    """Text of any code points, lone surrogates too, as JSON and Python may give it."""
    return data.decode("utf-8", "surrogatepass" if b"\xed" in data else "replace")


def loose(data: bytes) -> str:
    try:
        return text_of(data)
    except UnicodeDecodeError:
        return data.decode("latin-1")


def shown(sink: Sink) -> None:
    """Render what was found, as every format does: a renderer must not fail either."""
    from forwardc.core.diagnostics.excerpt_lines import ExcerptLines
    from forwardc.core.diagnostics.render.render import DiagnosticFormat, render

    for form in DiagnosticFormat:
        render(sink.sorted(), form, ExcerptLines())
