"""What a source of secrets is: it has a kind, and gives the text that stands at a place.

Knows no source, no plan and no environment variable. A reason never holds a value, nor text that
another program or server wrote.
"""

from collections.abc import Callable
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Final, Protocol

from forwardc.core.diagnostics.errors import ForwardcError
from forwardc.core.diagnostics.text_file import NotTextError, decoded

TIMEOUT_S: Final = 10.0
# A source that bounds itself can still clean up before it is left behind.
OWN_TIMEOUT_S: Final = 9.0
MOST_BYTES: Final = 64 * 1024


class SecretProviderError(ForwardcError):
    """A provider does not give a value. The text is why, and may be shown."""


class SecretSource(Protocol):
    """One kind of source. `fetch` may block; `ask` bounds it."""

    @property
    def kind(self) -> str:
        """What stands before the colon of a reference."""

    def problem(self, place: str) -> str | None:
        """What is wrong with the form of a place; None where it is well-formed."""

    def fetch(self, place: str) -> str:
        """The text at a place. Raises `SecretProviderError`."""


@dataclass(frozen=True, slots=True)
class Reference:
    """Where one value is: a kind of source, and the place in it."""

    kind: str
    place: str


def ask(source: SecretSource, place: str, seconds: float = TIMEOUT_S) -> str:
    """The text at a place, never empty. Raises `SecretProviderError`, also where the source hangs.

    The thread of a source that hangs is left behind; it keeps no process alive.
    """
    answers: SimpleQueue[str | BaseException] = SimpleQueue()
    thread = Thread(target=_put, args=(answers, source.fetch, place), daemon=True)
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


def as_text(data: bytes) -> str:
    """UTF-8 text without the byte order mark and the line break that tools add around it.

    Raises `SecretProviderError`.
    """
    if len(data) > MOST_BYTES:
        raise SecretProviderError(f"gives more than {MOST_BYTES} bytes")
    text, reason = "", ""
    try:
        text = decoded(data)
    except NotTextError as problem:
        reason = problem.reason
    # Raised out here, so that no exception behind it holds the value.
    if reason:
        raise SecretProviderError(f"gives no UTF-8 text: it is {reason}")
    return text.removesuffix("\n").removesuffix("\r")
