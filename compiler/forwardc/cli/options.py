"""The options that several commands have alike, each written once.

They load nothing: what a value means is found out by the command that has it.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import wraps
from pathlib import Path
from typing import Any, Final, TypeVar, cast

import click

from forwardc.cli import candidates
from forwardc.cli.project_folder import in_project

_Command = TypeVar("_Command", bound=Callable[..., Any])

IN_PROCESS: Final = "in-process"
"""What `--sandbox` without a URL stands for: a sandbox that is started in this process."""

secrets_option = click.option(
    "--secrets",
    "secrets_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="JSON or TOML file with values by the names of their environment variables.",
)


def build_option_for(purpose: str) -> Callable[[_Command], _Command]:
    """The option `--build`; `purpose` says what the folder is there for."""
    return click.option(
        "--build",
        type=click.Path(file_okay=False, path_type=Path),
        default=lambda: in_project("build"),
        show_default="build, in the project's folder",
        help=f"Folder of compiled plans{purpose}.",
    )


build_option = build_option_for("")


class _EnvironmentName(click.ParamType[str]):
    """A name out of `forwardc.yaml`; whether it is built is told where the plan is looked for."""

    name = "name"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        from forwardc.plan.environment import is_name

        if not is_name(value):
            self.fail("an environment or account is a lower-case name", param, ctx)
        return value


def environment_option(required: bool = False) -> Callable[[_Command], _Command]:
    """The options `--env` and `--account`; the command gets both as one place, `environment`.

    Raises, when the command is called: `click.UsageError` for an account without environment.
    """

    def decorate(function: _Command) -> _Command:
        @wraps(function)
        def command(**options: Any) -> Any:
            from forwardc.plan.environment import place_of

            account = options.pop("account")
            if account and not options["environment"]:
                raise click.UsageError("--account goes with --env")
            if account:
                options["environment"] = place_of(options["environment"], account)
            return function(**options)

        for option in (
            _ACCOUNT,
            click.option(
                *_ENV,
                type=_EnvironmentName(),
                required=required,
                shell_complete=candidates.environments,
            ),
        ):
            option(command)
        return cast("_Command", command)

    return decorate


_ENV: Final = ("--env", "environment")
_ACCOUNT: Final = click.option(
    "--account",
    type=_EnvironmentName(),
    help="Account of the environment, where it has several.",
    shell_complete=candidates.accounts,
)


def sandbox_option_for(action: str) -> Callable[[_Command], _Command]:
    """The option `--sandbox`, with a URL or without; `action` says what a command does with it."""
    return click.option(
        "--sandbox",
        is_flag=False,
        flag_value=IN_PROCESS,
        metavar="[URL]",
        help=f"{action} a sandbox on this machine; without URL, start one in this process.",
    )


history_option = click.option(
    "--history",
    envvar="FORWARDC_HISTORY",
    default=lambda: in_project(".forwardc/history.db"),
    show_default=".forwardc/history.db, in the project's folder",
    metavar="URL",
    help="Where runs are recorded: a path, or postgresql://...",
)


today_option = click.option(
    "--today",
    type=click.DateTime(["%Y-%m-%d"]),
    envvar="FORWARDC_TODAY",
    hidden=True,
    help="Check dates as of another day.",
)


def day_of(chosen: datetime | None) -> date:
    """The day that was given, else today's in UTC."""
    return (chosen or datetime.now(UTC)).date()
