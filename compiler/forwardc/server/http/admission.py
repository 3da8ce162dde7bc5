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
from forwardc.server.settings import AdmissionSettings

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


class PathGroup(Enum):
    """Whose paths these are."""

    CALLERS = auto()
    CALLBACKS = auto()
    DOCUMENTS = auto()
    HEALTH = auto()
    STAFF = auto()


def path_group(path: str) -> PathGroup:
    """The group of a path, as routing reads it."""
    if path.startswith(("/v1/", "/oauth/")):
        return PathGroup.CALLERS
    if path.startswith("/callbacks/"):
        return PathGroup.CALLBACKS
    if path in (OPENAPI, METADATA_PATH) or path.startswith("/problems/"):
        return PathGroup.DOCUMENTS
    return PathGroup.HEALTH if path in (HEALTH, READY) else PathGroup.STAFF


def route_label(path: str) -> str:
    """The path's name in figures and logs: one of a few, whatever is asked for."""
    if path in _NAMED or path in _PAGES:
        return path
    return next((word for start, word in _BEGINNINGS.items() if path.startswith(start)), "other")


class Admission:
    """The addresses that each group takes, by the settings."""

    __slots__ = ("_lists",)

    def __init__(self, admit: AdmissionSettings) -> None:
        allow, callbacks, staff = (
            Networks.of(given or LOOPBACK) for given in (admit.allow, admit.callbacks, admit.staff)
        )
        everybody = Networks((*allow.blocks, *callbacks.blocks, *staff.blocks))
        self._lists: Mapping[PathGroup, Networks] = {
            PathGroup.CALLERS: allow,
            PathGroup.CALLBACKS: callbacks,
            PathGroup.DOCUMENTS: everybody,
            PathGroup.HEALTH: Networks((*LOOPBACK, *staff.blocks)),
            PathGroup.STAFF: staff,
        }

    def admits(self, group: PathGroup, address: Address) -> bool:
        """Whether an address may ask for the paths of a group."""
        return address in self._lists[group]
