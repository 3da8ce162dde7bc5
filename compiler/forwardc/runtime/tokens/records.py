"""What is known of a card token, and what one callback says. Plain data: reads and stores nothing.

A card number stands here masked only, and a holder's name as initials.
"""

from dataclasses import dataclass
from enum import StrEnum

from forwardc.core.outcome import Outcome


class TokenState(StrEnum):
    """A token's state, in the Gate's own words; `UNTOLD` where no callback has said it yet."""

    UNTOLD = "not told"
    ACTIVE = "active"
    EXPIRED = "expiry"
    REVOKED = "revoke"


class Kind(StrEnum):
    """What a callback is about."""

    TOKEN = "token"  # noqa: S105 - a word of the format
    CARD = "card"
    PAYMENT = "payment"
    OTHER = "other"


class Applied(StrEnum):
    """What a stored callback did."""

    FIRST_SEEN = "first seen"
    CHANGED = "changed"
    NOTHING_NEW = "nothing new"
    SETTLED = "settled a run"
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

    `digest` is over its signed text. `outcome` is that of the request or payment that it is about,
    None where it is still under way. `announces`: it tells of the making of its token.
    """

    digest: str
    kind: Kind
    request_id: str | None = None
    payment_id: str | None = None
    status: str | None = None
    outcome: Outcome | None = None
    facts: TokenFacts | None = None
    announces: bool = False


@dataclass(frozen=True, slots=True)
class TokenRecord:
    """A token as it is stored. Times are ISO 8601 in UTC, of this machine.

    `emulated`: a sandbox told of it, and not the Gate.
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
    kind: Kind
    token: str | None
    request_id: str | None
    payment_id: str | None
    status: str | None
    applied: Applied
    settled: str | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a callback. `repeated`: it was stored before, and nothing was done again.

    `stranger` tells that its token was not known and that it is not about the making of one.
    `undecided` are runs that it may be about: which of them, a person must find out.
    """

    applied: Applied
    repeated: bool = False
    stranger: bool = False
    settled: tuple[str, ...] = ()
    undecided: tuple[str, ...] = ()
