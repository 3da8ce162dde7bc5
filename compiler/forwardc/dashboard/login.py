"""Decides who may see the dashboard: one-time codes, and the sessions that they become.

`LocalLogins` keeps both in one process and ends with it; `SharedLogins` signs both, so that every
process of a history understands them.
"""

import hmac
import json
import secrets
import threading
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable
from enum import StrEnum
from hashlib import sha256
from time import monotonic, time
from typing import Any, Final, Protocol

from forwardc.core.dataclass import dataclass
from forwardc.runtime.history.database import first_row
from forwardc.runtime.history.store import Store

CODE_SECONDS: Final = 600
"""For whoever started the server to open the printed link; then it is of no use to others."""
SESSION_SECONDS: Final = 8 * 3_600
"""A working day, after which whoever looks signs in again."""
# Sessions in the memory of one process: more than people who look at one dashboard.
_MOST_SESSIONS: Final = 100

_CODE: Final = "code"
_SESSION: Final = "session"
# Characters of a code or a cookie: ours have about 250, and what is longer is read by nobody.
_LONGEST: Final = 1_024
_SPENT: Final = (
    "INSERT INTO rates (name, start, used) VALUES (?, ?, 1) ON CONFLICT (name, start) DO NOTHING"
)
_OVER: Final = (
    "SELECT 1 FROM rates WHERE name = ? AND start = ?"
    " UNION ALL SELECT 1 FROM clients WHERE id = ? AND revoked_at IS NOT NULL"
)


