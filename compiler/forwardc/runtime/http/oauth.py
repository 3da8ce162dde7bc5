"""Access tokens of an OAuth 2.0 client: asked for, kept in this process, renewed in time.

The grant is that of RFC 6749, sections 4.4, 5.1 and 5.2; where to ask, and for which scopes, stands
in the plan. Id and secret go in the form, as Checkout.com's API reference has it.
"""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import field
from time import monotonic
from typing import Any, Final, TypeVar
from urllib.parse import urlencode

from forwardc.core.dataclass import dataclass, replace
from forwardc.core.diagnostics.sink import Sink
from forwardc.core.terms.values import Secret
from forwardc.plan.model import OAuth, Plan
from forwardc.runtime.http.declared_times import lifetime, renewed_after
from forwardc.runtime.http.jwk_sets import VaultKeyError
from forwardc.runtime.http.request import BoundRequest, ShownRequest
from forwardc.runtime.http.send import HostRefusedError, HttpAnswer, Sender, SendLimits

T = TypeVar("T")
_LIMITS: Final = SendLimits(connect_s=10, read_s=20, max_bytes=64 * 1024)
# Digits of an integer in JSON. Python refuses to read one of more than 4300, and the whole answer
# with it; no member of this answer has more than ten.
_MOST_DIGITS: Final = 1000
# RFC 6750, section 2.1: what may follow `Bearer `.
_TOKEN: Final = re.compile(r"[A-Za-z0-9._~+/-]{8,8192}=*")
_CODES: Final = {
    "invalid_request": "the request is not as the vault wants it",
    "invalid_client": "the vault does not know this client id with this secret",
    "invalid_grant": "the vault does not accept the grant",
    "unauthorized_client": "the client may not use this grant",
    "unsupported_grant_type": "the vault does not know this grant",
    "invalid_scope": "the client does not have the permissions that the plan needs",
}


_LATER: Final = frozenset({408, 425, 429})
REFUSED: Final = 401
"""The status of RFC 6750, section 3.1, for a token that is not, or no longer, good."""


class AccessTokenError(VaultKeyError):
    """No access token can be had. Nothing was sent to a destination.

    `passing`: the vault did not answer, or may answer otherwise a little later.
    """

    def __init__(self, reason: str, *, passing: bool = False) -> None:
        super().__init__(reason)
        self.passing = passing


@dataclass(frozen=True, slots=True)
class OAuthClient:
    """An OAuth client, what its token is for, and where alone it may ask."""

    oauth: OAuth
    client_id: Secret
    client_secret: Secret
    scopes: tuple[str, ...]
    hosts: tuple[str, ...]

    @property
    def key(self) -> tuple[str, str, tuple[str, ...]]:
        """What one token serves. A new secret of the same client makes no other token."""
        return self.oauth.token_url, str(self.client_id.reveal()), self.scopes


@dataclass(frozen=True, slots=True)
class _Token:
    value: Secret
    renew_at: float


@dataclass(slots=True)
class AccessTokens:
    """The access tokens of a process. `clock` gives seconds that never go back."""

    clock: Callable[[], float] = monotonic
    _held: dict[tuple[str, str, tuple[str, ...]], _Token] = field(default_factory=dict, repr=False)
    # Steps that find no token together wait for one, and do not each ask the issuer for another.
    _one_asks: asyncio.Lock = field(default_factory=asyncio.Lock, repr=False)

    async def token(self, client: OAuthClient, sender: Sender) -> Secret:
        """A token that is good for another minute, or half of its life.

        Raises `AccessTokenError`.
        """
        async with self._one_asks:
            held = self._held.get(client.key)
            if held is None or held.renew_at <= self.clock():
                held = await self._fetch(client, sender)
                self._held[client.key] = held
            return held.value

    def refused(self, credentials: Iterable[Secret]) -> bool:
        """Forget the tokens among credentials that a vault refused. False where there are none.

        True means that another try with a new token can help. One that somebody else has renewed
        since counts as well.
        """
        used = set(credentials)
        for key in [key for key, held in self._held.items() if held.value in used]:
            del self._held[key]
        return bool(used)

    async def _fetch(self, client: OAuthClient, sender: Sender) -> _Token:
        asked = self.clock()
        try:
            answer = await sender.send(_request(client), client.hosts, _LIMITS)
        except HostRefusedError as problem:
            raise AccessTokenError(f"the access token cannot be asked for: {problem}") from None
        if not isinstance(answer, HttpAnswer):
            raise AccessTokenError(f"no access token: {answer.reason}", passing=True)
        held = _json(answer.body)
        if answer.status != 200:
            passing = answer.status >= 500 or answer.status in _LATER
            reason = f"no access token: {_reason(answer.status, held)}"
            raise AccessTokenError(reason, passing=passing)
        return _token(held, asked)


