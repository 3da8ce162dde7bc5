"""What other rooms add to the server, behind its middleware: callbacks, and the dashboard.

`MOUNTS` lists them in the order of their routes; nothing else of the server names those rooms. The
dashboard's codes and sessions are signed texts that every process of a history understands. What
must happen once, redeeming a code and ending a session, is a row of the history, by the digest of
the text, for as long as the text would be good.
"""

import hmac
import json
import os
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Awaitable, Callable, Sequence
from hashlib import sha256
from time import time
from typing import Any, Final

from starlette.routing import BaseRoute, Mount

from forwardc.core.diagnostics.sink import Sink
from forwardc.plan.build_folder import read_plans
from forwardc.runtime.history.database import row
from forwardc.runtime.history.store import Store
from forwardc.runtime.secret_providers.lookup import SourceLookup
from forwardc.runtime.secret_providers.secrets import made_up_secret_lookup
from forwardc.runtime.tokens.tables import TokenTables
from forwardc.server.callbacks import rocketpay
from forwardc.server.dashboard.app import create
from forwardc.server.dashboard.desk import Settings
from forwardc.server.dashboard.guard import hosts
from forwardc.server.dashboard.login import CODE_SECONDS, SESSION_SECONDS, Role, Session
from forwardc.server.dashboard.project import Project, where_set
from forwardc.server.http.problems import ProblemError
from forwardc.server.oauth.server_keys import ServerKeys
from forwardc.server.wiring.components import ServerComponents

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
# The one that may do more comes first.
_ROLES: Final = {"dashboard-admin": Role.ADMIN, "dashboard-viewer": Role.VIEWER}


def callback_routes(parts: ServerComponents) -> Sequence[BaseRoute]:
    """The callbacks of destinations; a sandbox signs with the secret that its document derives."""
    settings, place = parts.settings, parts.settings.run.place
    plans = tuple(read_plans(settings.plans_at, Sink(), place))
    let_through = rocketpay.let_through_in(plans)
    secret = rocketpay.secret_in(plans, place)
    if settings.run.sandbox is not None:
        tables = TokenTables(parts.store, emulated=True)
        return rocketpay.routes(tables, made_up_secret_lookup(secret, plans), secret, let_through)
    return rocketpay.routes(TokenTables(parts.store), parts.known.look_up, secret, let_through)


def dashboard_routes(parts: ServerComponents) -> Sequence[BaseRoute]:
    """The dashboard at every address that is nobody else's, where the settings ask for it.

    Its sessions are known to every worker.
    """
    store, serving = parts.desk, parts.settings.server
    if store is None:
        return ()
    logins = SharedLogins(store, parts.keys)
    settings = Settings(
        hosts(serving.host, serving.names),
        f"forwardc_session_{serving.port}",
        logins,
        enter=_enter(parts, logins),
        project=_project(parts),
    )
    return (Mount("/", create(store, settings)),)


MOUNTS: Final[tuple[Callable[[ServerComponents], Sequence[BaseRoute]], ...]] = (
    callback_routes,
    # Last: it answers whatever no route before it does.
    dashboard_routes,
)


def _project(parts: ServerComponents) -> Project:
    """What the pages tell of the project; of secrets by name, as this server looks them up."""
    look_up, run = parts.known.look_up, parts.settings.run
    secret_names = look_up if isinstance(look_up, SourceLookup) else SourceLookup(os.environ)
    return Project(
        parts.settings.plans_at, where_set(secret_names), made_up=run.sandbox is not None
    )


def _enter(
    parts: ServerComponents, logins: "SharedLogins"
) -> Callable[[str], Awaitable[str | None]]:
    """What opens a session for an access token of the dashboard's scopes."""

    async def enter(token: str) -> str | None:
        try:
            caller = await parts.auth.gate.believe(f"Bearer {token}")
        except ProblemError:
            return None
        roles = (role for scope, role in _ROLES.items() if scope in caller.scope)
        role = next(roles, None)
        return logins.open(role, caller.client_id) if role else None

    return enter


class SharedLogins:
    """Implements `AnyLogins`. `clock` gives seconds since 1970, alike on every machine."""

    def __init__(self, store: Store, keys: ServerKeys, clock: Callable[[], float] = time) -> None:
        self._store = store
        self._clock = clock
        # A key of its own for each use; none of them tells the sealing key.
        self._keys = [hmac.digest(key, b"forwardc dashboard", "sha256") for key in keys.sealing]

    def issue(self, role: Role) -> str:
        """A new code, good once within ten minutes."""
        return self._signed(_CODE, role, CODE_SECONDS)

    def redeem(self, code: str) -> str | None:
        """The cookie of a new session; None where the code is wrong, used or too old."""
        told = self._read(_CODE, code)
        if told is None or not self._spend(told):
            return None
        return self.open(Role(told["role"]))

    def open(self, role: Role, client_id: str = "") -> str:
        """The cookie of a new session. A client's ends with the client, if it is one of ours."""
        return self._signed(_SESSION, role, SESSION_SECONDS, client_id)

    def session(self, cookie: str) -> Session | None:
        """The session of a cookie; None where it is unknown or has ended."""
        told = self._read(_SESSION, cookie)
        if told is None or self._is_over(told):
            return None
        csrf = self._mac(self._keys[0], f"csrf {told['id']}".encode())
        return Session(Role(told["role"]), csrf, told["ends"], told["client"])

    def end(self, cookie: str) -> None:
        """Sign out; a cookie that is not known changes nothing."""
        told = self._read(_SESSION, cookie)
        if told is not None:
            self._spend(told)

    def _signed(self, use: str, role: Role, seconds: int, client_id: str = "") -> str:
        told = {
            "use": use,
            "id": secrets.token_urlsafe(18),
            "role": role,
            "ends": int(self._clock()) + seconds,
            "client": client_id,
        }
        text = urlsafe_b64encode(json.dumps(told, separators=(",", ":")).encode())
        # No text in two parts with padding: a link may lose what ends it.
        body = text.rstrip(b"=")
        return f"{body.decode()}.{self._mac(self._keys[0], body)}"

    def _read(self, use: str, text: str) -> dict[str, Any] | None:
        """What a text of ours says, while it is good."""
        body, _, mac = text.partition(".")
        if len(text) > _LONGEST or not text.isascii():
            return None
        macs = [self._mac(key, body.encode()) for key in self._keys]
        if not any(hmac.compare_digest(one, mac) for one in macs):
            return None
        told: dict[str, Any] = json.loads(urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        return told if told["use"] == use and told["ends"] >= self._clock() else None

    def _mac(self, key: bytes, body: bytes) -> str:
        return urlsafe_b64encode(hmac.digest(key, body, "sha256")).rstrip(b"=").decode()

    def _spend(self, told: dict[str, Any]) -> bool:
        """Note that a text is used up; False where it was."""
        name, ends = _row_of(told)
        return self._store.database.write(lambda tx: tx.run(_SPENT, name, ends)) == 1

    def _is_over(self, told: dict[str, Any]) -> bool:
        """Whether a session was signed out, or its client revoked."""
        given = (*_row_of(told), told["client"])
        return self._store.database.read(lambda tx: row(tx, _OVER, *given)) is not None


def _row_of(told: dict[str, Any]) -> tuple[str, int]:
    """Name and time of the row, by which the limits' own cleaning deletes it two days after."""
    digest = sha256(told["id"].encode()).hexdigest()
    return f"dashboard/{told['use']}/{digest}", told["ends"] * 1_000
