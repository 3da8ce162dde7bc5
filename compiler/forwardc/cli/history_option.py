"""The option `--history`, alike for every command that writes or reads what happened."""

import click

history_option = click.option(
    "--history",
    envvar="FORWARDC_HISTORY",
    default=".forwardc/history.db",
    show_default=True,
    metavar="URL",
    help="Where runs are recorded: a path, or postgresql://...",
)
