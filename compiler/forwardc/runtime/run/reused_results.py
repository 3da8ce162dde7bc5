"""What direct steps gave, for the runs of this process that would get the same: access tokens.

A step that says `reuse:` is sent once, and its outputs serve every run until they end. They are in
the memory of the process, never on a disk, and there are at most `_MOST` of them.

| state of a key | a run that needs it |
|---|---|
| nothing | becomes the one that asks; its step is sent and recorded as any other |
| being asked for | waits, and gets what the one that asks gets; a failure is not kept |
| held | takes it, and sends nothing |
| ended, or doubted | as nothing |

The key is made of all that the result depends on: plan, operation, step, and the values that its
request reads, so that another secret is another key. It is a keyed hash, by which nobody finds a
value again. A run that waits and is cancelled takes nobody with it; where the one that asks is
cancelled, one of those that wait asks.

Ended is what the clock says, which never goes back: a minute before the answer's own word, or at
its half, as for the access tokens of a vault. A later step that is answered 401 makes a result
doubted, whoever got it. Traced: a token is got at second 100 and lasts 3600. Until 3640 all runs
take it; one at 3641 asks anew.

**Why a refused payment may be sent again, once.** 401 says that who asks was not recognised
(RFC 9110, section 15.5.2), which a destination knows before it looks at a payment; but some check
both at once. So it is sent again only where the destination's file says `renew_on_401: true`, only
where the result was another run's, so that its age explains the answer, and never where a CVC or a
source that serves once went with it. The refused attempt stands in the record as not sent.
"""

import asyncio
import hashlib
import hmac
import json
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import field
from time import monotonic
from typing import Any, Final

from forwardc.core.dataclass import dataclass
from forwardc.core.terms.values import Secret
from forwardc.runtime.run.result import ShownValue

# Results of a process: one a destination, place and set of secrets, and one for each value of a
# param that its request reads. Each has some kilobytes.
_MOST: Final = 1_000


@dataclass(frozen=True, slots=True)
class StepResult:
    """What a step gave: its outputs by name, sensitive ones as `Secret`, and those as shown."""

    outputs: Mapping[str, Any] = field(repr=False)
    shown: Mapping[str, ShownValue] = field(default_factory=dict)
    withheld: tuple[str, ...] = ()
    good_for_s: float = 0.0
    """Seconds, counted from before it was asked for."""


@dataclass(frozen=True, slots=True)
class Obtained:
    """What a run gets: a result, or why there is none; and whether it asked itself."""

    result: StepResult | None
    failure: str = ""
    asked: bool = False


@dataclass(frozen=True, slots=True)
class _Held:
    result: StepResult = field(repr=False)
    until: float


@dataclass(slots=True)
class ReusedResults:
    """The results of a process. `clock` gives seconds that never go back."""

    clock: Callable[[], float] = monotonic
    _held: dict[str, _Held] = field(default_factory=dict, repr=False)
    _asked_for: dict[str, "asyncio.Future[Obtained | None]"] = field(default_factory=dict)
    _salt: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)

    def key(self, of: tuple[str, ...], values: Mapping[str, Any]) -> str:
        """The key of a result: of its step, and of all values that its request reads."""
        pairs = sorted((name, _plain(value)) for name, value in values.items())
        text = json.dumps([of, pairs], ensure_ascii=True)
        return hmac.new(self._salt, text.encode(), hashlib.sha256).hexdigest()

    async def obtain(self, key: str, ask: Callable[[], Awaitable[Obtained]]) -> Obtained:
        """What is held, or what the one that asks gets. `ask` sends, and says what came of it."""
        while True:
            held = self._held.get(key)
            if held is not None and held.until > self.clock():
                return Obtained(held.result)
            under_way = self._asked_for.get(key)
            if under_way is None:
                return await self._ask(key, ask)
            # Shielded: who waits and is cancelled does not cancel what others wait for.
            shared = await asyncio.shield(under_way)
            if shared is not None and (shared.result or shared.failure):
                return Obtained(shared.result, shared.failure)

    async def _ask(self, key: str, ask: Callable[[], Awaitable[Obtained]]) -> Obtained:
        future = asyncio.get_running_loop().create_future()
        self._asked_for[key] = future
        asked_at = self.clock()
        obtained: Obtained | None = None
        try:
            obtained = await ask()
        finally:
            # None: it was broken off, and one of those that wait asks.
            self._asked_for.pop(key, None)
            future.set_result(obtained)
        if obtained.result is not None and obtained.result.good_for_s > 0:
            self._keep(key, _Held(obtained.result, asked_at + obtained.result.good_for_s))
        return obtained

    def _keep(self, key: str, held: _Held) -> None:
        self._held.pop(key, None)
        while len(self._held) >= _MOST:
            del self._held[next(iter(self._held))]
        self._held[key] = held

    def doubt(self, key: str, outputs: Mapping[str, Any]) -> None:
        """Forget a result that was refused, unless somebody has renewed it since."""
        held = self._held.get(key)
        if held is not None and held.result.outputs is outputs:
            del self._held[key]


def _plain(value: Any) -> str:
    """A value as part of a key: texts and numbers of equal looks differ."""
    revealed = value.reveal() if isinstance(value, Secret) else value
    return f"{type(revealed).__name__}:{revealed}"
