"""A masked request as a curl command, for reading and for support tickets. Never runs it."""

from shlex import quote

from forwardc.core.diagnostics.render.clean import printable
from forwardc.core.recognizer.scan import mask
from forwardc.runtime.run.result import ShownRequest


def curl(request: ShownRequest) -> str:
    """The command, one argument a line. `***` stands where the real request has a secret."""
    parts = [f"curl --request {quote(request.method)}", f"--url {_quoted(request.url)}"]
    parts += [f"--header {_quoted(f'{name}: {value}')}" for name, value in request.headers]
    if request.body is not None:
        # --data-raw takes a leading @ for text, not for the name of a file.
        parts.append(f"--data-raw {_quoted(request.body)}")
    return " \\\n  ".join(parts)


def _quoted(text: str) -> str:
    return quote(printable(mask(text)))
