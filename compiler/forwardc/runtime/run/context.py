"""What a run needs from outside: connections, keys, the clock, its journal, and when to give up.

Knows no plan. Every part can be replaced by a test.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from time import monotonic

from forwardc.runtime.http.breaker import Breaker
from forwardc.runtime.http.oauth import Tokens
from forwardc.runtime.http.send import Sender
from forwardc.runtime.http.vault_keys import KeyRing
from forwardc.runtime.run.card_metadata import CardQuestions
from forwardc.runtime.run.journal import Journal, NoJournal
from forwardc.runtime.run.result import Ambient
from forwardc.runtime.run.retries import ONCE, Policy


@dataclass(frozen=True, slots=True)
class Means:
    """What a run sends with. By default nothing is recorded and every step is sent once.

    `clock` gives seconds that never jump back; `jitter` a number from 0 to 1. Without `cards` no
    vault is asked about the card of a run that has ended.
    """

    sender: Sender
    keys: KeyRing
    ambient: Ambient = field(default_factory=Ambient)
    journal: Journal = field(default_factory=NoJournal)
    policy: Policy = ONCE
    breaker: Breaker = field(default_factory=Breaker)
    clock: Callable[[], float] = monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    jitter: Callable[[], float] = random.random
    tokens: Tokens = field(default_factory=Tokens)
    cards: CardQuestions | None = None
