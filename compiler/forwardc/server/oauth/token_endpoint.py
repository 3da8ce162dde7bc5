"""`POST /oauth/token`: the embedded issuer, which gives access tokens to its own clients.

A client proves its secret (RFC 6749, section 4.4), the issuer signs a token that lives for minutes
(RFC 9068), and two documents say where and with which keys (RFC 8414, RFC 7517). Refusals have the
words of RFC 6749, section 5.2.
"""

import json
import time
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Callable, Collection, Mapping
from dataclasses import field
from ipaddress import IPv6Address, ip_address
from typing import Any, Final
from urllib.parse import parse_qsl, unquote_plus
from uuid import uuid4

from jwcrypto.jws import JWS
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from forwardc.core.dataclass import dataclass
from forwardc.core.diagnostics.errors import ForwardcError
from forwardc.core.http.request_body import BodyIncompleteError, BodyTooLargeError, read_body
from forwardc.core.terms.values import Secret
from forwardc.runtime.history.errors import HistoryError
from forwardc.server.http.problems import ProblemError, ProblemKind, problem_response, retry_after
from forwardc.server.http.rate_limits import RateLimits
from forwardc.server.oauth.bearer_tokens import TokenExpectations
from forwardc.server.oauth.client_authenticator import AuthenticatorBusyError, ClientAuthenticator
from forwardc.server.oauth.clients import SCOPES
from forwardc.server.oauth.server_keys import ServerKeys
from forwardc.server.settings import ServerSettings

TYPE: Final = "at+jwt"
TOKEN_PATH: Final = "/oauth/token"  # noqa: S105 - a path
JWKS_PATH: Final = "/oauth/jwks.json"
METADATA_PATH: Final = "/.well-known/oauth-authorization-server"


