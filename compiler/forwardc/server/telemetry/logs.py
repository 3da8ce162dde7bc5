"""What the server writes down: a line for each call, and what its parts have to say.

A line holds names, numbers and times. It never holds a reference, an identifier, a source, a body,
or more of an address than its network.
"""

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any, Final, Literal, TextIO

from forwardc.server.telemetry.calls import CallInProgress, CallRecord

CALLS: Final = logging.getLogger("forwardc.server.calls")
_DEPENDENCIES: Final = ("uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi")
_ENCODER: Final = json.JSONEncoder(separators=(",", ":"), default=str)
_EXPECTED: Final = frozenset({502, 503, 504})


def log_call(call: CallInProgress, record: CallRecord) -> None:
    """Write the line of a call that ended."""
    level = logging.INFO
    if record.status >= 500:
        level = logging.WARNING if record.status in _EXPECTED else logging.ERROR
    if CALLS.isEnabledFor(level):
        line = logging.LogRecord(CALLS.name, level, "", 0, "call", None, None)
        line.members = _members(call, record)
        CALLS.handle(line)


def _members(call: CallInProgress, record: CallRecord) -> dict[str, Any]:
    members = {
        "call": call.id,
        "method": record.method,
        "route": record.route,
        "status": record.status,
        "duration_ms": record.duration_ms,
        "client": record.client_id,
        "address": call.address,
        "problem": record.problem,
        "run": record.run_id,
        "vault": record.vault,
        "destination": record.destination,
        "outcome": record.outcome,
        "replayed": record.replayed or None,
        "trace": call.trace_id,
    }
    return {name: value for name, value in members.items() if value is not None}


class JsonLines(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record. Of an exception it has the type and the place, not the text."""
        members: dict[str, Any] = {
            "time": _time(record),
            "level": record.levelname.lower(),
            **_event(record),
        }
        return _ENCODER.encode(members)


class TextLines(logging.Formatter):
    """The same for people: time, level, event, and the members as `name=value`."""

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record."""
        event = _event(record)
        name = str(event.pop("event")).encode("unicode_escape").decode()
        rest = " ".join(f"{key}={json.dumps(value)}" for key, value in event.items())
        return f"{_time(record)} {record.levelname.lower():7} {name} {rest}".rstrip()


def _event(record: logging.LogRecord) -> dict[str, Any]:
    members: dict[str, Any] = getattr(record, "members", {})
    if record.name == CALLS.name:
        return {"event": "call", **members}
    # Our own modules word what they say; a dependency's text may repeat what was sent.
    ours = record.name.startswith("forwardc.")
    event = record.getMessage() if ours else str(record.msg).strip()
    more = {"exception": _where(record)} if record.exc_info else {}
    return {"event": event, "logger": record.name, **members, **more}


def _where(record: logging.LogRecord) -> str:
    """The type of an exception and the last place that it came from. Its text may hold values."""
    kind, _, trace = record.exc_info or (None, None, None)
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    name = kind.__name__ if kind else "unknown"
    if trace is None:
        return name
    return f"{name} in {trace.tb_frame.f_globals.get('__name__', '?')}:{trace.tb_lineno}"


def _time(record: logging.LogRecord) -> str:
    moment = datetime.fromtimestamp(record.created, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def begin(style: Literal["json", "text"], stream: TextIO | None = None) -> None:
    """Send everything that this process logs to standard error, a line each."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines() if style == "json" else TextLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("forwardc").setLevel(logging.INFO)
    # What no line shows costs nothing: threads, processes, tasks.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging.logAsyncioTasks = False  # type: ignore[attr-defined, unused-ignore]
    for name in _DEPENDENCIES:
        logger = logging.getLogger(name)
        logger.handlers[:] = []
        logger.propagate = True
        logger.setLevel(logging.ERROR)
    # Calls have their own line, without their target.
    logging.getLogger("uvicorn.access").disabled = True
