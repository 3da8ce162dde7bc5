"""HTTP on one connection, as uvicorn speaks it: one call at a time, with limits on each.

uvicorn waits for a head as long as it takes, and httptools reads one of any length: a caller who
sends a byte now and then would keep a connection for ever. Both take what follows a body for
header fields, and what follows an upgrade for a new request.
"""

import asyncio
from typing import Any, Final, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from forwardc.core.diagnostics.errors import ForwardcError
from forwardc.core.http.request_target import TARGET
from forwardc.server.http.problems import ProblemError, ProblemKind, problem_response
from forwardc.server.settings import LimitSettings

_REASONS: Final = {
    400: b"Bad Request",
    413: b"Content Too Large",
    431: b"Request Header Fields Too Large",
}
_VERSIONS: Final = frozenset({"1.0", "1.1"})
# What a body of the smallest chunks takes on the wire: a length, two line ends, one byte.
_WIRE: Final = 8
# Seconds for a caller to read on: an answer has about 64 KiB, which any line carries in that time.
_TAKEN_WITHIN_S: Final = 30.0


class _UnacceptableRequestError(ForwardcError):
    """Stops the parser at a request that is HTTP, but not for this server."""


class BoundedHttpProtocol(HttpToolsProtocol):
    """A connection whose next call must be here in time, and within bytes.

    uvicorn makes it; `limits` are those of the server's configuration.
    """

    def __init__(self, config: Any, *arguments: Any, **options: Any) -> None:
        super().__init__(config, *arguments, **options)
        self._limits: LimitSettings = config.limits
        self._patience: asyncio.TimerHandle | None = None
        self._unread: asyncio.TimerHandle | None = None
        self._came = 0
        self._in_head = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Expect a head from now on."""
        super().connection_made(transport)
        self._expect()

    def data_received(self, data: bytes) -> None:
        """Read on, as long as neither the head nor what follows it is too large."""
        self._came += len(data)
        super().data_received(data)
        if self.transport.is_closing():
            return
        if self._in_head and self._came > self._limits.headers:
            self._refuse(ProblemError(ProblemKind.HEADERS_TOO_LARGE))
        elif self._came > _WIRE * self._limits.body:
            self._refuse(ProblemError(ProblemKind.CONTENT_TOO_LARGE))
        elif self._in_head or self._idle():
            # Also after blank lines, which end the patience of uvicorn and begin no request.
            self._expect()

    def on_message_begin(self) -> None:
        """A head begins."""
        self._in_head = True
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a field of the head. One behind the body stood before no guard (RFC 9110, 6.5.1)."""
        if self._in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """A head is here. Refused where it comes behind a call that is not answered yet.

        Whoever keeps many calls in one connection makes this server keep them, too.
        """
        upgrades, version = self.parser.should_upgrade(), self.parser.get_http_version()
        if upgrades or version not in _VERSIONS or not self._idle():
            raise _UnacceptableRequestError
        self._in_head = False
        self._came = 0
        self._forget()
        if not self.url.startswith(b"/"):
            # uvicorn would drop the host that it names, which is the one that counts: the
            # middleware judges it whole (RFC 9112, 3.2.2).
            self.scope[TARGET] = self.url  # type: ignore[typeddict-unknown-key]
            self.url = b"/"
        elif b"#" in self.url:
            raise _UnacceptableRequestError
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """What comes now belongs to the next head."""
        self._came = 0
        super().on_message_complete()

    def pause_writing(self) -> None:
        """The answer is not read as fast as it comes; it is given up where nobody reads it."""
        super().pause_writing()
        if self._unread is None:
            self._unread = self.loop.call_later(_TAKEN_WITHIN_S, self.transport.abort)

    def resume_writing(self) -> None:
        """The answer is read on."""
        super().resume_writing()
        self._read_on()

    def connection_lost(self, exc: Exception | None) -> None:
        """Expect nothing more."""
        self._forget()
        self._read_on()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        """Refuse what is not HTTP, in our words."""
        self._refuse(
            ProblemError(ProblemKind.INVALID_REQUEST, "This is not HTTP that can be understood.")
        )

    def _refuse(self, refusal: ProblemError) -> None:
        self._forget()
        if not self._idle() and not self.cycle.more_body:
            # A call that is whole gets its answer; what came behind it is not looked at.
            self.cycle.keep_alive = False
            self.flow.pause_reading()
            return
        if self._idle() or not self.cycle.response_started:
            answer = problem_response(refusal)
            status = answer.status_code
            head = [b"HTTP/1.1 %d %s" % (status, _REASONS[status]), b"connection: close"]
            head += [name + b": " + value for name, value in answer.raw_headers]
            self.transport.write(b"\r\n".join([*head, b"", bytes(answer.body)]))
        if not self._idle():
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self.transport.close()

    def _expect(self) -> None:
        if self._patience is None:
            within = self._limits.receive_within
            self._patience = self.loop.call_later(within, self._give_up)

    def _give_up(self) -> None:
        self._patience = None
        if not self._idle():
            # An answer is still on its way over this connection.
            self._expect()
        elif not self.transport.is_closing():
            self.transport.close()

    def _idle(self) -> bool:
        """Whether no answer is under way."""
        cycle = cast("RequestResponseCycle | None", self.cycle)
        return cycle is None or cycle.response_complete

    def _forget(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _read_on(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None