class Role(StrEnum):
    """What a session may do: look, or also pause, resume and settle."""

    VIEWER = "viewer"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who has signed in. `csrf` stands in every form of this session.

    `client_id` is that of the access token that opened it, if one did.
    """

    role: Role
    csrf: str
    ends: float
    client_id: str = ""

    def owns(self, csrf: str) -> bool:
        """Whether a form was made for this session."""
        return hmac.compare_digest(self.csrf.encode(), csrf.encode())


class LoginStore(Protocol):
    """Codes and sessions. Methods may block, and are called from threads."""

    def issue(self, role: Role) -> str:
        """A new code, good once within ten minutes."""
        ...

    def redeem(self, code: str) -> str | None:
        """The cookie of a new session; None where the code is wrong, used or too old."""
        ...

    def session(self, cookie: str) -> Session | None:
        """The session of a cookie; None where it is unknown or has ended."""
        ...

    def end(self, cookie: str) -> None:
        """Sign out; a cookie that is not known changes nothing."""
        ...


class LocalLogins:
    """Codes that can be used once, and the sessions they opened. Safe between threads.

    Only digests are kept, so that neither a code nor a cookie can be read out of this process's
    memory by name. `clock` counts seconds and never goes back.
    """

    __slots__ = ("_clock", "_codes", "_lock", "_sessions")

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        # Pages are answered in several threads: a code that two of them redeem opens one session.
        self._lock = threading.Lock()
        self._codes: dict[str, tuple[Role, float]] = {}
        self._sessions: dict[str, Session] = {}

    def issue(self, role: Role) -> str:
        """A new code, good once within ten minutes."""
        code = secrets.token_urlsafe(24)
        with self._lock:
            self._codes[_digest(code)] = (role, self._clock() + CODE_SECONDS)
        return code

    def redeem(self, code: str) -> str | None:
        """The cookie of a new session; None where the code is wrong, used or too old."""
        with self._lock:
            role, ends = self._codes.pop(_digest(code), (None, 0.0))
            if role is None or ends < self._clock():
                return None
        return self.open(role)

    def open(self, role: Role) -> str:
        """The cookie of a new session, for somebody who has shown who they are."""
        cookie = secrets.token_urlsafe(32)
        with self._lock:
            self._forget_ended()
            session = Session(role, secrets.token_urlsafe(24), self._clock() + SESSION_SECONDS)
            self._sessions[_digest(cookie)] = session
        return cookie

    def session(self, cookie: str) -> Session | None:
        """The session of a cookie; None where it is unknown or has ended."""
        with self._lock:
            session = self._sessions.get(_digest(cookie))
        return session if session and session.ends >= self._clock() else None

    def end(self, cookie: str) -> None:
        """Sign out; a cookie that is not known changes nothing."""
        with self._lock:
            self._sessions.pop(_digest(cookie), None)

    def _forget_ended(self) -> None:
        now = self._clock()
        alive = [(key, session) for key, session in self._sessions.items() if session.ends >= now]
        # The oldest leave first: nobody can fill the memory with sessions.
        self._sessions = dict(alive[-(_MOST_SESSIONS - 1) :])


def _digest(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


class SharedLogins:
    """Logins that every process of a history knows. Each code and cookie is a signed text.

    What must happen once, redeeming a code and ending a session, is a row of the history, by the
    digest of the text, for as long as the text would be good. `keys` are secrets of all those
    processes: the first one signs, all are believed. `clock` gives seconds since 1970, alike on
    every machine.
    """

    def __init__(
        self, store: Store, keys: Iterable[bytes], clock: Callable[[], float] = time
    ) -> None:
        self._store = store
        self._clock = clock
        # A key of its own for each use; none of them tells the sealing key.
        self._keys = [hmac.digest(key, b"forwardc dashboard", "sha256") for key in keys]

    def issue(self, role: Role) -> str:
        """A new code, good once within ten minutes."""
        return self._signed(_CODE, role, CODE_SECONDS)

    def redeem(self, code: str) -> str | None:
        """The cookie of a new session; None where the code is wrong, used or too old."""
        content = self._read(_CODE, code)
        if content is None or not self._spend(content):
            return None
        return self.open(Role(content["role"]))

    def open(self, role: Role, client_id: str = "") -> str:
        """The cookie of a new session. A client's ends with the client, if it is one of ours."""
        return self._signed(_SESSION, role, SESSION_SECONDS, client_id)

    def session(self, cookie: str) -> Session | None:
        """The session of a cookie; None where it is unknown or has ended."""
        content = self._read(_SESSION, cookie)
        if content is None or self._is_over(content):
            return None
        csrf = self._mac(self._keys[0], f"csrf {content['id']}".encode())
        return Session(Role(content["role"]), csrf, content["ends"], content["client"])

    def end(self, cookie: str) -> None:
        """Sign out; a cookie that is not known changes nothing."""
        content = self._read(_SESSION, cookie)
        if content is not None:
            self._spend(content)

    def _signed(self, use: str, role: Role, seconds: int, client_id: str = "") -> str:
        content = {
            "use": use,
            "id": secrets.token_urlsafe(18),
            "role": role,
            "ends": int(self._clock()) + seconds,
            "client": client_id,
        }
        text = urlsafe_b64encode(json.dumps(content, separators=(",", ":")).encode())
        # No text in two parts with padding: a link may lose what ends it.
        body = text.rstrip(b"=")
        return f"{body.decode()}.{self._mac(self._keys[0], body)}"

    def _read(self, use: str, text: str) -> dict[str, Any] | None:
        """What a text of ours says, while it is good."""
        body, _, mac = text.partition(".")
        if len(text) > _LONGEST or not text.isascii():
            return None
        macs = [self._mac(key, body.encode()) for key in self._keys]
        if not any(hmac.compare_digest(expected, mac) for expected in macs):
            return None
        content: dict[str, Any] = json.loads(urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        return content if content["use"] == use and content["ends"] >= self._clock() else None

    def _mac(self, key: bytes, body: bytes) -> str:
        return urlsafe_b64encode(hmac.digest(key, body, "sha256")).rstrip(b"=").decode()

    def _spend(self, content: dict[str, Any]) -> bool:
        """Note that a text is used up; False where it was."""
        name, ends = _row_of(content)
        return self._store.database.write(lambda tx: tx.run(_SPENT, name, ends)) == 1

    def _is_over(self, content: dict[str, Any]) -> bool:
        """Whether a session was signed out, or its client revoked."""
        keys = (*_row_of(content), content["client"])
        return self._store.database.read(lambda tx: first_row(tx, _OVER, *keys)) is not None


def _row_of(content: dict[str, Any]) -> tuple[str, int]:
    """Name and time of the row, by which the limits' own cleaning deletes it two days after."""
    digest = sha256(content["id"].encode()).hexdigest()
    return f"dashboard/{content['use']}/{digest}", content["ends"] * 1_000
