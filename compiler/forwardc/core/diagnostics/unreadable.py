"""Reports a file that cannot be read: the system's reason, or what the file is instead of plain."""

from forwardc.core.diagnostics.sink import Sink
from forwardc.core.diagnostics.span import Position, Span
from forwardc.core.files.refused import NO_PLAIN_FILE, TOO_LARGE, FileRefused

_SOURCE = "files of a project are plain files inside it: put the file itself there"
BUILT = "put the folder itself there; for a server to which it is mounted: [plans] mounted = true"
_START = Position(1, 1)


def unreadable(
    problem: OSError,
    path: str,
    code: str,
    sink: Sink,
    span: Span | None = None,
    *,
    pointer: str = "",
    hint: str = _SOURCE,
) -> None:
    """Report FC0118 or FC0103 for what a checkout must not hold, else `code`."""
    message = f"{path} cannot be read: {problem.strerror}"
    if not isinstance(problem, FileRefused):
        sink.error(code, message, span, pointer=pointer)
    elif problem.code == TOO_LARGE:
        where = span or Span(path, _START, _START)
        sink.error(TOO_LARGE, message, where, pointer=pointer)
    else:
        sink.error(NO_PLAIN_FILE, message, span, pointer=pointer, hint=hint)