@dataclass(frozen=True, slots=True)
class EmbeddedIssuer:
    """Issues tokens for `audience` that live `life` seconds. `clock` gives seconds since 1970."""

    url: str
    audience: str
    life: int
    keys: ServerKeys
    clock: Callable[[], float] = time.time

    def token(self, client_id: str, scope: Collection[str]) -> str:
        """A new access token."""
        now = int(self.clock())
        key = self.keys.signing[0]
        claims = {
            "iss": self.url,
            "aud": self.audience,
            "sub": client_id,
            "client_id": client_id,
            "scope": " ".join(sorted(scope)),
            "iat": now,
            "exp": now + self.life,
            "jti": str(uuid4()),
        }
        header = {"typ": TYPE, "alg": key.alg, "kid": key.kid}
        signed = JWS(_compact(claims).encode())
        signed.add_signature(key.key, alg=key.alg, protected=_compact(header))
        return str(signed.serialize(compact=True))

    def metadata(self, scopes: Collection[str]) -> dict[str, Any]:
        """What RFC 8414 tells of this issuer, where nobody is asked to authorize anything."""
        return {
            "issuer": self.url,
            "token_endpoint": self.url + TOKEN_PATH,
            "jwks_uri": self.url + JWKS_PATH,
            "scopes_supported": list(scopes),
            "response_types_supported": [],
            "grant_types_supported": ["client_credentials"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        }


def _compact(value: dict[str, Any]) -> str:
    return json.dumps(value, separators=(",", ":"))


def issuer_url(settings: ServerSettings) -> str:
    """Who issues the tokens: another issuer, else this server by its first name.

    Every process of a history needs the same one, so that several machines are given a name.
    """
    if settings.issuer.url is not None:
        return settings.issuer.url
    serving = settings.server
    if serving.names:
        return f"https://{serving.names[0]}"
    host = f"[{serving.host}]" if ":" in serving.host else serving.host
    return f"http{'s' if serving.tls_certificate else ''}://{host}:{serving.port}"


def expected_of(settings: ServerSettings) -> TokenExpectations:
    """What a token of this server's issuer must say.

    Our own always have the type of RFC 9068. Other issuers write JWT, or nothing.
    """
    issuer = settings.issuer
    types = frozenset({TYPE}) if issuer.url is None else frozenset({TYPE, "jwt", None})
    return TokenExpectations(
        issuer_url(settings), issuer.audience, types, issuer.longest_life, issuer.leeway
    )


# Bytes of a body: an id, a secret and scopes take a few hundred.
_LARGEST: Final = 4096
# Fields of a form: RFC 6749 has four for this grant.
_MOST_FIELDS: Final = 16
_FORM: Final = "application/x-www-form-urlencoded"
# Requests in a window from one address: a client needs one in 15 minutes.
_PER_ADDRESS: Final = 60
# Tokens in a window for one client: one for each of its machines, and some to spare.
_PER_CLIENT: Final = 30
# Seconds of a window.
_WINDOW_S: Final = 60
_CACHED: Final = {"Cache-Control": "public, max-age=300"}
# RFC 6749, section 5.1: tokens are nobody's to store on the way.
_NOT_STORED: Final = {"Cache-Control": "no-store", "Pragma": "no-cache"}


class _TokenRequestError(ForwardcError):
    """An error of section 5.2. `description` names a rule, and no value."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(error)
        self.error = error
        self.description = description

    def answer(self) -> Response:
        """401 with the way to authenticate for a client that is not known, else 400."""
        unknown = self.error == "invalid_client"
        headers = {"WWW-Authenticate": 'Basic realm="forwardc"'} if unknown else {}
        document = {"error": self.error, "error_description": self.description}
        return JSONResponse(document, 401 if unknown else 400, {**_NOT_STORED, **headers})


@dataclass(frozen=True, slots=True)
class _TokenRequest:
    """What stands in a request."""

    client_id: str
    secret: Secret
    form: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class TokenEndpoint:
    """Gives out tokens."""

    issuer: EmbeddedIssuer
    authenticator: ClientAuthenticator
    rates: RateLimits

    async def token(self, request: Request) -> Response:
        """Answer a request for a token."""
        try:
            return await self._granted(request)
        except _TokenRequestError as refusal:
            return refusal.answer()
        except ProblemError as refusal:
            return problem_response(refusal)
        except AuthenticatorBusyError:
            return problem_response(ProblemError(ProblemKind.UNAVAILABLE, headers=retry_after(2)))
        except HistoryError:
            return problem_response(ProblemError(ProblemKind.UNAVAILABLE, headers=retry_after(5)))

    async def jwks(self, request: Request) -> Response:
        """The keys with which the tokens can be verified."""
        return JSONResponse(self.issuer.keys.public_jwks(), headers=_CACHED)

    async def metadata(self, request: Request) -> Response:
        """The document of RFC 8414."""
        return JSONResponse(self.issuer.metadata(SCOPES), headers=_CACHED)

    async def _granted(self, request: Request) -> Response:
        await self._allow(f"token:address:{_address(request)}", _PER_ADDRESS)
        asked = _asked(request.headers.getlist("authorization"), await _form(request))
        client = await self.authenticator.authenticate(asked.client_id, asked.secret)
        if client is None:
            raise _TokenRequestError("invalid_client", "the client id or its secret is not right")
        # Counted for who has the secret: others could keep a client from its tokens by its id.
        await self._allow(f"token:client:{client.id}", _PER_CLIENT)
        if asked.form.get("grant_type") != "client_credentials":
            raise _TokenRequestError("unsupported_grant_type", "only client_credentials is taken")
        scope = _scope(asked.form.get("scope"), client.scope)
        document = {
            "access_token": self.issuer.token(client.id, scope),
            "token_type": "Bearer",
            "expires_in": self.issuer.life,
            "scope": " ".join(scope),
        }
        return JSONResponse(document, headers=_NOT_STORED)

    async def _allow(self, name: str, limit: int) -> None:
        wait = await self.rates.take(name, limit, _WINDOW_S)
        if wait is not None:
            raise ProblemError(ProblemKind.TOO_MANY_REQUESTS, headers=retry_after(wait))


def routes(endpoint: TokenEndpoint) -> list[Route]:
    """The routes of the embedded issuer."""
    return [
        Route(TOKEN_PATH, endpoint.token, methods=["POST"]),
        Route(JWKS_PATH, endpoint.jwks, methods=["GET"]),
        Route(METADATA_PATH, endpoint.metadata, methods=["GET"]),
    ]


async def _form(request: Request) -> dict[str, str]:
    """The fields of the body; empty ones count as left out (section 3.2)."""
    kind, _, rest = request.headers.get("content-type", "").partition(";")
    if kind.strip().lower() != _FORM or rest.strip().lower() not in ("", "charset=utf-8"):
        raise _TokenRequestError("invalid_request", f"the body must be {_FORM}")
    body = await _body(request)
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=bool(body),
            errors="strict",
            max_num_fields=_MOST_FIELDS,
        )
    except ValueError:
        raise _TokenRequestError("invalid_request", "the body is not a form") from None
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise _TokenRequestError("invalid_request", "a field stands twice in the body")
    return {name: value for name, value in fields.items() if value}


async def _body(request: Request) -> bytes:
    try:
        return await read_body(request.receive, _LARGEST)
    except BodyTooLargeError:
        problem = f"the body is larger than {_LARGEST} bytes"
        raise _TokenRequestError("invalid_request", problem) from None
    except BodyIncompleteError:
        raise _TokenRequestError("invalid_request", "the body ended early") from None


def _asked(authorization: list[str], form: dict[str, str]) -> _TokenRequest:
    """Who asks: by HTTP Basic or by the body, and not by both (section 2.3)."""
    rest = {name: value for name, value in form.items() if name != "client_secret"}
    if not authorization:
        client_id, secret = form.get("client_id"), form.get("client_secret")
        if client_id is None or secret is None:
            raise _TokenRequestError("invalid_client", "the client does not say who it is")
        return _TokenRequest(client_id, Secret(secret), rest)
    if len(authorization) > 1 or "client_secret" in form:
        raise _TokenRequestError("invalid_request", "the client says twice who it is")
    client_id, secret = _basic(authorization[0])
    if form.get("client_id", client_id) != client_id:
        raise _TokenRequestError("invalid_request", "the client says twice who it is")
    return _TokenRequest(client_id, Secret(secret), rest)


def _basic(header: str) -> tuple[str, str]:
    """Id and secret, each form-encoded before they were joined (section 2.3.1)."""
    scheme, _, credentials = header.partition(" ")
    try:
        joined = b64decode(credentials.strip(" "), validate=True).decode("utf-8")
        client_id, colon, secret = joined.partition(":")
        pair = (
            unquote_plus(client_id, errors="strict"),
            unquote_plus(secret, errors="strict"),
        )
    except (NotBase64, ValueError):
        pair, colon = ("", ""), ""
    if scheme.lower() != "basic" or not colon:
        raise _TokenRequestError("invalid_client", "the Authorization header is not HTTP Basic")
    return pair


def _scope(asked: str | None, allowed: tuple[str, ...]) -> tuple[str, ...]:
    """What is asked for, in order; all of the client's without a word (section 3.3)."""
    if asked is None:
        return allowed
    requested = set(asked.split(" "))
    if not requested <= set(allowed):
        raise _TokenRequestError("invalid_scope", "the client may not have this scope")
    return tuple(name for name in allowed if name in requested)


def _address(request: Request) -> str:
    """Where a call comes from. A /64 of IPv6 is one neighbour: its addresses cost nothing."""
    try:
        address = ip_address(request.client.host if request.client else "")
    except ValueError:
        return "unknown"
    if isinstance(address, IPv6Address) and address.ipv4_mapped is None:
        return str(IPv6Address(int(address) >> 64 << 64))
    return str(address)
