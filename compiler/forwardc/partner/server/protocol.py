"""HTTP on one connection, as uvicorn speaks it, with limits on a request's head.

uvicorn waits for a head as long as it takes, and httptools reads one of any length: a caller who
sends a byte now and then would keep a connection for ever.
"""

import asyncio
from typing import Any, Final, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from forwardc.partner.problem import Kind, Refusal
from forwardc.partner.problem_response import answer_of
from forwardc.partner.server.settings import Limits

_REASONS: Final = {400: b"Bad Request", 431: b"Request Header Fields Too Large"}


class Limited(HttpToolsProtocol):
    """A connection whose next head must be here in time, and within bytes.

    uvicorn makes it; `limits` are those of the server's configuration.
    """

    def __init__(self, config: Any, *given: Any, **named: Any) -> None:
        super().__init__(config, *given, **named)
        self._limits: Limits = config.limits
        self._patience: asyncio.TimerHandle | None = None
        self._head = 0
        self._in_head = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Expect a head from now on."""
        super().connection_made(transport)
        self._expect()

    def data_received(self, data: bytes) -> None:
        """Read on, as long as the head is not too large."""
        self._head += len(data)
        super().data_received(data)
        if self.transport.is_closing():
            return
        if self._in_head and self._head > self._limits.headers:
            self._refuse(Refusal(Kind.HEADERS_TOO_LARGE))
        elif self._in_head or self._idle():
            # Also after blank lines, which end the patience of uvicorn and begin no request.
            self._expect()

    def on_message_begin(self) -> None:
        """A head begins."""
        self._in_head = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """A head is here."""
        self._in_head = False
        self._head = 0
        self._forget()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """What comes now belongs to the next head."""
        self._head = 0
        super().on_message_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Expect nothing more."""
        self._forget()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        """Refuse what is not HTTP, in our words."""
        self._refuse(Refusal(Kind.INVALID_REQUEST, "This is not HTTP that can be understood."))

    def _refuse(self, refusal: Refusal) -> None:
        self._forget()
        if not self._idle() and not self.cycle.more_body:
            # A call that is whole gets its answer; what came behind it is not looked at.
            self.cycle.keep_alive = False
            self.flow.pause_reading()
            return
        if self._idle() or not self.cycle.response_started:
            answer = answer_of(refusal)
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
