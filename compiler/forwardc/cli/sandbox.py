"""`forwardc sandbox`: serves the emulated vaults and destinations until it is interrupted.

Knows no vault: the sandbox shares no code with the compiler.
"""

from pathlib import Path

import click


@click.command(short_help="Serve the vaults and destinations locally.")
@click.option(
    "--port",
    type=click.IntRange(0, 65_535),
    default=8123,
    show_default=True,
    help="Port on the loopback interface; 0 takes a free one.",
)
@click.option(
    "--state",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File that keeps the state between two runs; without it, memory.",
)
@click.option(
    "--lenient",
    is_flag=True,
    help="Accept what a vendor's documents allow but its SDK contradicts.",
)
@click.option(
    "--callbacks",
    metavar="URL",
    help="Send the callbacks of destinations to this address of this machine.",
)
def command(port: int, state: Path | None, lenient: bool, callbacks: str | None) -> int:
    """Serve all vaults and destinations on one local port, for test cards only."""
    from forwardc.sandbox.destinations.rocketpay_delivery import loopback_url
    from forwardc.sandbox.serve import serve

    try:
        url = None if callbacks is None else loopback_url(callbacks)
    except ValueError as problem:
        raise click.BadParameter(f"{problem}.", param_hint="--callbacks") from None
    try:
        serve(port, state=state, lenient=lenient, callback_url=url)
    except OSError as error:
        raise click.ClickException(f"Cannot serve on port {port}: {error.strerror}.") from None
    except ValueError:
        raise click.BadParameter(
            "the file does not hold the state of a sandbox.", param_hint="--state"
        ) from None
    return 0
