"""Answer a repeated POST as the first one was answered.

Knows no endpoint. Rules of the API reference: the first result is kept for 24 hours once the
endpoint has begun its work, 500s included; not kept are refused parameters, conflicts, 401 and 429.
The guide of the forwarding API says otherwise of its requests: that mode is a setting.
"""

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

from forwardc.sandbox.stripe.account import StripeCaller, setting
from forwardc.sandbox.stripe.errors import StripeError, invalid
from forwardc.sandbox.world import World

KEPT_SECONDS = 24 * 60 * 60
MAX_KEY = 255
_TABLE = "stripe.idempotency"
_GUIDED = "/v1/forwarding/"
# Never kept, in any mode: a wrong key, a conflict, too many requests.
_NEVER_KEPT = (401, 403, 409, 429)


@dataclass(frozen=True, slots=True)
class SavedAnswer:
    """A kept answer."""

    status: int
    body: dict[str, Any]
    request_id: str


@dataclass(slots=True)
class Idempotency:
    """The kept answers of one world, and the keys whose first request is still in flight."""

    world: World
    in_flight: set[str] = field(default_factory=set)

    def begin(
        self, caller: StripeCaller, key: str, path: str, params: dict[str, Any]
    ) -> SavedAnswer | None:
        """The kept answer of this key, or None: then the caller must run it, and `end` it.

        Raises 400 for a key that belongs to other parameters or another endpoint, 409 for one
        whose first request is still in flight.
        """
        if len(key) > MAX_KEY:
            raise invalid(f"Idempotency keys may have at most {MAX_KEY} characters.")
        slot = _slot(caller, key)
        if slot in self.in_flight:
            raise _in_use(key)
        row = self.world.table(_TABLE).get(slot)
        if row is None or row["at"] + KEPT_SECONDS <= self.world.now():
            self.in_flight.add(slot)
            return None
        if row["digest"] != _digest(path, params) and not self._replays(row, path):
            raise _mismatch(key)
        return SavedAnswer(row["status"], row["body"], row["request_id"])

    def keeps(self, path: str, status: int, *, executed: bool) -> bool:
        """Whether an answer is kept: also a refusal of the parameters, where the guide says so."""
        refused = 400 <= status < 500 and status not in _NEVER_KEPT
        return executed or (refused and self._guided(path))

    def _replays(self, row: dict[str, Any], path: str) -> bool:
        """Whether other parameters under a key are answered with the older response."""
        return self._guided(path) and row["path"] == path

    def _guided(self, path: str) -> bool:
        return path.startswith(_GUIDED) and setting(self.world, "idempotency") == "guide"

    def end(self, caller: StripeCaller, key: str) -> None:
        """The request is over, with or without an answer to keep."""
        self.in_flight.discard(_slot(caller, key))

    def keep(
        self, caller: StripeCaller, key: str, path: str, params: dict[str, Any], saved: SavedAnswer
    ) -> None:
        """Keep an answer for the next 24 hours."""
        now = self.world.now()
        table = self.world.table(_TABLE)
        for slot in [one for one, row in table.items() if row["at"] + KEPT_SECONDS <= now]:
            del table[slot]
        table[_slot(caller, key)] = {
            "at": now,
            "path": path,
            "digest": _digest(path, params),
            "status": saved.status,
            "body": saved.body,
            "request_id": saved.request_id,
        }


def _slot(caller: StripeCaller, key: str) -> str:
    return f"{caller.account or ''}:{'live' if caller.livemode else 'test'}:{key}"


def _digest(path: str, params: dict[str, Any]) -> str:
    """A digest, so that no parameter (a card number, say) is kept."""
    text = json.dumps([path, params], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _mismatch(key: str) -> StripeError:
    return StripeError(
        400,
        "idempotency_error",
        "Keys for idempotent requests can only be used with the same parameters they were first "
        f"used with. Try using a key other than '{key}' if you meant to execute a different "
        "request.",
    )


def _in_use(key: str) -> StripeError:
    return StripeError(
        409,
        "idempotency_error",
        "There is currently another in-progress request using this Idempotent Key (that probably "
        "means you submitted twice, and the other request is still going through): "
        f"{key}. Please try again later.",
        "idempotency_key_in_use",
        retry=True,
    )
