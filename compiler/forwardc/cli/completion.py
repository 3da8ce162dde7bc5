"""`forwardc completion`: the script by which a shell completes words of this command line.

The scripts are click's. Each asks `forwardc` itself, by a variable of the environment, what a word
may become: `candidates.py` answers.
"""

import click
from click.shell_completion import ShellComplete, get_completion_class

from forwardc.cli.completing import VARIABLE

SHELLS = ("bash", "zsh", "fish")


@click.command(short_help="Print the script for completion in a shell.")
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def command(context: click.Context, shell: str) -> int:
    """Print a script that completes commands, options, names and codes in a shell.

    For bash and zsh, ~/.bashrc or ~/.zshrc gets the line: eval "$(forwardc completion bash)". For
    fish, ~/.config/fish/completions/forwardc.fish gets: forwardc completion fish | source.
    """
    kind = get_completion_class(shell)
    if kind is None:
        raise TypeError("click knows these shells")
    script = kind(context.find_root().command, {}, "forwardc", VARIABLE)
    # Without the look at the installed bash, which starts one and may not be the one meant.
    click.echo(ShellComplete.source(script), nl=False)
    return 0
