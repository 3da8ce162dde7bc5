"""The group of all commands, and the one place where a command's failure becomes an exit code.

A command is a name in a table: its module is imported when it is called.
"""

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

import click

from forwardc.cli import completing, output
from forwardc.cli.commands import COMMANDS, MODULES, overview
from forwardc.core.diagnostics.errors import error_place
from forwardc.core.diagnostics.suggest import did_you_mean
from forwardc.version import __version__

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

EXIT_USAGE: Final = 2
"""As click has it for a mistake in the arguments; our own mistakes end so, too."""
EXIT_INTERRUPTED: Final = 130
"""What a shell makes of SIGINT: 128 and the signal's number, 2."""
EXIT_BROKEN_PIPE: Final = 141
"""What a shell makes of SIGPIPE: 128 and the signal's number, 13."""


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called, not when they are listed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the table, which is the order of use."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of a command; None when there is no such command."""
        if cmd_name not in COMMANDS and cmd_name not in MODULES:
            return None
        module, _, name = MODULES.get(cmd_name, cmd_name).partition(":")
        command: click.Command = getattr(import_module(f"forwardc.cli.{module}"), name or "command")
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command to call, and suggest one where the name is unknown."""
        is_unknown = args and not args[0].startswith("-") and args[0] not in (*COMMANDS, *MODULES)
        if is_unknown and not ctx.resilient_parsing:
            near = did_you_mean(args[0], COMMANDS)
            hint = f" Did you mean {near!r}?" if near else ""
            ctx.fail(f"No such command {args[0]!r}.{hint}")
        return super().resolve_command(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> "list[CompletionItem[str]]":
        """The commands and options that begin so, each with its line; no command is imported."""
        from click.shell_completion import CompletionItem

        commands = [
            CompletionItem(name, help=text)
            for name, text in COMMANDS.items()
            if name.startswith(incomplete)
        ]
        return commands + click.Command.shell_complete(self, ctx, incomplete)

    def invoke(self, ctx: click.Context) -> Any:
        """Call the command. A reader that leaves is not a finding, as click would have it."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            return _reader_has_gone()

    def get_help(self, ctx: click.Context) -> str:
        """Return the page that `--help` prints before click is imported."""
        return overview()


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "-V", "--version", message="forwardc %(version)s")
def cli() -> None:
    """Compile card destinations, written once in YAML, for each vault's forward API."""


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code.

    A command's callback returns its code, or None for 0. An exception that reaches this function
    is a mistake of ours: it is reported as FC9901 without its message, which may hold values.
    """
    # boto3 and the exporter of traces would write the keys of their connections there, and so
    # would what this process starts.
    os.environ.pop("SSLKEYLOGFILE", None)
    # httpx imports its own command line, and does without it where that fails. With rich and
    # pygments, which others may have installed, it takes 50 ms that no command of ours needs.
    modules: dict[str, Any] = sys.modules
    modules.setdefault("httpx._main", None)
    if completing.is_asked():
        return completing.answered(lambda: _call(arguments))
    try:
        result = _call(arguments)
        sys.stdout.flush()
    except click.ClickException as error:
        error.show()
        return EXIT_USAGE
    except (click.Abort, KeyboardInterrupt):
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        return _reader_has_gone()
    except Exception as error:
        return _internal_error(error)
    return result


def _call(arguments: Sequence[str]) -> int:
    result: Any = cli.main(
        list(arguments), prog_name="forwardc", standalone_mode=False, color=output.color_setting()
    )
    return result if isinstance(result, int) else 0


def _reader_has_gone() -> int:
    # Python flushes stdout once more at exit and would report the broken pipe there.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return EXIT_BROKEN_PIPE


def _internal_error(error: Exception) -> int:
    if os.environ.get("FORWARDC_DEBUG") == "1":
        import traceback

        traceback.print_exception(error)
    click.echo(
        f"FC9901 internal error: {error_place(error)}. This is a mistake of "
        "forwardc; run again with FORWARDC_DEBUG=1 for the traceback.",
        err=True,
    )
    return EXIT_USAGE
