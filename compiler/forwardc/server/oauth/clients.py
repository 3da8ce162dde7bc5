"""The table of OAuth clients, and their secrets, which are kept as scrypt hashes only.

Every change leaves an event, and is one transaction; `Clients` does it for the command line. A
secret has a form that scanners find, and its hash stores its parameters, so that these can be
raised without a change here.
"""

import hmac
import secrets
from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import field
from hashlib import scrypt
from string import ascii_letters, digits
from typing import Any, Final
from zlib import crc32

from forwardc.core.dataclass import dataclass
from forwardc.core.diagnostics.errors import ForwardcError
from forwardc.runtime.history.database import Transaction, first_row
from forwardc.runtime.history.store import Store
from forwardc.runtime.history.timestamps import Timestamp
from forwardc.runtime.history.writes import record_event

SCOPES: Final = ("payment-sharing", "dashboard-viewer", "dashboard-admin")
"""What a client can be allowed: calling the API, seeing outcomes, settling and pausing."""

_ID_ALPHABET: Final = "abcdefghijkmnpqrstuvwxyz23456789"
_INSERT: Final = """
INSERT INTO clients (id, name, scope, secret_hash, created_at, destinations)
VALUES (?, ?, ?, ?, ?, ?)
"""
_ALL: Final = """
SELECT id, name, scope, destinations, secret_hash, old_hash, old_until, created_at, rotated_at,
revoked_at FROM clients ORDER BY created_at, id
"""
_ONE: Final = """
SELECT id, name, scope, destinations, secret_hash, old_hash, old_until, created_at, rotated_at,
revoked_at FROM clients WHERE id = ?
"""
_STANDING: Final = "SELECT id, name, destinations, revoked_at FROM clients"
_BIND: Final = "UPDATE clients SET destinations = ? WHERE id = ?"
_UNBOUND: Final = "SELECT id, name, scope FROM clients WHERE destinations IS NULL"
_SHARING: Final = SCOPES[0]
_ALPHABET: Final = digits + ascii_letters
_START: Final = "fwc_"
# 43 characters of 62 are 256 bits.
_RANDOM: Final = 43
# Characters of the checksum: 62 to the sixth is more than the 32 bits of a CRC.
_CHECK: Final = 6
# OWASP's Password Storage Cheat Sheet, of equal strength: the row that needs 16 MiB.
_N: Final = 2**14
# Block size of scrypt, in the same row.
_R: Final = 8
# Parallel parts of scrypt, in the same row.
_P: Final = 5
# Bytes that OpenSSL may take: four times the row's need, so that parameters can be raised.
_MEMORY: Final = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class ScryptParameters:
    """How a hash is made: scrypt's parameters (RFC 7914) and the salt."""

    n: int
    r: int
    p: int
    salt: bytes


def new_secret() -> str:
    """A secret of 256 random bits. Its last six characters check those before."""
    text = _START + "".join(secrets.choice(_ALPHABET) for _ in range(_RANDOM))
    return text + _check(text)


def has_form(secret: str) -> bool:
    """Whether a text was made here, by its checksum. What does not is not worth a hash."""
    return (
        secret.isascii()
        and len(secret) == len(_START) + _RANDOM + _CHECK
        and secret.startswith(_START)
        and hmac.compare_digest(_check(secret[:-_CHECK]), secret[-_CHECK:])
    )


def new_parameters() -> ScryptParameters:
    """The parameters of today, and a new salt."""
    return ScryptParameters(_N, _R, _P, secrets.token_bytes(16))


def digest(secret: str, parameters: ScryptParameters) -> bytes:
    """The hash itself. Takes about a tenth of a second of one core."""
    return scrypt(
        secret.encode(),
        salt=parameters.salt,
        n=parameters.n,
        r=parameters.r,
        p=parameters.p,
        maxmem=_MEMORY,
        dklen=32,
    )


