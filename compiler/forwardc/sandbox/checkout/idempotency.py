"""`Cko-Idempotency-Key` of payments and their actions: what succeeded is answered alike for a day.

Knows no payment. Source: Checkout.com's page on idempotency (November 2024): the same status and
body for 24 hours; a request that could not be processed is not kept. What another body under the
same key means is not said: it is refused here, so that no mistake goes unseen.
"""

import hashlib
import json
from collections.abc import Callable
from typing import Any

from forwardc.sandbox.checkout.clients import CheckoutAccount
from forwardc.sandbox.checkout.problems import invalid

TABLE = "checkout.idempotency"
KEPT_SECONDS = 24 * 3600
_LONGEST = 255


def once(
    account: CheckoutAccount,
    key: str | None,
    path: str,
    body: dict[str, Any],
    act: Callable[[], Any],
) -> Any:
    """What `act` gave when this key came first, or what it gives now. Raises `CheckoutError`."""
    if key is None:
        return act()
    if not 0 < len(key) <= _LONGEST:
        raise invalid("idempotency_key_invalid")
    rows = account.table(TABLE)
    # Digests only: a body holds the card.
    name = hashlib.sha256(f"{path}\n{key}".encode()).hexdigest()
    digest = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
    row = rows.get(name)
    if row is not None and row["kept_until"] > account.now():
        if row["digest"] != digest:
            raise invalid("idempotency_key_in_use")
        return row["status"], row["body"]
    given = act()
    if isinstance(given, tuple):
        status, content = given
        until = account.now() + KEPT_SECONDS
        rows[name] = {"kept_until": until, "digest": digest, "status": status, "body": content}
    return given
