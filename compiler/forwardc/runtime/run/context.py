"""A run under way, one of its steps, and what they need from outside.

`RunDependencies` are the connections, the keys, the clock, the journal and when to give up: every
one can be replaced by a test. A `RunContext` goes through all steps of a run, and a `StepContext`
through all attempts of a step.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import field
from functools import lru_cache
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

from forwardc.core.dataclass import dataclass
from forwardc.core.diagnostics.sink import Sink
from forwardc.core.recognizer.scan import mask
from forwardc.core.terms.values import Secret
from forwardc.plan.model import PlanStep
from forwardc.runtime.http.circuit_breaker import CircuitBreaker
from forwardc.runtime.http.jwk_sets import VaultKeys
from forwardc.runtime.http.oauth import AccessTokens
from forwardc.runtime.http.request import ShownRequest
from forwardc.runtime.http.send import Sender
from forwardc.runtime.run.bind import RunScope, show_url
from forwardc.runtime.run.card_metadata import CardQuestions
from forwardc.runtime.run.journal import Journal, NoJournal
from forwardc.runtime.run.prepare import PreparedRun, keys_of
from forwardc.runtime.run.redaction import Redactor
from forwardc.runtime.run.request import ClockAndIds, IdempotencyKeys
from forwardc.runtime.run.result import CardFacts, PartyName, RawResponse, StepReport
from forwardc.runtime.run.retries import ONCE, RetryPolicy
from forwardc.runtime.run.reused_results import ReusedResults


@dataclass(frozen=True, slots=True)
class RunDependencies:
    """What a run sends with. By default nothing is recorded and every step is sent once.

    `clock` gives seconds that never jump back; `jitter` a number from 0 to 1. Without `cards` no
    vault is asked about the card of a run that has ended. For `patience_s` seconds whoever waits
    lets a pending payment be asked for; None: as long as its plan says.
    """

    sender: Sender
    keys: VaultKeys
    ambient: ClockAndIds = field(default_factory=ClockAndIds)
    journal: Journal = field(default_factory=NoJournal)
    policy: RetryPolicy = ONCE
    breaker: CircuitBreaker = field(default_factory=CircuitBreaker)
    clock: Callable[[], float] = monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    jitter: Callable[[], float] = random.random
    tokens: AccessTokens = field(default_factory=AccessTokens)
    cards: CardQuestions | None = None
    results: ReusedResults = field(default_factory=ReusedResults)
    patience_s: float | None = None


@dataclass(frozen=True, slots=True)
class RunContext:
    """One run under way: what earlier steps gave, what came back, and what must not be shown.

    `card` is what the vault told of it before the first step, `held` which atoms it has. `reused`
    are results that serve several runs, and `renewed` the steps that were sent for one once more.
    """

    prepared: PreparedRun
    dependencies: RunDependencies
    sink: Sink
    card: CardFacts = field(default_factory=CardFacts)
    held: Mapping[str, bool] = field(default_factory=dict)
    outputs: dict[str, Any] = field(default_factory=dict, repr=False)
    raw_responses: dict[str, RawResponse | None] = field(default_factory=dict, repr=False)
    redactor: Redactor = field(default_factory=Redactor)
    reused: dict[str, "ReusedStep"] = field(default_factory=dict, repr=False)
    renewed: dict[str, StepReport] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ReusedStep:
    """What a run got of a step that serves several, by which key, and whether it asked itself."""

    key: str
    outputs: Mapping[str, Any] = field(repr=False)
    asked: bool


@dataclass(slots=True)
class StepContext:
    """One step under way: the keys of the next attempt, and the vault's keys left in doubt.

    `called` is the destination's method and URL as they may be shown, `shown` the request of the
    attempt under way; None before it is bound.
    """

    run: RunContext
    step: PlanStep
    keys: IdempotencyKeys
    started: float
    doubts: set[str]
    attempts: int = 0
    number: int = 0
    asked_s: float | None = None
    tokens: dict[str, Secret] = field(default_factory=dict, repr=False)
    renewed_token: bool = False
    failed: bool = False
    jwks: str = ""
    called: str = ""
    shown: ShownRequest | None = None
    hosts: tuple[str, str] = ("", "")
    names: tuple[PartyName, ...] = ()
    refused: tuple[str, ...] = ()
    renewed_results: bool = False

    def renew(self) -> None:
        """A new key of the vault; the destination's stays."""
        self.keys = keys_of(self.run.prepared, self.step, self.run.dependencies.ambient)

    def note_targets(self, scope: RunScope) -> None:
        """Note what the next attempt asks of the destination, and the hosts: ours and its."""
        step = self.step
        url = show_url(step.destination, scope)
        asked = url if step.deliver == "direct" else show_url(step.http, scope)
        self.called, self.hosts = _targets(step.destination.method, url, asked)

    @property
    def replays(self) -> bool:
        """Whether the vault answers a second request under its key as it answered the first."""
        return self.step.vault_key_hours is not None


@lru_cache(maxsize=128)
def _targets(method: str, url: str, asked: str) -> tuple[str, tuple[str, str]]:
    """The call that is shown of two URLs without secrets, and the hosts of both.

    Kept: most URLs of a plan are the same in every run.
    """
    hosts = (urlsplit(asked).hostname or "", urlsplit(url).hostname or "")
    return mask(f"{method} {url}"), hosts
