"""What comes out of a run, as plain data, and the words for it that are the same in every door.

Every text is masked already; what came back as it came is for this process's memory only. Three
things have three words. *Sent without*: the destination did not get it. *Left out*: whoever ran it
wanted that. *Does not tell*: it may have arrived or not, and the vault does not say.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol, TypeAlias

from forwardc.core.dataclass import dataclass, replace
from forwardc.core.outcome import Outcome
from forwardc.core.recognizer.scan import mask
from forwardc.runtime.http.bodies.body_fields import BodyField, BodyFields
from forwardc.runtime.http.request import ShownRequest

if TYPE_CHECKING:
    from forwardc.runtime.run.request import IdempotencyKeys

ShownValue: TypeAlias = str | int | bool | None


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
class CardFacts:
    """What a vault told of a card. `issuing_country` is ISO 3166-1 alpha-2."""

    scheme: str | None = None
    issuing_country: str | None = None

    @property
    def whole(self) -> bool:
        """Whether both are known."""
        return bool(self.scheme and self.issuing_country)


@dataclass(frozen=True, slots=True)
class RecordedAnswer:
    """What is kept of the answer to one step.

    `whose` it is: the destination's, with its status, or the vault's where there is none of the
    destination. `says` is its beginning on one line, where it was rejected or nobody knows.
    `kept_at` is ISO 8601 in UTC, empty before it was kept.
    """

    whose: Literal["destination", "vault"]
    status: int | None
    body: BodyFields
    headers: tuple[BodyField, ...] = ()
    says: str | None = None
    kept_at: str = ""


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
    not tell. `log_url` is the vault's own page of the call. `recorded` is the answer field by
    field, where a journal keeps it: `shown_data` leaves it out.
    """

    name: str
    deliver: str
    called: str
    keys: "IdempotencyKeys"
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
    recorded: RecordedAnswer | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class RawResponse:
    """What came back in the last step, untouched: for this process's memory, never for a file.

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
    left out on purpose. `raw_response` and
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
    raw_response: RawResponse | None = field(default=None, repr=False, compare=False)
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
    steps = tuple(replace(step, recorded=None) for step in result.steps)
    data = asdict(replace(result, steps=steps, raw_response=None, hide=None))
    for step in data["steps"]:
        del step["recorded"]
        step["request_id"] = step["request_id"] and mask(step["request_id"])
    shown = {name: value for name, value in data.items() if name not in ("raw_response", "hide")}
    return {**shown, "losses": result.losses, "untold": result.untold}


_EXITS = {
    Outcome.APPROVED: 0,
    Outcome.DECLINED: 10,
    Outcome.REJECTED: 12,
    Outcome.UNKNOWN: 13,
    Outcome.PENDING: 14,
}
# Exit code (docs/runtime.md): the vault said no, and the destination was not asked.
REJECTED_BY_VAULT = 11


def exit_code(result: RunResult) -> int:
    """The exit code of a run: 0, 10 to 14."""
    if result.outcome is Outcome.REJECTED and result.rejected_by is Party.VAULT:
        return REJECTED_BY_VAULT
    return _EXITS[result.outcome]


_CURES: Final = {
    "card.cvc": ("ask the customer for the CVC again, for a new payment method or token with it"),
    "card.pin_first_two": "ask the customer for the PIN again, for a new token with it",
    "card.holder_name": "complete the name where the card is kept",
    "billing.first_name": "give the customer's name with the payment",
    "billing.last_name": "give the customer's name with the payment",
}


# Stripe forwards only what is given; Checkout.com prefers its own.
_BILLING: Final = (
    "complete the billing address where the vault keeps and forwards one, "
    "else give it with the payment"
)


# An address is complete without its second line.
_NEVER_WHY: Final = frozenset({"billing.line2"})


ON_PURPOSE: Final = "or leave it out on purpose with --without, where the operation allows it"


def sent_without(names: Sequence[str]) -> str:
    """What the destination did not get."""
    return f"sent without: {', '.join(names)}"


def does_not_tell(vault: str, names: Sequence[str]) -> str:
    """What nobody can tell of, and that this is no fault."""
    return f"{vault} does not tell whether it sent: {', '.join(names)}"


def left_out(names: Sequence[str]) -> str:
    """What the run was asked to leave out."""
    return f"left out on purpose: {', '.join(names)}"


def cure(names: Sequence[str]) -> str:
    """What to do about each loss, in one sentence."""
    cures = [_CURES.get(name, _BILLING) for name in names]
    return "; ".join(dict.fromkeys(cures))


def perhaps_why(names: Sequence[str]) -> str:
    """A loss that may be why the destination said no, with its cure."""
    mattering = [name for name in names if name not in _NEVER_WHY]
    return f"{sent_without(mattering)}, which may be why: {cure(mattering)}"


def may_be_why(outcome: Outcome | None, rejected_by: Party | None, losses: Sequence[str]) -> bool:
    """Whether a loss may be why the destination said no."""
    refused = outcome is Outcome.REJECTED and rejected_by is Party.DESTINATION
    return not _NEVER_WHY.issuperset(losses) and (outcome is Outcome.DECLINED or refused)