def client_of(
    plan: Plan, values: Mapping[str, Any], credential: str, scopes: Iterable[str] | None = None
) -> OAuthClient | None:
    """The client that stands in for a credential; None where the credential itself is there.

    `values` are the credentials as `plan_secrets.resolve_credentials` gives them. `scopes` replace
    those of a run.
    """
    spec = plan.credentials.get(credential)
    if credential in values or spec is None or spec.instead is None:
        return None
    oauth = spec.instead.oauth
    credentials = [values.get(name) for name in (oauth.client_id, oauth.client_secret)]
    client_id, client_secret = credentials
    if not isinstance(client_id, Secret) or not isinstance(client_secret, Secret):
        return None
    wanted_scopes = oauth.scopes if scopes is None else tuple(scopes)
    return OAuthClient(oauth, client_id, client_secret, wanted_scopes, plan.hosts.vault)


def clients_of(
    plan: Plan, values: Mapping[str, Any], more: Iterable[str] = ()
) -> dict[str, OAuthClient]:
    """The clients that make credentials of a run, by the name under which a request holds them.

    `values` are those of a run: `vault.NAME` is a credential. `more` are scopes beside the plan's.
    """
    missing = [
        name
        for name, spec in plan.credentials.items()
        if spec.instead is not None and f"vault.{name}" not in values
    ]
    if not missing:
        return {}
    credentials = {
        name.removeprefix("vault."): value
        for name, value in values.items()
        if name.startswith("vault.")
    }
    clients = {name: client_of(plan, credentials, name) for name in missing}
    return {
        f"vault.{name}": replace(client, scopes=(*client.scopes, *more))
        for name, client in clients.items()
        if client is not None
    }


async def access_tokens(
    clients: Mapping[str, OAuthClient], tokens: AccessTokens, sender: Sender
) -> dict[str, Secret]:
    """The credentials that are made of clients, to be bound. Raises `AccessTokenError`."""
    return {name: await tokens.token(client, sender) for name, client in clients.items()}


async def with_token(
    clients: Mapping[str, OAuthClient],
    tokens: AccessTokens,
    sender: Sender,
    ask: Callable[[Mapping[str, Secret]], Awaitable[T]],
) -> T:
    """What `ask` gets with access tokens. Those that the vault refuses are renewed once.

    For questions, which may be asked again. Raises `AccessTokenError`.
    """
    held = await access_tokens(clients, tokens, sender)
    answer = await ask(held)
    refused = isinstance(answer, HttpAnswer) and answer.status == REFUSED
    if refused and tokens.refused(held.values()):
        return await ask(await access_tokens(clients, tokens, sender))
    return answer


async def can_access(
    clients: Mapping[str, OAuthClient], tokens: AccessTokens, sender: Sender, sink: Sink
) -> bool:
    """Whether every token can be had; FC0826 or FC0846 where not."""
    try:
        await access_tokens(clients, tokens, sender)
    except AccessTokenError as problem:
        report(problem, sink)
        return False
    return True


def report(problem: AccessTokenError, sink: Sink) -> None:
    """Say why there is no token: FC0826 where it was refused, FC0846 where nobody answered."""
    if problem.passing:
        hint = "the vault's token endpoint may answer a little later"
        sink.error("FC0846", f"{problem}; nothing was sent", hint=hint)
        return
    hint = "check client id, secret and permissions, or give an API key"
    sink.error("FC0826", f"{problem}; nothing was sent", hint=hint)


def _request(client: OAuthClient) -> BoundRequest:
    form = {
        "grant_type": "client_credentials",
        "client_id": client.client_id.reveal(),
        "client_secret": client.client_secret.reveal(),
        "scope": " ".join(client.scopes),
    }
    url = client.oauth.token_url
    headers = (
        ("Accept", "application/json"),
        ("Content-Type", "application/x-www-form-urlencoded"),
    )
    shown = ShownRequest("POST", url, headers, None)
    return BoundRequest("POST", url, headers, urlencode(form).encode(), shown)


def _json(body: bytes) -> dict[str, Any]:
    try:
        held = json.loads(body, parse_int=_number)
    except (ValueError, RecursionError):
        return {}
    return held if isinstance(held, dict) else {}


def _number(digits: str) -> int | float:
    # Python refuses to read a number of thousands of digits, and the whole answer with it.
    return int(digits) if len(digits) < _MOST_DIGITS else float(digits)


def _reason(status: int, held: Mapping[str, Any]) -> str:
    """The code of section 5.2, and no other text: it is the vault's, and may repeat ours."""
    code = held.get("error")
    is_listed = isinstance(code, str) and code in _CODES
    return f"{_CODES[str(code)]} ({code})" if is_listed else f"the vault answered {status}"


def _token(held: Mapping[str, Any], asked: float) -> _Token:
    value, kind, seconds = (held.get(name) for name in ("access_token", "token_type", "expires_in"))
    fits = isinstance(value, str) and _TOKEN.fullmatch(value) is not None
    if not fits or not isinstance(kind, str) or kind.lower() != "bearer":
        raise AccessTokenError(
            "no access token: the vault's answer does not have the form of RFC 6749"
        )
    # Without a lifetime nobody knows how long it is good for: then it serves one request.
    return _Token(Secret(value), asked + renewed_after(lifetime(seconds)))
