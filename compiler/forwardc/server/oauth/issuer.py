"""The embedded issuer: signs short-lived access tokens (RFC 9068), and describes itself (RFC 8414).

Knows no client's secret and no HTTP.
"""

import json
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

from jwcrypto.jws import JWS

from forwardc.server.oauth.access_token import TokenExpectations
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