def format_stored_hash(digested: bytes, parameters: ScryptParameters) -> str:
    """A hash as the table keeps it: `scrypt$n$r$p$salt$hash`."""
    salt, hashed = (b64encode(part).decode("ascii") for part in (parameters.salt, digested))
    return f"scrypt${parameters.n}${parameters.r}${parameters.p}${salt}${hashed}"


def parse_stored_hash(text: str) -> tuple[ScryptParameters, bytes]:
    """The recipe and the hash of a stored text. Raises `ValueError`."""
    kind, n, r, p, salt, hashed = text.split("$")
    if kind != "scrypt":
        raise ValueError("the hash of a client's secret is of an unknown kind")
    return ScryptParameters(int(n), int(r), int(p), b64decode(salt)), b64decode(hashed)


def _check(text: str) -> str:
    number, checksum = crc32(text.encode("ascii")), ""
    for _ in range(_CHECK):
        number, rest = divmod(number, len(_ALPHABET))
        checksum = _ALPHABET[rest] + checksum
    return checksum


@dataclass(frozen=True, slots=True)
class ClientStatus:
    """What counts of a client for each of its calls. `destinations` as those of `Client`."""

    name: str
    destinations: tuple[str, ...] | None
    revoked: bool


@dataclass(frozen=True, slots=True)
class Client:
    """A client. `old_until` is when its former secret ends, in milliseconds since the epoch.

    `destinations` are those that it may ask for; None of a record that an older forwardc made.
    """

    id: str
    name: str
    scope: tuple[str, ...]
    destinations: tuple[str, ...] | None
    secret_hash: str = field(repr=False)
    old_hash: str | None = field(repr=False)
    old_until: int | None
    created_at: str
    rotated_at: str | None
    revoked_at: str | None

    def hashes(self, now_ms: int) -> tuple[str, ...]:
        """The hashes of the secrets that are good now."""
        if self.revoked_at is not None:
            return ()
        old = self.old_hash if now_ms < (self.old_until or 0) else None
        return (self.secret_hash, old) if old else (self.secret_hash,)


class UnknownClientError(ForwardcError):
    """There is no such client, or it is revoked."""


