"""The day on which a command runs. Everything below the commands is given it, and has no clock."""

from datetime import UTC, date, datetime

import click

today_option = click.option(
    "--today",
    type=click.DateTime(["%Y-%m-%d"]),
    envvar="FORWARDC_TODAY",
    hidden=True,
    help="Check dates as of another day.",
)


def day_of(given: datetime | None) -> date:
    """The day that was given, else today's in UTC."""
    return (given or datetime.now(UTC)).date()
