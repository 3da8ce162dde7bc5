"""Several processes that serve one address, and the one that looks after them.

A worker that dies is replaced; one that dies as soon as it has begun ends them all.
"""

import logging
import multiprocessing
import os
import signal
import socket
import sys
from collections.abc import Callable, Mapping
from multiprocessing.process import BaseProcess
from time import monotonic, sleep
from types import FrameType
from typing import Any, Final

# Seconds between two looks at the workers: nobody notices so short a gap.
_TICK_S: Final = 0.05
# Seconds: a worker that dies sooner would die again, so that the server ends and says why.
_SOON_S: Final = 5.0
# https://docs.python.org/3/using/cmdline.html#envvar-PYTHONSAFEPATH
_SAFE_PATH: Final = "PYTHONSAFEPATH"
_LOG: Final = logging.getLogger("forwardc.server")


def _set_safe_path(said: str | None) -> None:
    if said is None:
        os.environ.pop(_SAFE_PATH, None)
    else:
        os.environ[_SAFE_PATH] = said


class Workers:
    """Looks after `count` workers until a signal comes. `given` are the settings, as JSON."""

    def __init__(self, count: int, settings: Mapping[str, Any], listener: socket.socket) -> None:
        self._count = count
        self._safe_path = os.environ.get(_SAFE_PATH)
        self._arguments = (dict(settings), listener, os.getpid(), self._safe_path)
        self._signals = 0
        self._began: dict[BaseProcess, float] = {}

    def run(self, begins: Callable[[], None]) -> int:
        """Serve; the exit code. A second signal ends the workers at once.

        `begins` is told once a signal is heard.
        """
        for ending in (signal.SIGINT, signal.SIGTERM):
            signal.signal(ending, self._heard)
        begins()
        for _ in range(self._count):
            self._start()
        lasting = True
        while lasting and not self._signals:
            sleep(_TICK_S)
            lasting = all(self._lasts(worker) for worker in tuple(self._began))
        self._end()
        return 0 if lasting else 1

    def _heard(self, _signal: int, _frame: FrameType | None) -> None:
        self._signals += 1

    def _start(self) -> None:
        spawning = multiprocessing.get_context("spawn")
        worker = spawning.Process(target=work, args=self._arguments, name="forwardc-worker")
        # Else it would look for modules in the working directory before it looks anywhere else.
        _set_safe_path("1")
        try:
            worker.start()
        finally:
            _set_safe_path(self._safe_path)
        self._began[worker] = monotonic()

    def _lasts(self, worker: BaseProcess) -> bool:
        """Whether a worker lives, or was replaced by one that may."""
        if worker.is_alive():
            return True
        lived = monotonic() - self._began.pop(worker)
        # One that was told to stop, and did so in order, fails in nothing.
        in_order = worker.exitcode == 0
        if not in_order:
            _LOG.error("a worker ended", extra={"members": {"exit_code": worker.exitcode}})
        if self._signals:
            return True
        self._start()
        return in_order or lived >= _SOON_S

    def _end(self) -> None:
        heard = self._signals
        for worker in self._began:
            worker.terminate()
        while any(worker.is_alive() for worker in self._began):
            sleep(_TICK_S)
            if self._signals > max(heard, 1):
                for worker in self._began:
                    worker.kill()


def work(
    settings: Mapping[str, Any], listener: socket.socket, parent: int, safe_path: str | None = None
) -> None:
    """Be a worker: open all that a server needs, and serve until the parent says otherwise.

    `safe_path` is what PYTHONSAFEPATH says to the parent, and so to commands that it runs.
    """
    _set_safe_path(safe_path)
    # Until it serves, it is ended by its parent only.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    from forwardc.core.diagnostics.sink import Sink
    from forwardc.server.http.process import serve
    from forwardc.server.settings import settings_from
    from forwardc.server.telemetry import logs
    from forwardc.server.wiring.components import open_components, read_inputs

    loaded = settings_from(None, **settings)
    logs.begin(loaded.watch.logs)
    sink = Sink()
    inputs = read_inputs(loaded, sink)
    components = open_components(inputs, sink) if inputs else None
    if components is None:
        for problem in sink.sorted():
            _LOG.error("%s %s", problem.code, problem.message)
        sys.exit(1)
    serve(components, listener, parent)
