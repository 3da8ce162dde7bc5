"""What history holds of a run, as plain data, and its amounts as money.

Every text is masked before it comes here. What is sensitive is recorded by name only: whoever
resumes a run gives it again. Times are ISO 8601 in UTC with milliseconds and a final Z; a clock may
jump back, so order is told by `seq`. An amount is minor units, the currency's code and its digits
in ISO 4217, whatever a destination counts in; without the digits, for a plan that does not have
them, the minor units are called so.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from forwardc.core.dataclass import dataclass
from forwardc.core.decimal_text import decimal_text
from forwardc.core.outcome import Outcome
from forwardc.runtime.http.request import ShownRequest
from forwardc.runtime.run.result import (
    Party,
    PartyName,
    RecordedAnswer,
    losses_in,
    untold_in,
)

if TYPE_CHECKING:
    from forwardc.runtime.run.request import IdempotencyKeys

_WHOLE: Final = re.compile(r"-?[0-9]{1,30}\Z")
_USUAL: Final = "amount"

CurrencyDigits: TypeAlias = Sequence[Any]
"""A currency's code, and the digits of its minor unit in ISO 4217, None where nobody told."""
Shown: TypeAlias = str | int | bool | None


class RunState(StrEnum):
    """`stopped`: it ended before its last step and can be resumed."""

    RUNNING = "running"
    STOPPED = "stopped"
    DONE = "done"


class StepState(StrEnum):
    """What is certain of a step.

    `waiting`: nothing is under way. `intent`: it may be on its way, or the process died just before
    it was. `answered`: the destination's or the vault's answer is recorded. `unknown`: sent, and
    nobody knows what became of it. `done`: resolved later, by hand or by asking the vault.
    """

    WAITING = "waiting"
    INTENT = "intent"
    ANSWERED = "answered"
    UNKNOWN = "unknown"
    DONE = "done"


class AttemptState(StrEnum):
    """What became of one attempt to send a step."""

    INTENT = "intent"
    NOT_SENT = "not_sent"
    ANSWERED = "answered"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """A step as the plan has it. `idempotent`: the destination honours our key."""

    name: str
    deliver: str
    idempotent: bool = False


@dataclass(frozen=True, slots=True)
class NewRun:
    """A run that is about to start. Nothing sensitive stands here but by name.

    `environment` is the place, `production@us` for an account of `production`.
    `operation` is the one that runs, `asked_operation` the one that was asked for. `emulated`: a
    sandbox of ours played the vault. `inputs` are tokens of the vault. `owner` names the process,
    which holds the run for `lease_s` seconds. `content` is the keyed digest of what `given_key`
    stands for, `withheld` that of the sensitive values. `amounts` has the currency of each amount
    and the digits of its minor unit, by its param's name, and by `step/name` of an output.
    `shapes` is as `destination_request.request_shapes` gives it.
    """

    id: str
    environment: str
    vault: str
    destination: str
    operation: str
    asked_operation: str
    digest: str
    reference: str
    steps: tuple[PlannedStep, ...]
    owner: str
    lease_s: float = 300.0
    emulated: bool = False
    fell_back: bool = False
    source_kind: str | None = None
    source_id: str | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    sensitive_params: tuple[str, ...] = ()
    inputs: Mapping[str, str] = field(default_factory=dict)
    without: tuple[str, ...] = ()
    given_key: str | None = None
    approval: Mapping[str, Any] | None = None
    content: str | None = None
    withheld: str | None = None
    amounts: Mapping[str, CurrencyDigits] = field(default_factory=dict)
    shapes: str = "{}"


@dataclass(frozen=True, slots=True)
class Intent:
    """One attempt that is about to be sent: both keys, and the request as it may be shown.

    `names` are what it tells each party by which it knows the run, `keyed` who gets its own key.
    `fixed` is what all requests of the step have in common: no value of a run is in it.
    """

    step: str
    keys: "IdempotencyKeys"
    called: str
    shown: ShownRequest
    names: tuple[PartyName, ...] = ()
    keyed: tuple[Party, ...] = ()
    fixed: ShownRequest | None = None


@dataclass(frozen=True, slots=True)
class StoredAttempt:
    """One attempt to send a step."""

    number: int
    vault_key: str
    state: AttemptState
    started_at: str
    ended_at: str | None
    vault_status: int | None
    status: int | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class StoredStep:
    """A step as recorded. Times are milliseconds; `request` and `answer` are masked.

    `rule` is the number of the outcome rule that decided. `names` and `keyed` are as in a
    `StepReport`; None where the history that recorded it did not keep them.
    `losses` are the atoms that the destination did not get, `untold` those of which the vault does
    not tell. `kept` is the answer field by field, until its time has come; `answer` its beginning
    on one line, where the outcome is rejected or unknown. `log_url` is the vault's own page of the
    call, https and of its own host.
    """

    name: str
    position: int
    deliver: str
    idempotent: bool
    state: StepState
    called: str | None = None
    destination_key: str | None = None
    outcome: Outcome | None = None
    rejected_by: Party | None = None
    reason: str | None = None
    vault_status: int | None = None
    status: int | None = None
    request_id: str | None = None
    outputs: Mapping[str, Shown] = field(default_factory=dict)
    sensitive_outputs: tuple[str, ...] = ()
    request: ShownRequest | None = None
    answer: str | None = None
    cards_masked: int = 0
    duration_ms: int | None = None
    scheme: str | None = None
    issuing_country: str | None = None
    rule: int | None = None
    losses: tuple[str, ...] = ()
    untold: tuple[str, ...] = ()
    attempts: tuple[StoredAttempt, ...] = ()
    names: tuple[PartyName, ...] | None = None
    keyed: tuple[Party, ...] | None = None
    recorded_answer: RecordedAnswer | None = None
    log_url: str | None = None


