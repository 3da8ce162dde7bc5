"""Every command of forwardc as a person types it, out of the command line itself."""

from collections.abc import Iterator

import click

from forwardc.cli.main import cli


def commands() -> dict[str, click.Command]:
    """Each command that does something, by its words, such as `history show`.

    A group that does something without a subcommand is one, too.
    """
    return dict(_below(cli, ()))


def _below(group: click.Group, words: tuple[str, ...]) -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        found = group.get_command(context, name)
        assert found is not None
        here = (*words, name)
        if not isinstance(found, click.Group):
            yield " ".join(here), found
            continue
        if found.invoke_without_command:
            yield " ".join(here), found
        yield from _below(found, here)


def takes(command: click.Command, option: str) -> bool:
    """Whether a command has an option of this name, with its dashes."""
    return any(option in one.opts for one in command.params)
