"""`forwardc tokens`: makes, shows and revokes the card tokens of a destination.

Options are read here; `tokens.actions` does it.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, Final

import click
from click.core import ParameterSource

from forwardc.cli import candidates
from forwardc.cli.options import (
    build_option,
    environment_option,
    history_option,
    sandbox_option_for,
    secrets_option,
)
from forwardc.cli.output import json_option

_DESTINATION: Final = click.argument("destination", shell_complete=candidates.destinations)
_CUSTOMER: Final = click.option("--customer-id", help="The customer's id within the project.")
_GATE: Final = (
    _DESTINATION,
    environment_option(required=True),
    _CUSTOMER,
    secrets_option,
    sandbox_option_for("Ask"),
    history_option,
    json_option,
    build_option,
)


def _with_gate(function: Callable[..., int]) -> Callable[..., int]:
    """The options; the function gets as well whether --history was typed."""

    @wraps(function)
    def command(**options: Any) -> int:
        source = click.get_current_context().get_parameter_source("history")
        return function(history_named=source is ParameterSource.COMMANDLINE, **options)

    for option in reversed(_GATE):
        command = option(command)
    return command


@click.group(short_help="Make, show and revoke card tokens.")
def command() -> None:
    """Make, show and revoke the card tokens of a destination.

    What is known of a token comes from the destination's callbacks, which `forwardc dashboard`
    takes.
    """


@command.command()
@_DESTINATION
@click.option("--card", required=True, help="Name of a test card, such as visa-test.")
@click.option("--customer-id", default="customer_123", show_default=True, help="The card's holder.")
@click.option(
    "--by",
    type=click.Choice(["tokenize", "purchase", "hold", "payout"]),
    default="tokenize",
    show_default=True,
    help="Ask for it, or let a first payment by the card make it.",
)
@click.option(
    "--sandbox",
    default="http://127.0.0.1:8123",
    show_default=True,
    metavar="URL",
    help="A sandbox that runs on this machine.",
)
@json_option
@build_option
def create(**options: Any) -> int:
    """Make a token of a test card, in a sandbox only.

    The destination wants a signature over the card number too. So only whoever holds the number
    can ask for a token, and forwardc never does: the sandbox plays that holder, for a test card
    that it knows by name.
    """
    from forwardc.cli.tokens.actions import make

    return make(**options)


@command.command()
@_with_gate
@click.argument("token", required=False)
@click.option("--offline", is_flag=True, help="Show what callbacks told, and ask nobody.")
def show(**options: Any) -> int:
    """Show a token: its state, its masked card, and the callbacks about it.

    Asks the destination, too, unless --offline is given. Without TOKEN, the tokens that callbacks
    have told of. The exit code is that of `forwardc run`, where the destination is asked.
    """
    from forwardc.cli.tokens.actions import TokenRequest, show_one, show_recent

    token, offline = options.pop("token"), options.pop("offline")
    if token is None:
        # `--sandbox TOKEN` would take the token for an address.
        if options["sandbox"] is not None:
            raise click.UsageError("Without TOKEN nobody is asked. Put TOKEN before --sandbox.")
        return show_recent(TokenRequest(**options))
    return show_one(TokenRequest(**options), token, offline=offline)


@command.command()
@_with_gate
@click.argument("token")
def revoke(**options: Any) -> int:
    """Revoke a token, so that nobody can pay with it any more.

    The destination accepts the request first, exit code 14, and tells the result in a callback.
    """
    from forwardc.cli.tokens.actions import TokenRequest, revoke_one

    token = options.pop("token")
    return revoke_one(TokenRequest(**options), token)
