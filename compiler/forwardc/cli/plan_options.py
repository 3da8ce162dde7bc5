"""The options of every command that works from compiled plans, written once."""

from pathlib import Path

import click

secrets_option = click.option(
    "--secrets",
    "secrets_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="JSON or TOML file with values by the names of their environment variables.",
)
