"""Which paths there are, by the word that counts and logs use, and who may ask for them.

Knows no handler. Every path belongs to one group; one that nobody knows is for the staff.
"""

from collections.abc import Mapping
from enum import Enum, auto
from typing import Final

from forwardc.server.http.addresses import LOOPBACK, Address, Networks
from forwardc.server.oauth.issuer import JWKS_PATH, METADATA_PATH, TOKEN_PATH
from forwardc.server.payment_sharing.openapi import PATH as OPENAPI
from forwardc.server.payment_sharing.openapi import SHARING_PATH
from forwardc.server.settings import Admitted

HEALTH: Final = "/health"
READY: Final = "/ready"
METRICS: Final = "/metrics"
_NAMED: Final = frozenset(
    {SHARING_PATH, TOKEN_PATH, JWKS_PATH, METADATA_PATH, OPENAPI, HEALTH, READY, METRICS}
)
_BEGINNINGS: Final = {
    "/problems/": "/problems/{slug}",
    "/callbacks/": "/callbacks/{destination}",
    "/runs/": "/runs/{run_id}",
    "/tokens/": "/tokens/{token}",
}
_PAGES: Final = frozenset(
    {"/", "/history", "/unknown", "/pauses", "/tokens", "/login", "/logout", "/pauses/add"}
    | {"/pauses/end", "/dashboard.css", "/icon.svg"}
)


class Group(Enum):
    """Whose paths these are."""

    CALLERS = auto()
    CALLBACKS = auto()
    DOCUMENTS = auto()
    HEALTH = auto()
    STAFF = auto()


def group_of(path: str) -> Group:
    """The group of a path, as routing reads it."""
    if path.startswith(("/v1/", "/oauth/")):
        return Group.CALLERS
    if path.startswith("/callbacks/"):
        return Group.CALLBACKS
    if path in (OPENAPI, METADATA_PATH) or path.startswith("/problems/"):
        return Group.DOCUMENTS
    return Group.HEALTH if path in (HEALTH, READY) else Group.STAFF


def word_for(path: str) -> str:
    """The path's name in figures and logs: one of a few, whatever is asked for."""
    if path in _NAMED or path in _PAGES:
        return path
    return next((word for start, word in _BEGINNINGS.items() if path.startswith(start)), "other")


class Admission:
    """The addresses that each group takes, by the settings."""

    __slots__ = ("_lists",)

    def __init__(self, admit: Admitted) -> None:
        allow, callbacks, staff = (
            Networks.of(given or LOOPBACK) for given in (admit.allow, admit.callbacks, admit.staff)
        )
        everybody = Networks((*allow.blocks, *callbacks.blocks, *staff.blocks))
        self._lists: Mapping[Group, Networks] = {
            Group.CALLERS: allow,
            Group.CALLBACKS: callbacks,
            Group.DOCUMENTS: everybody,
            Group.HEALTH: Networks((*LOOPBACK, *staff.blocks)),
            Group.STAFF: staff,
        }

    def admits(self, group: Group, address: Address) -> bool:
        """Whether an address may ask for the paths of a group."""
        return address in self._lists[group]
