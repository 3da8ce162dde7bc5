"""`forwardc sandbox`: serves the emulated vaults and destinations until it is interrupted.

Knows no vault: the sandbox shares no code with the compiler.
"""

from pathlib import Path

import click

_NAMES = (
    "a party is one of stripe, checkout, adyen, visa, rocketpay, rokt and echo, or a host in small "
    "letters such as psp.example.com."
)


def _party(text: str) -> tuple[str, int]:
    name, _, port = text.partition("=")
    if not (name and port.isascii() and port.isdigit() and int(port[:6]) <= 65_535):
        raise click.BadParameter("write NAME=PORT, such as stripe=8124; port 0 takes a free one.")
    return name, int(port)


@click.command(short_help="Serve the vaults and destinations locally.")
@click.option(
    "--port",
    type=click.IntRange(0, 65_535),
    default=8123,
    show_default=True,
    help="Port on the loopback interface; 0 takes a free one.",
)
@click.option(
    "--as",
    "parties",
    metavar="NAME=PORT",
    multiple=True,
    callback=lambda _context, _option, given: [_party(text) for text in given],
    help="A port for one party alone: `stripe`, `checkout`, `adyen`, or a host. Repeatable.",
)
@click.option(
    "--state",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File that keeps the state between two runs; without it, memory.",
)
@click.option(
    "--lax",
    metavar="NAME",
    multiple=True,
    help="Take what the vendor refuses, by the name of it. Repeatable.",
)
@click.option("--lenient", is_flag=True, help="Everything that --lax has a name for.")
@click.option(
    "--callbacks",
    metavar="URL",
    help="Send the callbacks of destinations to this address of this machine.",
)
def command(
    port: int,
    parties: list[tuple[str, int]],
    state: Path | None,
    lax: tuple[str, ...],
    lenient: bool,
    callbacks: str | None,
) -> int:
    """Serve all vaults and destinations on one local port, for test cards only."""
    from forwardc.sandbox.addresses import Nobody
    from forwardc.sandbox.destinations.rocketpay_delivery import loopback_url
    from forwardc.sandbox.laxness import ALL
    from forwardc.sandbox.serve import PortRefused, serve

    if not ALL.issuperset(lax):
        raise click.BadParameter(f"one of: {', '.join(sorted(ALL))}.", param_hint="--lax")
    names = ALL if lenient else frozenset(lax)
    try:
        url = None if callbacks is None else loopback_url(callbacks)
    except ValueError as problem:
        raise click.BadParameter(f"{problem}.", param_hint="--callbacks") from None
    try:
        serve(port, state=state, lax=names, callback_url=url, parties=parties)
    except PortRefused as refused:
        text = f"Cannot serve on port {refused.port}: {refused.strerror}."
        raise click.ClickException(text) from None
    except Nobody:
        raise click.BadParameter(_NAMES, param_hint="--as") from None
    except ValueError:
        raise click.BadParameter(
            "the file does not hold the state of a sandbox.", param_hint="--state"
        ) from None
    return 0
