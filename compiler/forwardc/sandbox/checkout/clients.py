"""The clients of the emulated Checkout.com: each an entity with keys, rows and channels of its own.

The first client is the merchant whose vault forwards. Every other one is a destination: what it
holds is unknown to the first, and the other way round. Tables of the first client keep their plain
names, so that state files of before are read.

That the vendor answers `processing_channel_id_required` stands in a mock of SDK-node and in the
help pages of its integrators: a key that is not bound to one channel needs it in each request. Here
the merchant whose vault forwards has several channels and another client has one, until a switch
says otherwise.
"""

import hmac
import re
import secrets
from base64 import b32encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from forwardc.sandbox.checkout.made_up_keys import (
    checkout_client_id,
    checkout_client_secret,
    checkout_public_key,
    checkout_secret_key,
)
from forwardc.sandbox.checkout.request_checks import RequestFaults, invalid
from forwardc.sandbox.credentials import secret
from forwardc.sandbox.project import CredentialHolder, MadeUpCredential
from forwardc.sandbox.world import EmulatedAnswer, OutboundRequest, World

# Characters after the prefix: `^(src
# tok
# pay)_(\w{26})$` in the API reference (nas_spec).
ID_LENGTH = 26
# Instruments show the state of their network token, which another module keeps.
NETWORK_TOKENS = "checkout.network_tokens"
_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"


def new_id(prefix: str) -> str:
    """A fresh id: prefix, underscore and 26 word characters."""
    return f"{prefix}_{''.join(secrets.choice(_ALPHABET) for _ in range(ID_LENGTH))}"


def fixed_id(prefix: str, label: str) -> str:
    """The id of a fixed source: its label, filled up to 26 word characters."""
    return f"{prefix}_{label.ljust(ID_LENGTH, '0')}"


def fingerprint(number: str) -> str:
    """A card's fingerprint, `^[a-z0-9]{26}$`, the same for the same number."""
    return b32encode(sha256(f"fingerprint:{number}".encode()).digest()).decode().lower()[:26]


def utc(seconds: float) -> str:
    """Seconds since 1970 as `2024-01-02T15:04:05Z`."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def utc_offset(seconds: float) -> str:
    """Seconds since 1970 as ISO 8601 with milliseconds and offset, `+00:00`."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")


# --- Clients

OWN = "sandbox"
SECOND = "second"
_PLACE = "header authorization"
# Names that a destination's secret may have where no project says which it has.
_WITHOUT_PROJECT = tuple(
    CredentialHolder(owner, {name: MadeUpCredential(secret(owner, name), frozenset({_PLACE}))})
    for owner, name in (("checkout", "checkout_secret_key"), ("cko", "cko_key"))
)


@dataclass(frozen=True, slots=True)
class CheckoutClient:
    """One client: its name here, and the credentials that open its vault."""

    name: str
    secret_keys: tuple[str, ...] = field(repr=False)
    public_keys: tuple[str, ...] = field(repr=False)
    client_id: str = ""
    client_secret: str = field(default="", repr=False)

    @property
    def entity_id(self) -> str:
        """Its entity, `ent_` and 26 characters."""
        return fixed_id("ent", re.sub(r"\W", "_", self.name)[:ID_LENGTH])


@dataclass(frozen=True, slots=True)
class CheckoutAccount:
    """One client in the shared world: the world's clock and network, the client's own rows.

    `live` is production's host, where nothing of the test environment is kept.
    """

    world: World
    client: CheckoutClient
    live: bool = False

    @property
    def fail_unavailable(self) -> bool:
        """See `World`."""
        return self.world.fail_unavailable

    def lets(self, name: str, place: str) -> bool:
        """Whether a laxness lets a mistake at `place` through, see `World`."""
        return self.world.lets(name, place)

    def now(self) -> float:
        """Seconds since 1970."""
        return self.world.now()

    def month(self) -> tuple[int, int]:
        """The year and month in which cards are judged."""
        return self.world.month()

    def table(self, name: str) -> dict[str, Any]:
        """The client's rows of one table, by id."""
        own = self.client.name == OWN
        return self.world.table(name if own else f"{name}@{self.client.name}")

    def guard(self, name: str, row_id: str) -> Any:
        """The client's row of what must not be taken for new, see `World`."""
        own = self.client.name == OWN
        return self.world.guard(name if own else f"{name}@{self.client.name}", row_id)

    async def deliver(self, outbound: OutboundRequest) -> EmulatedAnswer:
        """Send to a destination inside this sandbox, see `World`."""
        return await self.world.deliver(outbound)


