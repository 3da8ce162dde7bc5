"""The port of secret providers, and what they share: each gives the text that stands at a place.

A provider may block, and `fetch_in_time` bounds it by a thread. The reason of a failure never holds
a value, nor text that another program or server wrote.
"""

import json
import tomllib
from collections.abc import Callable
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, Final, Protocol

from forwardc.core.dataclass import dataclass
from forwardc.core.diagnostics.errors import ForwardcError
from forwardc.core.diagnostics.text_file import NotTextError, decoded

FETCH_TIMEOUT_S: Final = 10.0
"""Seconds that a run waits for one secret: a keyring may ask a person, a caller waits no longer."""
PROVIDER_TIMEOUT_S: Final = 9.0
"""Seconds after which a provider ends by itself: before it is left behind it can still clean up."""
MAX_SECRET_BYTES: Final = 64 * 1024
"""AWS Secrets Manager keeps 65536 bytes (API reference, CreateSecret), the others no more."""


class SecretProviderError(ForwardcError):
    """A provider does not give a value. The text is why, and may be shown."""


class SecretProvider(Protocol):
    """One kind of place where secrets are kept.

    A provider has no state of its own, so that it may be used from any thread, several at a time.
    """

    @property
    def kind(self) -> str:
        """What stands before the colon of a reference."""

    def problem(self, place: str) -> str | None:
        """What is wrong with the form of a place; None where it is well-formed.

        Asks nobody and raises nothing. `place` is what follows the colon.
        """

    def fetch(self, place: str) -> str:
        """The text at a well-formed place.

        Called in a thread of its own, which may be left behind when it hangs: it may block, and
        must hold no lock that another fetch needs. A repeat is safe; it asks anew.

        Raises: `SecretProviderError`, without a value in it.
        """


@dataclass(frozen=True, slots=True)
class SecretReference:
    """Where one value is: a kind of provider, and the place in it."""

    kind: str
    place: str


def fetch_in_time(provider: SecretProvider, place: str, seconds: float = FETCH_TIMEOUT_S) -> str:
    """The text at a place, never empty, within so many seconds.

    The thread of a provider that hangs is left behind; it keeps no process alive.

    Raises: `SecretProviderError`, also where the provider hangs.
    """
    answers: SimpleQueue[str | BaseException] = SimpleQueue()
    thread = Thread(target=_put, args=(answers, provider.fetch, place), daemon=True)
    thread.start()
    try:
        answer = answers.get(timeout=seconds)
    except Empty:
        answer = SecretProviderError(f"gave no answer in {seconds:g} seconds")
    if isinstance(answer, BaseException):
        raise answer
    if not answer:
        raise SecretProviderError("gives an empty value")
    return answer


def _put(
    answers: "SimpleQueue[str | BaseException]", fetch: Callable[[str], str], place: str
) -> None:
    try:
        answers.put(fetch(place))
    except BaseException as problem:
        # The thread that waits raises it.
        answers.put(problem)


def decode_secret(data: bytes) -> str:
    """UTF-8 text without the byte order mark and the line break that tools add around it.

    Raises: `SecretProviderError`.
    """
    if len(data) > MAX_SECRET_BYTES:
        raise SecretProviderError(f"gives more than {MAX_SECRET_BYTES} bytes")
    text, reason = "", ""
    try:
        text = decoded(data)
    except NotTextError as problem:
        reason = problem.reason
    # Raised out here, so that no exception behind it holds the value.
    if reason:
        raise SecretProviderError(f"gives no UTF-8 text: it is {reason}")
    return text.removesuffix("\n").removesuffix("\r")


def read_member(text: str, key: str, *, toml: bool = False) -> str:
    """The text at a key of a JSON or TOML object. Raises: `SecretProviderError`; quotes nothing."""
    members = _parsed(text, toml=toml)
    if not isinstance(members, dict):
        raise SecretProviderError(f"holds no {'TOML table' if toml else 'JSON object'}")
    return text_member(members, key)


def text_member(members: dict[str, Any], key: str) -> str:
    """The text at a key. Raises: `SecretProviderError`."""
    if key not in members:
        raise SecretProviderError("holds no member of this name")
    value = members[key]
    if not isinstance(value, str):
        raise SecretProviderError("holds something else than text under this name")
    return value


def _parsed(text: str, *, toml: bool) -> Any:
    try:
        return tomllib.loads(text) if toml else json.loads(text)
    except (ValueError, RecursionError):
        return None


def split_key(place: str) -> tuple[str, str | None]:
    """A place and the key after its last `#`, if it has one."""
    before, hash_sign, key = place.rpartition("#")
    return (before, key) if hash_sign else (place, None)
