"""A request as it leaves, the same as it may be shown, and as a curl command.

Its real text has no repr; what may be shown stands beside it, already masked.
"""

from dataclasses import field
from shlex import quote
from typing import TypeAlias

from forwardc.core.dataclass import dataclass
from forwardc.core.diagnostics.render.printable import printable
from forwardc.core.recognizer.scan import mask

Pairs: TypeAlias = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ShownRequest:
    """A request as it may be shown: every tainted value is `***`."""

    method: str
    url: str
    headers: Pairs
    body: str | None


@dataclass(frozen=True, slots=True)
class BoundRequest:
    """A request as it leaves, and the same request as it may be shown."""

    method: str
    url: str = field(repr=False)
    headers: Pairs = field(repr=False)
    body: bytes | None = field(repr=False)
    shown: ShownRequest = field(repr=False)


def masked(request: ShownRequest) -> ShownRequest:
    """A request as it is shown and kept: what looks like a card number came in an answer."""
    return ShownRequest(
        request.method,
        mask(request.url),
        tuple((name, mask(value)) for name, value in request.headers),
        request.body and mask(request.body),
    )


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