def is_live(host: str) -> bool:
    """Whether a host of the vendor's is production's."""
    return ".sandbox." not in f".{host}"


def clients(*, live: bool = False) -> tuple[CheckoutClient, ...]:
    """The clients by the rule of docs/sandbox.md; the first one forwards.

    Each has other credentials in production, as at the vendor.
    """
    return tuple(
        CheckoutClient(
            name,
            (checkout_secret_key(suffix, live=live),),
            (checkout_public_key(suffix, live=live),),
            checkout_client_id(suffix, live=live),
            checkout_client_secret(suffix, live=live),
        )
        for name, suffix in ((OWN, ""), (SECOND, SECOND))
    )


def own(world: World) -> CheckoutAccount:
    """The account of the merchant whose vault forwards."""
    return CheckoutAccount(world, clients()[0])


def by_key(world: World, host: str, credential: str, *, public: bool) -> CheckoutClient | None:
    """The client whose secret or public key this is at a host."""
    for client in (*clients(live=is_live(host)), *_of_project(world, host)):
        keys = client.public_keys if public else client.secret_keys
        if any(hmac.compare_digest(key.encode(), credential.encode()) for key in keys):
            return client
    return None


def _of_project(world: World, host: str) -> Iterator[CheckoutClient]:
    """Each owner whose destinations call this host: a client with a vault of its own.

    A made-up secret that has no shape of a key counts as either kind.
    """
    for holder in world.holders(host, *_WITHOUT_PROJECT):
        texts = [text.removeprefix("Bearer ").strip() for text in holder.at(_PLACE)]
        secret = tuple(text for text in texts if not text.startswith("pk_"))
        public = tuple(text for text in texts if not text.startswith("sk_"))
        yield CheckoutClient(f"of {holder.owner}", secret, public)


def by_oauth(client_id: str, client_secret: str, *, live: bool) -> CheckoutClient | None:
    """The client of an OAuth id and secret."""
    presented = f"{client_id}:{client_secret}".encode()
    for client in clients(live=live):
        expected = f"{client.client_id}:{client.client_secret}".encode()
        if hmac.compare_digest(presented, expected):
            return client
    return None


def by_id(client_id: str, *, live: bool) -> CheckoutClient | None:
    """The client of an OAuth id that an access token names."""
    return next((client for client in clients(live=live) if client.client_id == client_id), None)


# --- Processing channels

CHANNELS_TABLE = "checkout.account"
LAX = "checkout_no_channel"
_AT = "processing_channel_id"


def check_channel(account: CheckoutAccount, faults: RequestFaults, body: dict[str, Any]) -> None:
    """Note it where a request names no channel and the client has several."""
    if body.get(_AT) is None and has_several(account) and not account.lets(LAX, _AT):
        faults.add(_AT, "required")


def has_several(account: CheckoutAccount) -> bool:
    """Whether the client has more than one channel."""
    row = account.table(CHANNELS_TABLE).get("account", {})
    return bool(row.get("several_channels", account.client.name == OWN))


def switch(world: World, body: dict[str, Any]) -> dict[str, Any]:
    """The sandbox's switch: `client` (its name), `several_channels`. Raises `CheckoutError`."""
    client = next(
        (candidate for candidate in clients() if candidate.name == body.get("client", OWN)), None
    )
    if client is None or not isinstance(body.get("several_channels"), bool):
        raise invalid("client_or_several_channels_invalid")
    set_several(CheckoutAccount(world, client), body["several_channels"])
    return {"client": client.name, "several_channels": body["several_channels"]}


def set_several(account: CheckoutAccount, several: bool) -> None:
    """Say whether the client has more than one channel."""
    account.table(CHANNELS_TABLE).setdefault("account", {})["several_channels"] = several
