"""`forwardc clients`: who may call the partner API, and the keys of the server that believes them.

Options are read here; `clients.actions` does it.
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from forwardc.cli.history.opening import by_option
from forwardc.cli.options import history_option
from forwardc.cli.output import json_option

_Function = TypeVar("_Function", bound=Callable[..., int])
_SCOPES: Final = ("payment-sharing", "dashboard-viewer", "dashboard-admin")
_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
# Seconds, 30 days: an old secret that works longer is one that nobody rotates away from.
_LONGEST_OVERLAP_S: Final = 30 * 86_400
_DESTINATION: Final = r"[A-Za-z0-9._:-]{1,80}"
_ID: Final = click.argument("client_id", metavar="ID")


def _changing(function: _Function) -> _Function:
    for option in (json_option, history_option, by_option):
        function = option(function)
    return function


_destinations: Final = click.option(
    "--destination",
    "destinations",
    multiple=True,
    metavar="NAME",
    help="A destination that it may ask for; may be given several times.",
)


@click.group(short_help="Say who may call the partner API.")
def command() -> None:
    """Issue, list, bind, rotate and revoke the OAuth clients of `forwardc serve`.

    They are for merchants without an issuer of access tokens. Every change is recorded with who
    did it. A secret is shown once, and kept as a hash only.
    """


@command.command()
@click.argument("name")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice(_SCOPES),
    default=("payment-sharing",),
    show_default=True,
    help="What its tokens allow; may be given several times.",
)
@_destinations
@click.option(
    "--settings",
    "settings",
    type=click.Path(dir_okay=False, path_type=Path),
    envvar="FORWARDC_SERVER_SETTINGS",
    help="The server's file of settings. Default: forwardc-server.toml, if it is there.",
)
@_changing
def issue(destinations: tuple[str, ...], settings: Path | None, **options: Any) -> int:
    """Make a client called NAME, and show its id and secret.

    It may ask for the destinations given, else for those that the settings list; never for one
    that comes later.
    """
    from forwardc.cli.clients.actions import destinations_in_settings
    from forwardc.cli.clients.actions import issue as work

    if not re.fullmatch(r"[^\x00-\x1f\x7f-\x9f]{1,80}", options["name"]):
        raise click.BadParameter("a name has 1 to 80 characters, in one line.", param_hint="NAME")
    if "payment-sharing" not in options["scopes"]:
        if destinations:
            raise click.UsageError("--destination goes with the scope payment-sharing.")
        return work(destinations=(), **options)
    bound = _checked(destinations) or destinations_in_settings(settings)
    return 1 if bound is None else work(destinations=bound, **options)


@command.command()
@_ID
@_destinations
@_changing
def bind(destinations: tuple[str, ...], **options: Any) -> int:
    """Let a client ask for these destinations and no other, within five seconds."""
    from forwardc.cli.clients.actions import bind as work

    if not destinations:
        raise click.UsageError("Name each --destination that it may ask for.")
    return work(destinations=_checked(destinations), **options)


def _checked(destinations: tuple[str, ...]) -> tuple[str, ...]:
    if not all(re.fullmatch(_DESTINATION, name, re.ASCII) for name in destinations):
        text = "a destination is named as below [destinations] of the settings."
        raise click.BadParameter(text, param_hint="--destination")
    return destinations


@command.command(name="list")
@json_option
@history_option
def list_(**options: Any) -> int:
    """Show every client, and no secret."""
    from forwardc.cli.clients.actions import listed

    return listed(**options)


@command.command()
@_ID
@click.option(
    "--overlap",
    default="24h",
    show_default=True,
    metavar="TIME",
    help="How long the secret before it still works: 0, 90s, 30m, 24h, 7d.",
)
@_changing
def rotate(overlap: str, **options: Any) -> int:
    """Give a client a new secret, and show it."""
    from forwardc.cli.clients.actions import rotate as work

    return work(overlap_s=_seconds(overlap), **options)


@command.command()
@_ID
@_changing
def revoke(**options: Any) -> int:
    """Believe a client no more: its secrets at once, its tokens within five seconds."""
    from forwardc.cli.clients.actions import revoke as work

    return work(**options)


@command.command()
@click.argument("file", required=False, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--add", is_flag=True, help="Add keys that verify and open, and nothing else yet.")
@click.option("--use-newest", is_flag=True, help="Let the keys that were added sign and seal.")
@click.option("--forget", is_flag=True, help="Let the history accept other keys than before.")
@by_option
@json_option
@history_option
def keys(
    file: Path | None,
    add: bool,
    use_newest: bool,
    forget: bool,
    by: str,
    as_json: bool,
    history: str,
) -> int:
    """Make the keys of a server in FILE, or change them, and show their thumbprints.

    One machine makes its own. Several need the same ones: make them once, and give each machine
    the text of FILE as FORWARDC_SERVER_KEYS.
    """
    from forwardc.cli.clients.actions import change_keys, forget_keys

    if forget != (file is None) or add + use_newest + forget > 1:
        raise click.UsageError("Give FILE, with --add or --use-newest or neither; or --forget.")
    if file is None:
        return forget_keys(history, by, as_json=as_json)
    return change_keys(file, add=add, use_newest=use_newest, as_json=as_json)


def _seconds(text: str) -> int:
    match = re.fullmatch(r"([0-9]{1,7})([smhd])|0", text, re.ASCII)
    seconds = int(match[1]) * _UNITS[match[2]] if match and match[1] else 0
    if match is None or seconds > _LONGEST_OVERLAP_S:
        raise click.UsageError("--overlap takes a time of at most 30 days, such as 24h.")
    return seconds
