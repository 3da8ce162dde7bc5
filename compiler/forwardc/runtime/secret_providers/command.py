"""`exec:COMMAND`: what a command prints, such as `pass show`, `op read` or `gcloud secrets`.

No shell: the command is split into words as a shell would, and nothing in it is expanded. What it
writes to its standard error may quote a secret, so nobody sees it.
"""

import atexit
import os
import selectors
import shlex
import signal
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import field
from time import monotonic
from typing import IO, Final

from forwardc.core.dataclass import dataclass
from forwardc.plan.secret_names import without_secrets
from forwardc.runtime.secret_providers.provider import (
    MAX_SECRET_BYTES,
    PROVIDER_TIMEOUT_S,
    SecretProviderError,
    decode_secret,
)

_RUNNING: Final[set[subprocess.Popen[bytes]]] = set()


@dataclass(frozen=True, slots=True)
class CommandProvider:
    """Runs commands, in a session of their own, without the environment's other secrets."""

    environ: Mapping[str, str] = field(repr=False)
    seconds: float = PROVIDER_TIMEOUT_S
    kind: str = "exec"

    def problem(self, place: str) -> str | None:
        """Quotes must be closed, and a command be named."""
        try:
            return None if shlex.split(place) else "names no command"
        except ValueError:
            return "has a quote that is not closed"

    def fetch(self, place: str) -> str:
        """What the command prints, without the line break at its end.

        Raises: `SecretProviderError`.
        """
        deadline = monotonic() + self.seconds
        process = self._start(shlex.split(place))
        _RUNNING.add(process)
        try:
            with process.stdout as printed:  # type: ignore[union-attr]  # it was asked for
                data = _read(printed, deadline)
            status = process.wait(max(deadline - monotonic(), 0.01))
        except subprocess.TimeoutExpired:
            raise SecretProviderError("printed all and did not end") from None
        finally:
            _end(process)
            _RUNNING.discard(process)
        if status != 0:
            raise SecretProviderError(f"ended with status {status}")
        return decode_secret(data)

    def _start(self, words: list[str]) -> subprocess.Popen[bytes]:
        try:
            return subprocess.Popen(  # noqa: S603 - the operator's own command, without a shell
                words,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=without_secrets(self.environ),
                # No terminal to ask at, and one group that can be ended together.
                start_new_session=True,
            )
        except (OSError, ValueError) as problem:
            reason = getattr(problem, "strerror", None) or "it has a character that none may have"
            raise SecretProviderError(f"cannot be started: {reason}") from None


def _read(printed: IO[bytes], deadline: float) -> bytes:
    data = bytearray()
    with selectors.DefaultSelector() as waiting:
        waiting.register(printed, selectors.EVENT_READ)
        while (left := deadline - monotonic()) > 0:
            if not waiting.select(left):
                continue
            chunk = os.read(printed.fileno(), MAX_SECRET_BYTES)
            if not chunk:
                return bytes(data)
            data += chunk
            if len(data) > MAX_SECRET_BYTES:
                raise SecretProviderError(f"gives more than {MAX_SECRET_BYTES} bytes")
    raise SecretProviderError("gave no answer in time, and was ended")


@atexit.register
def _end_all() -> None:
    """A command must not outlive an interrupted run: an interrupt reaches no other session."""
    for process in tuple(_RUNNING):
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End what the command left running, too; a helper that keeps no pipe open may live on."""
    if process.poll() is None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
