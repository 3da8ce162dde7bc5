"""What a run needs from outside: connections, keys, the clock, its journal, and when to give up.

Knows no plan. Every part can be replaced by a test.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from time import monotonic

from forwardc.runtime.http.breaker import CircuitBreaker
from forwardc.runtime.http.oauth import AccessTokens
from forwardc.runtime.http.send import Sender
from forwardc.runtime.http.vault_keys import VaultKeys
from forwardc.runtime.run.card_metadata import CardQuestions
from forwardc.runtime.run.journal import Journal, NoJournal
from forwardc.runtime.run.result import ClockAndIds
from forwardc.runtime.run.retries import ONCE, RetryPolicy


@dataclass(frozen=True, slots=True)
class RunDependencies:
    """What a run sends with. By default nothing is recorded and every step is sent once.

    `clock` gives seconds that never jump back; `jitter` a number from 0 to 1. Without `cards` no
    vault is asked about the card of a run that has ended.
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
