"""Finds the card of a call in the merchant's data, and tells a stranger nothing of what is there.

A reference that is not known, and one whose customer the caller does not know, get the same answer
after the same time, and count as misses of the client: whoever guesses is stopped. What the
merchant's data say decides, as `tests/server/payment_sharing/test_chapters.py` asks:

| the merchant's data | the call is answered | a miss |
|---|---|---|
| have the reference, for this customer | 200 | no |
| have it, for another customer | 404 | yes |
| do not have it | 404 | yes |
| cannot be asked now | 503 | no |
| have to be mended | 422 | no |

Nobody waits for them on the event loop: a file is asked in threads of its own, which costs a call
nothing that can be measured, since SQLite gives the interpreter away while it reads; PostgreSQL is
asked by psycopg's own connection for event loops; HTTP as any call. Each question ends in its time,
also where the other side never says a word:
`test_slow_databases.py::test_a_session_that_hangs_is_left_and_another_one_is_asked`.

One question, traced. `pay-1` comes with an email. The client has misses left. The row of `pay-1`
has a vault, a source and the merchant's email; every identifier of the caller is compared, in
constant time, and fits: the instrument goes to the forward. With another email the comparison
takes as long, the answer 404 waits for the next multiple of 50 ms, and one miss is taken.
"""

import asyncio
import logging
from time import monotonic
from typing import Final

from forwardc.core.dataclass import dataclass
from forwardc.runtime.history.errors import HistoryError
from forwardc.server.directory.payment_directory import (
    DirectoryError,
    DirectoryFaultError,
    Instrument,
    PaymentDirectory,
    identifiers_match,
)
from forwardc.server.http.problems import ProblemError, ProblemKind, retry_after
from forwardc.server.http.rate_limits import RateLimits
from forwardc.server.payment_sharing.answer import not_forwardable, unavailable
from forwardc.server.payment_sharing.request import SharingRequest
from forwardc.server.settings import LimitSettings
from forwardc.server.telemetry.calls import Observer

# Seconds of an hour, the window of `limits.misses_per_hour`.
_HOUR_S: Final = 3600
# Seconds that every answer of a miss is a multiple of, so that its time tells nothing of a row.
_MISSED_S: Final = 0.05
_log = logging.getLogger("forwardc.server")


@dataclass(frozen=True, slots=True)
class PaymentLookup:
    """The merchant's data as calls see it, with the limit of misses. For the event loop."""

    directory: PaymentDirectory
    rates: RateLimits
    limits: LimitSettings
    observer: Observer

    async def find(self, request: SharingRequest, client_id: str) -> Instrument:
        """The instrument of a reference.

        Raises: `ProblemError`, the same for whatever does not fit.
        """
        name, limit = f"misses/{client_id}", self.limits.misses_per_hour
        began = monotonic()
        try:
            wait = await self.rates.peek(name, limit, _HOUR_S)
            if wait is not None:
                raise ProblemError(ProblemKind.TOO_MANY_REQUESTS, headers=retry_after(wait))
            with self.observer.span("lookup"):
                instrument = await self.directory.find(request.reference)
            identified = identifiers_match(
                instrument.identifiers if instrument else None, request.identifiers
            )
            if instrument is not None and identified:
                return instrument
            wait = await self.rates.take(name, limit, _HOUR_S)
        except DirectoryFaultError as problem:
            _log.error("FC0855 the lookup has to be mended: %s", problem)
            raise not_forwardable() from None
        except DirectoryError as problem:
            _log.error("the lookup failed: %s", problem)
            raise unavailable() from None
        except HistoryError as problem:
            _log.error("%s the history cannot be used: %s", problem.code, problem.message)
            raise unavailable() from None
        # A row that is found is read, too; how long that takes is the merchant's data's business.
        await asyncio.sleep(_MISSED_S - (monotonic() - began) % _MISSED_S)
        if wait is not None:
            raise ProblemError(ProblemKind.TOO_MANY_REQUESTS, headers=retry_after(wait))
        raise ProblemError(ProblemKind.PAYMENT_NOT_FOUND)
