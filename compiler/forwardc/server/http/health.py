"""Whether the server lives, whether it can work, and its figures.

`/health` needs nothing. `/ready` asks every part that a call needs, at most once a second, and
tells of each whether it is there and nothing more: why it is not stands in the log.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from time import monotonic
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from forwardc.core.diagnostics.errors import ForwardcError
from forwardc.runtime.work_executor import run_blocking
from forwardc.server.http.admission import HEALTH, METRICS, READY
from forwardc.server.http.middleware import ConcurrencyLimit
from forwardc.server.telemetry.metrics import CONTENT_TYPE, Metrics

ReadinessCheck = Callable[[], Awaitable[None]]
"""Asks one part; raises where it is not there."""

_LOG: Final = logging.getLogger("forwardc.server")
# Seconds that an answer of `/ready` is kept: probes of several balancers cost one question.
_KEPT_S: Final = 1.0
# Seconds for a part to answer: less than the five after which common probes give up.
_WITHIN_S: Final = 3.0


class PartlyReadyError(ForwardcError):
    """A part does some of its work. The text is for the log."""


class Readiness:
    """The parts of a server by name, and what was last known of them."""

    def __init__(
        self,
        checks: Mapping[str, ReadinessCheck],
        calls: ConcurrencyLimit,
        on_change: Callable[[Mapping[str, bool]], None] = lambda _: None,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._checks = dict(checks)
        self._calls = calls
        self._on_change = on_change
        self._clock = clock
        self._last_seen: dict[str, bool] = {}
        self._partly: dict[str, str] = {}
        self._asked_at = float("-inf")
        # One question at a time: probes that come together share its answer.
        self._asking = asyncio.Lock()

    async def parts(self) -> Mapping[str, bool]:
        """Which parts are there."""
        async with self._asking:
            if self._clock() - self._asked_at >= _KEPT_S:
                there = await asyncio.gather(*(self._is_there(name) for name in self._checks))
                self._last_seen = dict(zip(self._checks, there, strict=True))
                self._asked_at = self._clock()
                self._on_change(self._last_seen)
        # A server that stops needs no second to say so.
        return {**self._last_seen, "taking_calls": not self._calls.stopping}

    async def part_states(self) -> Mapping[str, str]:
        """The same in words. What does some of its work is there."""
        part_states = {
            name: "ok" if there else "failing" for name, there in (await self.parts()).items()
        }
        return {**part_states, **dict.fromkeys(self._partly, "partly")}

    async def _is_there(self, name: str) -> bool:
        before, partly = self._partly.get(name), False
        try:
            await asyncio.wait_for(self._checks[name](), _WITHIN_S)
        except PartlyReadyError as problem:
            self._partly[name], partly = str(problem), True
            if before != str(problem):
                _LOG.warning("partly ready", extra={"members": {"part": name, "why": str(problem)}})
            return True
        except Exception as problem:
            if self._last_seen.get(name, True):
                _LOG.error("not ready", extra={"members": {"part": name, "why": _why(problem)}})
            return False
        finally:
            if not partly:
                self._partly.pop(name, None)
        if not self._last_seen.get(name, True):
            _LOG.info("ready again", extra={"members": {"part": name}})
        return True


def _why(problem: Exception) -> str:
    # Texts of our own exceptions are made for logs; those of others may hold anything.
    ours = type(problem).__module__.startswith("forwardc.")
    return f"{type(problem).__name__}: {problem}" if ours else type(problem).__name__


def routes(
    readiness: Readiness, metrics: Metrics | None, refresh_metrics: ReadinessCheck | None = None
) -> list[Route]:
    """The routes. `figures` is asked before the metrics are told, to bring slow ones up to date."""

    async def health(_request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def ready(_request: Request) -> Response:
        part_states = await readiness.part_states()
        is_ready = "failing" not in part_states.values()
        document = {"status": "ok" if is_ready else "failing", "parts": part_states}
        return JSONResponse(document, 200 if is_ready else 503)

    async def metrics_text(_request: Request) -> Response:
        assert metrics is not None  # noqa: S101 - the route is there with metrics only
        await readiness.parts()
        if refresh_metrics is not None:
            await refresh_metrics()
        return Response(await run_blocking(metrics.text), headers={"Content-Type": CONTENT_TYPE})

    metrics_routes = [Route(METRICS, metrics_text, methods=["GET"])] if metrics is not None else []
    return [
        Route(HEALTH, health, methods=["GET"]),
        Route(READY, ready, methods=["GET"]),
        *metrics_routes,
    ]
