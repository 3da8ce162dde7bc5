"""The options of every command that works from compiled plans, written once.

No command loads anything for them.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import click

_Command = TypeVar("_Command", bound=Callable[..., Any])

IN_PROCESS: Final = "in-process"
"""What `--sandbox` without a URL stands for: a sandbox that is started in this process."""

secrets_option = click.option(
    "--secrets",
    "secrets_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="JSON or TOML file with values by the names of their environment variables.",
)


def build_option_for(what: str) -> Callable[[_Command], _Command]:
    """The option `--build`; `what` says what the folder is there for."""
    return click.option(
        "--build",
        type=click.Path(file_okay=False, path_type=Path),
        default=Path("build"),
        show_default=True,
        help=f"Folder of compiled plans{what}.",
    )


build_option = build_option_for("")


def sandbox_option_for(what: str) -> Callable[[_Command], _Command]:
    """The option `--sandbox`, with a URL or without; `what` says what is done with the sandbox."""
    return click.option(
        "--sandbox",
        is_flag=False,
        flag_value=IN_PROCESS,
        metavar="[URL]",
        help=f"{what} a sandbox on this machine; without URL, start one in this process.",
    )
