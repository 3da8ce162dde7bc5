"""What all parties of the sandbox share: a clock, state, a record of what arrived, and delivery.

Delivery goes to the sandbox's own parties only, never to a network; callbacks go to this machine
only.
"""

import os
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from forwardc.sandbox.errors import SandboxError
from forwardc.sandbox.laxness import Slip, check_names, laxnesses
from forwardc.sandbox.memory import DEFAULT_ROWS, ForgottenGuards, ForgottenRowError
from forwardc.sandbox.project import (
    CredentialHolder,
    OnboardedProject,
    OnboardedRequest,
    ProjectReader,
    read,
)

FILLED = "forwardc.filled"
"""The member of a delivered request's scope with what the vault put in, see `OutboundRequest`."""

Pairs = tuple[tuple[str, str], ...]

# Slips: enough for a run that is looked at, and memory stays small.
KEPT_SLIPS = 1000
# Counts requests: set by the app, 0 outside of one.
REQUEST: ContextVar[int] = ContextVar("request", default=0)


@dataclass(frozen=True, slots=True)
class OutboundRequest:
    """A request that a vault sends to a destination. `url` is absolute, https, with its query.

    `filled` are the values that the vault put in and nobody may show: card number, CVC, PIN,
    network token number, cryptogram.
    """

    method: str
    url: str
    headers: Pairs = field(repr=False)
    body: bytes = field(repr=False)
    timeout_ms: int = 15_000
    filled: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class EmulatedAnswer:
    """What a destination answered, with the time it took in milliseconds."""

    status: int
    headers: Pairs = field(repr=False)
    body: bytes = field(repr=False)
    duration_ms: int


class DestinationUnreachableError(SandboxError):
    """The destination was never reached: nothing was sent."""


class DestinationTimeoutError(SandboxError):
    """The request went out and no answer came in time."""


class DestinationBrokenError(SandboxError):
    """The request went out and the connection ended without a whole answer."""


@dataclass(frozen=True, slots=True)
class ReceivedRequest:
    """One request as a destination received it. Holds test card data: mask it before showing.

    `in_words` is its sum, where the destination counts money its own way. `filled` are the
    values that a vault put in, see `OutboundRequest`.
    """

    at: float
    host: str
    method: str
    target: str = field(repr=False)
    headers: Pairs = field(repr=False)
    body: bytes = field(repr=False)
    in_words: str | None = field(default=None, repr=False)
    filled: tuple[str, ...] = field(default=(), repr=False)


@dataclass(slots=True)
class World:
    """The sandbox's shared state.

    `now` gives seconds since 1970 and can be set by tests. `tables` holds JSON-like rows by
    table name and id, so that a state file is one dump of it. `lax` has the names of what is let
    through though the vendor refuses it (`laxness.laxnesses`), and `slips` what was. `project` is
    what its plans name, None for a sandbox without one, and `read_project` gives it anew where it
    changed. `fail_unavailable` makes a vault refuse a placeholder that has no value, where the
    vendor's behaviour is unknown and the default is an empty string.
    `hang_seconds` is how long a direct client waits for an answer that never comes.
    `callback_url` is where destinations send their callbacks, an address of this machine; None
    leaves them in their queues. `remember` is how many rows all tables hold together; it
    `forgets` the oldest since there were more, and `forgotten` knows the guards among them
    (`memory`).
    """

    now: Callable[[], float] = time.time
    lax: frozenset[str] = frozenset()
    project: OnboardedProject | None = None
    read_project: ProjectReader | None = field(default=None, repr=False)
    fail_unavailable: bool = False
    hang_seconds: float = 90.0
    callback_url: str | None = None
    remember: int = DEFAULT_ROWS
    forgets: bool = False
    forgotten: ForgottenGuards = field(default_factory=ForgottenGuards, repr=False)
    tables: dict[str, dict[str, Any]] = field(default_factory=dict, repr=False)
    received: list[ReceivedRequest] = field(default_factory=list, repr=False)
    slips: list[Slip] = field(default_factory=list)
    untold: list[Slip] = field(default_factory=list)
    send: Callable[[OutboundRequest], Awaitable[EmulatedAnswer]] | None = field(
        default=None, repr=False
    )

    def __post_init__(self) -> None:
        """Refuse a laxness that the table does not have: `ValueError`."""
        check_names(self.lax)

    def renew_project(self) -> None:
        """Take over what the project has compiled since, if whoever started this tells.

        A project that gives nothing yet has onboarded nothing.
        """
        if self.read_project is None:
            return
        data = self.read_project()
        if data is not None:
            self.project = read(data)
        elif self.project is None:
            self.project = OnboardedProject()

    def named(
        self, url: str, *, vault: str | None = None, live: bool = False
    ) -> tuple[OnboardedRequest, ...]:
        """The requests of the project that a URL is of; none without a project.

        In live mode those of production that were approved.
        """
        return () if self.project is None else self.project.named(url, vault=vault, live=live)

    def holders(self, host: str, *without: CredentialHolder) -> tuple[CredentialHolder, ...]:
        """Who has credentials at a host; `without` are those of a sandbox without a project."""
        return without if self.project is None else self.project.holders.get(host, ())

    def allows(self, name: str) -> bool:
        """Whether this laxness is switched on.

        `KeyError` for a name that is not in the table, where that is asked.
        """
        if name in self.lax:
            return True
        # Without a project nobody told this sandbox what is onboarded. Only then the table is
        # asked, which loads every party.
        return self.project is None and laxnesses()[name].without_project

    def slip(self, name: str, place: str) -> None:
        """Note that a laxness let something through. `place` names a part of the request."""
        slip = Slip(REQUEST.get(), name, laxnesses()[name].party, place)
        for record in (self.slips, self.untold):
            record.append(slip)
            del record[:-KEPT_SLIPS]

    def take_untold(self) -> list[Slip]:
        """The slips that nobody has taken yet, those of one request together."""
        taken, self.untold = self.untold, []
        return sorted(taken, key=lambda slip: slip.request)

    def lets(self, name: str, place: str) -> bool:
        """Whether a laxness lets a mistake at `place` through; if so, the slip is noted."""
        if not self.allows(name):
            return False
        self.slip(name, place)
        return True

    def table(self, name: str) -> dict[str, Any]:
        """The rows of one table, by id, created on first use."""
        return self.tables.setdefault(name, {})

    def guard(self, table: str, name: str) -> Any:
        """The row of what must not be taken for new, None for what is.

        Raises `ForgottenRowError` for what was there and is forgotten.
        """
        row = self.table(table).get(name)
        if row is None and self.forgotten.has(table, name):
            raise ForgottenRowError("what this request repeats is forgotten: see --remember")
        return row

    def month(self) -> tuple[int, int]:
        """The year and month in UTC in which cards are judged.

        The day of the commands, `FORWARDC_TODAY`, stands for the machine's where it is given:
        the fixed sources have an expiry, and a test must not end with them.
        """
        day = datetime.fromtimestamp(self.now(), UTC)
        if self.now is time.time:
            with suppress(KeyError, ValueError):
                day = datetime.fromisoformat(os.environ["FORWARDC_TODAY"])
        return day.year, day.month

    async def deliver(self, outbound: OutboundRequest) -> EmulatedAnswer:
        """Send a vault's request to the destination inside this sandbox.

        Raises `DestinationUnreachableError`, `DestinationTimeoutError` or `DestinationBrokenError`
        as the destination's test card asks.
        """
        if self.send is None:
            raise DestinationUnreachableError(outbound.url)
        return await self.send(outbound)
