"""`forwardc serve`: serves the partner API, by a file of settings and the environment.

Options are read here; `serve.start` reads, checks, binds, and hands over to the server.
"""

from pathlib import Path

import click

from forwardc.cli.findings import format_option
from forwardc.cli.output import json_option
from forwardc.cli.project_folder import standing_in_project

DEFAULT = Path("forwardc-server.toml")


@click.command(short_help="Serve the partner API.")
@click.option(
    "--settings",
    "file",
    type=click.Path(dir_okay=False, path_type=Path),
    envvar="FORWARDC_SERVER_SETTINGS",
    help=f"File of settings. Default: {DEFAULT}, if it is there.",
)
@click.option("--check", is_flag=True, help="Check everything that a start needs; serve nothing.")
@click.option(
    "--role",
    type=click.Choice(["viewer", "admin"]),
    default="viewer",
    show_default=True,
    help="What the printed link to the dashboard allows.",
)
@json_option
@format_option
def command(file: Path | None, check: bool, role: str, as_json: bool, format_: str) -> int:
    """Serve POST /v1/initiate-payment-sharing.

    Settings are a TOML file, and environment variables that win over it. Without --settings it is
    as if started in the project's folder. The first interrupt lets
    calls under way finish; a second one ends at once.
    """
    if as_json and not check:
        raise click.UsageError("--json goes with --check.")
    try:
        import prometheus_client  # noqa: F401
        import pydantic_settings  # noqa: F401
    except ImportError:
        raise click.ClickException(
            "the server needs more packages: pip install 'forwardc[server]'"
        ) from None
    from forwardc.cli.serve.start import Starting

    with standing_in_project(of=file):
        if file is None and DEFAULT.is_file():
            file = DEFAULT
        starting = Starting(file, format_, as_json)
        return starting.check() if check else starting.serve(role)
