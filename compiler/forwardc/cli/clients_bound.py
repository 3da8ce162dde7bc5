"""Which destinations a new client is bound to where nobody names them: those that settings list."""

from pathlib import Path
from typing import Final

import click

from forwardc.cli.findings import show
from forwardc.cli.standing import in_project
from forwardc.core.diagnostics.sink import Sink

CODE: Final = "FC0843"
_DEFAULT: Final = "forwardc-server.toml"


def listed(file: Path | None) -> tuple[str, ...] | None:
    """The destinations of the server's settings; None where it is not known, with FC0843 shown."""
    if file is None and (default := Path(in_project(_DEFAULT))).is_file():
        file = default
    sink = Sink()
    found = _read(file, sink) if file is not None else None
    if found is None:
        sink.error(
            CODE,
            "which destinations the client may ask for is not said",
            hint="name them with --destination, or the server's file with --settings",
        )
    show(sink, "text", Path.cwd(), err=True)
    return found


def _read(file: Path, sink: Sink) -> tuple[str, ...] | None:
    try:
        from forwardc.server.settings_errors import read_settings
    except ImportError:
        raise click.ClickException(
            "reading settings needs more packages: pip install 'forwardc[server]'"
        ) from None
    settings = read_settings(file, sink)
    return None if settings is None else tuple(settings.destinations)
