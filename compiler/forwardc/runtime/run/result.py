"""What goes into a run and what comes out of it, as plain data. Nothing here sends anything.

A request's real text has no repr; what may be shown stands beside it, already masked.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Literal, Protocol, TypeAlias
from uuid import UUID

from forwardc.core.outcome import Outcome
from forwardc.core.recognizer.scan import mask
from forwardc.plan.approvals import Lock
from forwardc.runtime.ids import new_uuid
from forwardc.runtime.run.kept import RecordedAnswer

Pairs: TypeAlias = tuple[tuple[str, str], ...]


class Party(StrEnum):
    """Who rejected a request."""

    VAULT = "vault"
    DESTINATION = "destination"


@dataclass(frozen=True, slots=True)
class PartyName:
    """What names a run for one party: it was sent there, or given by it.

    `place` is where it stood, in that party's own words: `/reference`, `metadata[order]`.
    """

    party: Party
    way: Literal["sent", "given"]
    place: str
    value: str


@dataclass(frozen=True, slots=True)
class RunRequest:
    """What the caller asks for. `texts` are typed by hand and read by the param's type.

    `params` come from a file with types of its own and win nothing: a name in `texts` replaces
    the same name in `params`. `run_id` continues a run under its own id. `not_card`: whoever serves
    says that a reference which looks like a card number is none.
    """

    source: str | None = None
    inputs: Mapping[str, str] = field(default_factory=dict, repr=False)
    texts: Mapping[str, str] = field(default_factory=dict, repr=False)
    params: Mapping[str, Any] = field(default_factory=dict, repr=False)
    reference: str | None = None
    without: frozenset[str] = frozenset()
    idempotency_key: str | None = None
    run_id: UUID | None = None
    not_card: bool = False


@dataclass(frozen=True, slots=True)
class ClockAndIds:
    """The clock and the source of random ids, so that a test can fix both, and what is approved.

    The lock is empty by default: then nothing runs in production. `emulated` says that a sandbox
    on this machine answers, and that every credential is made up.
    """

    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    new_uuid: Callable[[], UUID] = new_uuid
    lock: Lock = field(default_factory=Lock, repr=False)
    emulated: bool = False


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


@dataclass(frozen=True, slots=True)
class IdempotencyKeys:
    """The two idempotency keys of one step. They are never equal."""

    destination: str
    vault: str


@dataclass(frozen=True, slots=True)
class CardFacts:
    """What a vault told of a card. `issuing_country` is ISO 3166-1 alpha-2."""

    scheme: str | None = None
    issuing_country: str | None = None

    @property
    def whole(self) -> bool:
        """Whether both are known."""
        return bool(self.scheme and self.issuing_country)


@dataclass(frozen=True, slots=True)
class StepReport:
    """What happened in one step; every text is masked. Times are milliseconds.

    `answer` is the start of what came back, kept where the outcome is rejected or unknown;
    `cards_masked` counts the card numbers in it, which a vault should have removed. `withheld`
    names the outputs whose shown value is not the real one; `attempts` counts the sendings.
    `rule` is the number of the outcome rule that decided. `scheme` and `issuing_country` are what
    the vault told of the card, unasked. `names` are what names the run for those who got something,
    and `keyed` says who of them may have got the key that is theirs.
    `losses` are the atoms that the destination did not get, `untold` those of which the vault does
    not tell. `log_url` is the vault's own page of the
    call. `kept` is the answer field by field, where a journal keeps it: `shown_data` leaves it out.
    """

    name: str
    deliver: str
    called: str
    keys: IdempotencyKeys
    outcome: Outcome
    rejected_by: Party | None = None
    reason: str | None = None
    vault_status: int | None = None
    status: int | None = None
    request_id: str | None = None
    outputs: Mapping[str, str | int | bool | None] = field(default_factory=dict)
    request: ShownRequest | None = None
    answer: str | None = None
    cards_masked: int = 0
    duration_ms: int = 0
    withheld: tuple[str, ...] = ()
    attempts: int = 1
    scheme: str | None = None
    issuing_country: str | None = None
    rule: int | None = None
    names: tuple[PartyName, ...] = ()
    keyed: tuple[Party, ...] = ()
    losses: tuple[str, ...] = ()
    untold: tuple[str, ...] = ()
    log_url: str | None = None
    kept: RecordedAnswer | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class RawResponse:
    """What came back in the last step, as it came: for this process's memory, never for a file.

    `body` is the vault's whole answer; of a direct step, and only then without `vault_status`, the
    destination's. `status` and `headers` (names in lower case) are the destination's, where its
    answer was in there.
    """

    status: int | None = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    vault_status: int | None = field(repr=False)

    def __reduce__(self) -> Any:
        """Refuse: an answer may hold credentials and cards."""
        raise TypeError("what came back is never serialised")


@dataclass(frozen=True, slots=True)
class RunResult:
    """The result of a run. `fell_back` tells that the fallback operation ran.

    `stopped` tells that a later step was never sent, so that the run can be continued; `replayed`
    that this is the record of a run that ended before, under the same key. `without` is what was
    left out on purpose. `came` and
    `hide`, which masks the run's tainted values and card numbers in a text, serve the caller in
    this process; `shown_data` leaves them out.
    """

    run_id: str
    operation: str
    fell_back: bool
    digest: str
    outcome: Outcome
    rejected_by: Party | None
    reason: str | None
    steps: tuple[StepReport, ...]
    stopped: bool = False
    replayed: bool = False
    without: tuple[str, ...] = ()
    came: RawResponse | None = field(default=None, repr=False, compare=False)
    hide: Callable[[str], str] | None = field(default=None, repr=False, compare=False)

    @property
    def losses(self) -> tuple[str, ...]:
        """The atoms that the destination did not get in one of the steps."""
        return losses_in(self.steps)

    @property
    def untold(self) -> tuple[str, ...]:
        """The atoms of which the vault does not tell; none that is certainly lost."""
        return untold_in(self.steps)


class _Lacking(Protocol):
    """A step, under way or recorded."""

    @property
    def losses(self) -> tuple[str, ...]: ...

    @property
    def untold(self) -> tuple[str, ...]: ...


def losses_in(steps: Iterable[_Lacking]) -> tuple[str, ...]:
    """What was lost in one of the steps, each name once."""
    return tuple(dict.fromkeys(name for step in steps for name in step.losses))


def untold_in(steps: Sequence[_Lacking]) -> tuple[str, ...]:
    """What is not told in one of the steps, and lost in none."""
    lost = losses_in(steps)
    names = dict.fromkeys(name for step in steps for name in step.untold)
    return tuple(name for name in names if name not in lost)


def shown_data(result: RunResult) -> dict[str, Any]:
    """A result as plain data that may be written down."""
    steps = tuple(replace(step, kept=None) for step in result.steps)
    data = asdict(replace(result, steps=steps, came=None, hide=None))
    for step in data["steps"]:
        del step["kept"]
        step["request_id"] = step["request_id"] and mask(step["request_id"])
    shown = {name: value for name, value in data.items() if name not in ("came", "hide")}
    return {**shown, "losses": result.losses, "untold": result.untold}


_EXITS = {
    Outcome.APPROVED: 0,
    Outcome.DECLINED: 10,
    Outcome.REJECTED: 12,
    Outcome.UNKNOWN: 13,
    Outcome.PENDING: 14,
}
REJECTED_BY_VAULT = 11


def exit_code(result: RunResult) -> int:
    """The exit code of a run: 0, 10 to 14."""
    if result.outcome is Outcome.REJECTED and result.rejected_by is Party.VAULT:
        return REJECTED_BY_VAULT
    return _EXITS[result.outcome]