@dataclass(frozen=True, slots=True)
class Clients:
    """The clients of a history."""

    store: Store

    def issue(
        self, name: str, scope: Sequence[str], by: str, destinations: Sequence[str] = ()
    ) -> tuple[Client, str]:
        """A new client, and its secret, which nobody can show again.

        It may ask for these destinations, and for no other that comes later.
        """
        secret = new_secret()
        hashed = _hashed(secret, new_parameters())
        now = self.store.timestamp()
        granted = tuple(scope_name for scope_name in SCOPES if scope_name in scope)
        bound = tuple(dict.fromkeys(destinations))
        made = Client(_new_id(), name, granted, bound, hashed, None, None, now.text, None, None)

        def work(tx: Transaction) -> None:
            tx.run(_INSERT, made.id, name, " ".join(granted), hashed, now.text, " ".join(bound))
            granted_text = f"{made.id} {name}: {' '.join(granted)}"
            record_event(
                tx, "client-issue", by, f"{granted_text}; for {' '.join(bound) or 'none'}", now
            )

        self.store.database.write(work)
        return made, secret

    def listed(self) -> list[Client]:
        """All clients, the newest last."""
        return self.store.database.read(lambda tx: [_client(fields) for fields in tx.rows(_ALL)])

    def rotate(self, client_id: str, overlap_s: int, by: str) -> tuple[Client, str]:
        """A new secret; the one before works for `overlap_s` seconds more.

        Raises: `UnknownClientError`.
        """
        client = self.store.database.read(lambda tx: _living(tx, client_id))
        secret = new_secret()
        # With the recipe of the old one, a single hash tells whether a secret is either.
        hashed = _hashed(secret, parse_stored_hash(client.secret_hash)[0])
        now = self.store.timestamp()

        def work(tx: Transaction) -> Client:
            until = now.after(overlap_s) if overlap_s else None
            changed = tx.run(
                "UPDATE clients SET old_hash = ?, old_until = ?, secret_hash = ?, rotated_at = ?"
                " WHERE id = ? AND secret_hash = ? AND revoked_at IS NULL",
                *(client.secret_hash if until else None, until, hashed, now.text),
                *(client_id, client.secret_hash),
            )
            if not changed:
                raise UnknownClientError("somebody else has changed this client at the same time")
            record_event(tx, "client-rotate", by, f"{client_id}: overlap {overlap_s} s", now)
            return _living(tx, client_id)

        return self.store.database.write(work), secret

    def bind(self, client_id: str, destinations: Sequence[str], by: str) -> Client:
        """Let a client ask for these destinations and no other. Raises `UnknownClientError`."""
        now = self.store.timestamp()

        def work(tx: Transaction) -> Client:
            _living(tx, client_id)
            _bind(tx, client_id, destinations, by, now)
            return _living(tx, client_id)

        return self.store.database.write(work)

    def unbound(self) -> list[tuple[str, str]]:
        """Ids and names of the clients of before that may share payments, and that nobody bound."""
        return self.store.database.read(_unbound)

    def bind_unbound(self, destinations: Sequence[str], by: str) -> list[tuple[str, str]]:
        """Let those ask for these destinations and no other; which they were."""
        now = self.store.timestamp()

        def work(tx: Transaction) -> list[tuple[str, str]]:
            unbound = _unbound(tx)
            for client_id, _ in unbound:
                _bind(tx, client_id, destinations, by, now)
            return unbound

        return self.store.database.write(work)

    def revoke(self, client_id: str, by: str) -> None:
        """Believe neither secret nor token of a client any more. Raises `UnknownClientError`."""
        now = self.store.timestamp()

        def work(tx: Transaction) -> None:
            client = _living(tx, client_id)
            tx.run("UPDATE clients SET revoked_at = ? WHERE id = ?", now.text, client_id)
            record_event(tx, "client-revoke", by, f"{client_id} {client.name}", now)

        self.store.database.write(work)


def find(tx: Transaction, client_id: str) -> Client | None:
    """A client by its id, revoked or not."""
    client_row = first_row(tx, _ONE, client_id)
    return _client(client_row) if client_row else None


def client_statuses(tx: Transaction) -> dict[str, ClientStatus]:
    """What counts of each client now, by its id."""
    return {
        client_id: ClientStatus(name, _split(destinations), revoked_at is not None)
        for client_id, name, destinations, revoked_at in tx.rows(_STANDING)
    }


def _bind(
    tx: Transaction, client_id: str, destinations: Sequence[str], by: str, now: Timestamp
) -> None:
    bound = " ".join(dict.fromkeys(destinations))
    tx.run(_BIND, bound, client_id)
    record_event(tx, "client-bind", by, f"{client_id}: for {bound or 'none'}", now)


def _unbound(tx: Transaction) -> list[tuple[str, str]]:
    return [(client_id, name) for client_id, name, scope in tx.rows(_UNBOUND) if _SHARING in scope]


def _living(tx: Transaction, client_id: str) -> Client:
    client = find(tx, client_id)
    if client is None:
        raise UnknownClientError("there is no client of this id")
    if client.revoked_at is not None:
        raise UnknownClientError("this client is revoked")
    return client


def _client(client_row: tuple[Any, ...]) -> Client:
    client_id, name, scope, destinations, *rest = client_row
    return Client(client_id, name, tuple(scope.split()), _split(destinations), *rest)


def _split(destinations: str | None) -> tuple[str, ...] | None:
    return None if destinations is None else tuple(destinations.split())


def _new_id() -> str:
    return "client_" + "".join(secrets.choice(_ID_ALPHABET) for _ in range(16))


def _hashed(secret: str, parameters: ScryptParameters) -> str:
    return format_stored_hash(digest(secret, parameters), parameters)
