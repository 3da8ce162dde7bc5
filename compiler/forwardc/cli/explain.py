"""`forwardc explain CODE`: prints the page of a diagnostic code. Holds no text of a page."""

import click


@click.command(short_help="Explain a diagnostic code.")
@click.argument("code", required=False)
def command(code: str | None) -> int:
    """Print what a diagnostic CODE means, with a bad and a good example.

    CODE is a number such as FC0302 or its name. Without it, all codes are listed.
    """
    from forwardc.diagnostics.codes import CODES, similar
    from forwardc.diagnostics.pages import page

    if code is None:
        for known in CODES.values():
            click.echo(f"{known.number}  {known.slug:<28}  {known.title}")
        return 0
    try:
        text = page(code)
    except KeyError:
        near = similar(code)
        hint = f" Did you mean {', '.join(near)}?" if near else ""
        raise click.UsageError(f"There is no code {code!r}.{hint}") from None
    click.echo(text.rstrip("\n"))
    return 0
