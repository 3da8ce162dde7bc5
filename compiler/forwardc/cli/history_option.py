"""The option `--history`, alike for every command that writes or reads what happened."""

import click

from forwardc.cli.standing import in_project

history_option = click.option(
    "--history",
    envvar="FORWARDC_HISTORY",
    default=lambda: in_project(".forwardc/history.db"),
    show_default=".forwardc/history.db, in the project's folder",
    metavar="URL",
    help="Where runs are recorded: a path, or postgresql://...",
)
