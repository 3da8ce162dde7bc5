"""The commands with one line of help each, and the page of `forwardc --help`.

Plain text, so that the page is there at once; `main.py` knows how a command is called.
"""

COMMANDS = {
    "check": "Report every mistake in destinations.",
    "fmt": "Lay files out, and change nothing that they say.",
    "build": "Compile destinations into build/.",
    "watch": "Build whenever a source changes.",
    "explain": "Explain a code, a built place, or a line of YAML.",
    "coverage": "Show which operation works through which vault, and why not.",
    "approve": "Record what was accepted for production.",
    "approvals": "List or withdraw what is approved.",
    "diff": "Show what changed, and whether it needs a new review.",
    "run": "Run a compiled operation.",
    "history": "Show what became of runs.",
    "serve": "Serve the partner API.",
    "dashboard": "Show outcomes in a browser.",
    "reconcile": "Find out what became of unknown runs.",
    "resolve": "Settle an unknown run by hand.",
    "pause": "Send nothing to a vault or destination.",
    "unpause": "End the pause of a vault or destination.",
    "audit": "Show what people did, and verify it.",
    "secrets": "Keep the secrets that a vault stores.",
    "tokens": "Make, show and revoke card tokens.",
    "clients": "Say who may call the partner API.",
    "submit": "Seal the keys of a destination for a vault.",
    "sandbox": "Serve the vaults and destinations locally.",
    "completion": "Print the script for completion in a shell.",
    "demo": "Show the whole path, from YAML to the sandbox's answer.",
}
"""In the order of use."""
MODULES = {
    "approvals": "approvals.command",
    "approve": "approvals.approve",
    "clients": "clients.command",
    "demo": "demo.command",
    "history": "history.command",
    "pause": "pause:pause",
    # Until the next version: what `unpause` was called before.
    "resume": "pause:resume",
    "run": "run.command",
    "sandbox": "sandbox.command",
    "secrets": "secrets.command",
    "serve": "serve.command",
    "tokens": "tokens.command",
    "unpause": "pause:unpause",
}
"""Where a command is that is no `command` of a module with its own name: module, and name in it."""

_HEAD = """\
Usage: forwardc [OPTIONS] COMMAND [ARGS]...

  Compile card destinations, written once in YAML, for each vault's forward
  API.

Options:
  -V, --version  Show the version and exit.
  -h, --help     Show this message and exit.

Commands:
"""


def overview() -> str:
    """The page of `forwardc --help`, without a final line feed, in lines of 80 columns at most."""
    width = max(map(len, COMMANDS))
    return _HEAD + "\n".join(f"  {name:{width}}  {text}" for name, text in COMMANDS.items())
