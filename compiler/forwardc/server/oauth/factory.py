"""Puts the gate together as the settings say: for tokens of this server, or of another issuer.

Knows every part of this room and decides nothing else.
"""

from dataclasses import dataclass

from starlette.routing import Route

from forwardc.runtime.history.commits import GroupCommit
from forwardc.server.http.rate_limits import RateLimits
from forwardc.server.oauth.bearer_tokens import TokenGate
from forwardc.server.oauth.client_authenticator import ClientAuthenticator
from forwardc.server.oauth.client_terms import ClientPolicy
from forwardc.server.oauth.clients import SCOPES
from forwardc.server.oauth.issuer import EmbeddedIssuer, expected_of, issuer_url
from forwardc.server.oauth.issuer_keys import RemoteKeys, open_remote_keys
from forwardc.server.oauth.revoked_clients import ClientStatusCache
from forwardc.server.oauth.server_keys import ServerKeys
from forwardc.server.oauth.token_endpoint import TokenEndpoint, routes
from forwardc.server.settings import ServerSettings


@dataclass(frozen=True, slots=True)
class Authentication:
    """The gate, what clients may ask for, and the routes of the issuer, if it is this server's."""

    gate: TokenGate
    terms: ClientPolicy
    routes: tuple[Route, ...]
    _remote: RemoteKeys | None = None
    _prover: ClientAuthenticator | None = None

    async def ready(self) -> None:
        """Ask for the keys of another issuer. Raises `KeysUnavailableError`."""
        if self._remote is not None:
            await self._remote.candidates(None)

    async def close(self) -> None:
        """Give threads and connections back."""
        if self._remote is not None:
            await self._remote.close()
        if self._prover is not None:
            self._prover.close()


def open_authentication(
    settings: ServerSettings, keys: ServerKeys, commits: GroupCommit, rates: RateLimits
) -> Authentication:
    """The gate of a server. Raises `ValueError` for settings of the issuer that cannot work."""
    expected, scope = expected_of(settings), settings.issuer.scope
    if settings.issuer.jwks is not None:
        remote = open_remote_keys(settings.issuer.jwks, settings.issuer.algorithms)
        return Authentication(
            TokenGate(expected, remote, scope), ClientPolicy(settings), (), remote
        )
    if scope not in SCOPES:
        raise ValueError(f"issuer.scope: without issuer.url it is one of {', '.join(SCOPES)}")
    life = settings.issuer.longest_life
    issuer = EmbeddedIssuer(issuer_url(settings), settings.issuer.audience, life, keys)
    prover = ClientAuthenticator(commits)
    clients = ClientStatusCache(commits)
    gate, terms = TokenGate(expected, keys, scope, clients), ClientPolicy(settings, clients)
    return Authentication(
        gate, terms, tuple(routes(TokenEndpoint(issuer, prover, rates))), _prover=prover
    )
