"""Who may see the dashboard: one-time codes, and the sessions that they become.

Knows no HTTP and no database: codes and sessions live in this process and end with it.
"""

import hmac
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from time import monotonic
from typing import Final, Protocol

CODE_SECONDS: Final = 600
SESSION_SECONDS: Final = 8 * 3_600
_MOST_SESSIONS: Final = 100


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


class AnyLogins(Protocol):
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


class Logins:
    """Codes that can be used once, and the sessions they opened. Safe between threads.

    Only digests are kept, so that neither a code nor a cookie can be read out of this process's
    memory by name. `clock` counts seconds and never goes back.
    """

    __slots__ = ("_clock", "_codes", "_lock", "_sessions")

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
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
            found = self._sessions.get(_digest(cookie))
        return found if found and found.ends >= self._clock() else None

    def end(self, cookie: str) -> None:
        """Sign out; a cookie that is not known changes nothing."""
        with self._lock:
            self._sessions.pop(_digest(cookie), None)

    def _forget_ended(self) -> None:
        now = self._clock()
        kept = [(key, one) for key, one in self._sessions.items() if one.ends >= now]
        # The oldest leave first: nobody can fill the memory with sessions.
        self._sessions = dict(kept[-(_MOST_SESSIONS - 1) :])


def _digest(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