@dataclass(frozen=True, slots=True)
class RunSummary:
    """One run in a list. `status` is the destination's of the last step, None without answer.

    `reason` is why it ended as it did, in the destination's own words where it has some, `cause`
    the same in the one spelling that is counted. `losses` are those of all its steps. `amount` is
    in units of `currency`, with its decimal point; None where there is none, or it is sensitive.
    """

    seq: int
    id: str
    created_at: str
    environment: str
    emulated: bool
    vault: str
    destination: str
    operation: str
    reference: str
    state: RunState
    outcome: Outcome | None
    rejected_by: Party | None
    status: int | None
    vault_status: int | None
    duration_ms: int | None
    attempts: int
    reason: str | None
    losses: tuple[str, ...] = ()
    cause: str | None = None
    amount: str | None = None
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class StoredRun:
    """A run with its steps and attempts, all that is known of it.

    `shapes` says by step where its request holds what the destination gets: see `gets`.
    """

    summary: RunSummary
    updated_at: str
    asked_operation: str
    fell_back: bool
    digest: str
    source_kind: str | None
    source_id: str | None
    params: Mapping[str, Any]
    sensitive_params: tuple[str, ...]
    inputs: Mapping[str, str]
    without: tuple[str, ...]
    given_key: str | None
    approval: Mapping[str, Any] | None
    owner: str
    lease_until: int
    steps: tuple[StoredStep, ...]
    amounts: Mapping[str, CurrencyDigits] = field(default_factory=dict)
    shapes: Mapping[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The run's id."""
        return self.summary.id

    @property
    def reason(self) -> str | None:
        """Why it ended as it did."""
        return self.summary.reason

    @property
    def losses(self) -> tuple[str, ...]:
        """The atoms that the destination did not get in one of the steps."""
        return losses_in(self.steps)

    @property
    def untold(self) -> tuple[str, ...]:
        """The atoms of which the vault does not tell; none that is certainly lost."""
        return untold_in(self.steps)

    def step(self, name: str) -> StoredStep:
        """A step by name. Raises: `KeyError`."""
        for step in self.steps:
            if step.name == name:
                return step
        raise KeyError(name)


@dataclass(frozen=True, slots=True)
class RunFilter:
    """Which runs. None means any; times are ISO 8601 in UTC, `since` included, `until` not.

    `text` is the start of a reference, of what names the payment at its destination or of a
    source's id, or a whole run or request id. `reference` is ours. `cause` is a reason in its one
    spelling.
    """

    reference: str | None = None
    environment: str | None = None
    emulated: bool | None = None
    vault: str | None = None
    destination: str | None = None
    operation: str | None = None
    outcome: Outcome | None = None
    rejected_by: Party | None = None
    status: int | None = None
    state: RunState | None = None
    since: str | None = None
    until: str | None = None
    text: str | None = None
    cause: str | None = None


@dataclass(frozen=True, slots=True)
class RunPage:
    """The newest runs first; `cursor` asks for the next page, None at the end."""

    runs: tuple[RunSummary, ...]
    cursor: int | None


@dataclass(frozen=True, slots=True)
class Pause:
    """Nothing is sent to this vault or destination until somebody resumes it."""

    name: str
    by: str
    at: str
    reason: str


@dataclass(frozen=True, slots=True)
class Event:
    """Something that a person did to a run or to history. Never changed, never removed."""

    seq: int
    at: str
    kind: str
    run_id: str | None
    by: str
    description: str


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Which events.

    None means any; `by` is the start of who did it, times are as in `RunFilter`.
    """

    kind: str | None = None
    by: str | None = None
    since: str | None = None
    until: str | None = None


@dataclass(frozen=True, slots=True)
class EventPage:
    """The newest events first; `cursor` asks for the next page, None at the end."""

    events: tuple[Event, ...]
    cursor: int | None


@dataclass(frozen=True, slots=True)
class RecordedAmount:
    """A sum by the name that it has in a run.

    `major`: with the currency's decimal point, or `1250 minor units`.
    """

    name: str
    major: str
    currency: str

    @property
    def text(self) -> str:
        """Such as `10.00 EUR`, `1000 JPY` and `1250 minor units EUR`."""
        return f"{self.major} {self.currency}"


def recorded_amount(name: str, minor: object, digits_of: CurrencyDigits) -> RecordedAmount | None:
    """Minor units as money; None for what is no whole number."""
    if isinstance(minor, bool) or not _WHOLE.match(str(minor)):
        return None
    currency, digits = digits_of
    if digits is None:
        return RecordedAmount(name, f"{int(str(minor))} minor units", currency)
    return RecordedAmount(name, decimal_text(int(str(minor)), digits), currency)


def recorded_amounts(
    params: Mapping[str, object], amounts: Mapping[str, CurrencyDigits]
) -> Iterator[RecordedAmount]:
    """The amounts among the params of a run, the one that is called `amount` first."""
    for name in sorted(amounts, key=lambda amount_name: amount_name != _USUAL):
        if name in params and (amount := recorded_amount(name, params[name], amounts[name])):
            yield amount


def main_amount(params: str, amounts: str | None) -> RecordedAmount | None:
    """What a run is about, from its record's JSON; None where no amount is told."""
    if amounts is None:
        return None
    return next(recorded_amounts(json.loads(params), json.loads(amounts)), None)
