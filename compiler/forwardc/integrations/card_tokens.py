"""What callbacks tell of card tokens, as plain data, and the port of the store that keeps it.

An integration reads its vendor's callbacks into these classes, and whoever shows a token reads them
out again. A card number stands here masked only, and a holder's name as initials.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Protocol

from forwardc.core.dataclass import dataclass
from forwardc.core.outcome import Outcome


class TokenState(StrEnum):
    """A token's state, as it is stored; `UNTOLD` where no callback has said it yet."""

    UNTOLD = "not told"
    ACTIVE = "active"
    EXPIRED = "expiry"
    REVOKED = "revoke"


class CallbackKind(StrEnum):
    """What a callback is about."""

    TOKEN = "token"  # noqa: S105 - a word of the format
    CARD = "card"
    PAYMENT = "payment"
    OTHER = "other"


class CallbackEffect(StrEnum):
    """What a stored callback did."""

    FIRST_SEEN = "first seen"
    CHANGED = "changed"
    NOTHING_NEW = "nothing new"
    RESOLVED = "settled a run"
    RECORDED = "recorded"


@dataclass(frozen=True, slots=True)
class TokenFacts:
    """What callbacks have told of one token. None is what none has told.

    `expires` is `YYYY-MM`; `created_at` is ISO 8601, in UTC where the Gate named a zone, and is
    never compared with a clock of ours.
    """

    token: str
    state: TokenState = TokenState.UNTOLD
    customer_id: str | None = None
    project_id: str | None = None
    masked_number: str | None = None
    scheme: str | None = None
    initials: str | None = None
    expires: str | None = None
    created_at: str | None = None


@dataclass(frozen=True, slots=True)
class Callback:
    """One verified callback.

    `digest` is over its signed text. `destinations` are those whose secret verified it: it is about
    their runs. `outcome` is that of the request or payment that it is about, None where it is still
    under way. `announces`: it tells of the making of its token.
    """

    digest: str
    kind: CallbackKind
    destinations: tuple[str, ...]
    request_id: str | None = None
    payment_id: str | None = None
    status: str | None = None
    outcome: Outcome | None = None
    facts: TokenFacts | None = None
    announces: bool = False


@dataclass(frozen=True, slots=True)
class TokenRecord:
    """A token as it is stored. Times are ISO 8601 in UTC, of this machine.

    `emulated`: a sandbox told of it, and not the vendor.
    """

    facts: TokenFacts
    first_seen_at: str
    updated_at: str
    last_request: str | None = None
    emulated: bool = False


@dataclass(frozen=True, slots=True)
class TokenFilter:
    """Which tokens. None means any; `text` is a whole token or a whole customer id."""

    state: TokenState | None = None
    emulated: bool | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class TokenPage:
    """The tokens that changed last first; `cursor` asks for the next page, None at the end."""

    tokens: tuple[TokenRecord, ...]
    cursor: int | None


@dataclass(frozen=True, slots=True)
class StoredCallback:
    """A callback as it is stored: what it was about and the run that it settled, never its body."""

    digest: str
    received_at: str
    kind: CallbackKind
    token: str | None
    request_id: str | None
    payment_id: str | None
    status: str | None
    applied: CallbackEffect
    destinations: tuple[str, ...]
    settled: str | None = None


@dataclass(frozen=True, slots=True)
class CallbackReceipt:
    """What became of a callback. `repeated`: it was stored before, and nothing was done again.

    `stranger` tells that its token was not known and that it is not about the making of one.
    `undecided` are runs that it may be about: which of them, a person must find out.
    """

    applied: CallbackEffect
    repeated: bool = False
    stranger: bool = False
    resolved: tuple[str, ...] = ()
    undecided: tuple[str, ...] = ()


class TokenStore(Protocol):
    """Tokens and callbacks of one side: of the vendor, or of a sandbox that plays it.

    Every method blocks on the history's database, so that it is called from a thread and never on
    an event loop, and raises `HistoryError` where the history is not there.
    """

    def receive(self, callback: Callback) -> CallbackReceipt:
        """Store a callback and what follows from it, in one transaction, once.

        It is a repetition where its digest is known, and where request, payment, token and status
        are known and it adds nothing to what is known of its token: a repeat is safe. A final
        result resolves the run that waits for it. When this returns, everything is on disk.
        """
        ...

    def token(self, token: str) -> TokenRecord | None:
        """What is known of a token; None where no callback has named it."""
        ...

    def search(
        self, token_filter: TokenFilter, *, cursor: int | None = None, limit: int = 100
    ) -> TokenPage:
        """Tokens of both sides, those that changed last first, `limit` a page."""
        ...

    def callbacks_of(self, token: str, limit: int = 100) -> Sequence[StoredCallback]:
        """The last `limit` callbacks about a token, in the order of their arrival."""
        ...
