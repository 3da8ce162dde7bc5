"""Health, readiness, and the figures of one and of several processes."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
from starlette.applications import Starlette

from forwardc.runtime.history.errors import HistoryUnavailableError
from forwardc.server.http.health import Readiness, ReadinessCheck, routes
from forwardc.server.http.middleware import ConcurrencyLimit
from forwardc.server.telemetry.metrics import Metrics

ROOT = Path(__file__).resolve().parents[3]


class Parts:
    """Two parts, of which one can be away; counts how often it is asked."""

    def __init__(self) -> None:
        self.problem: Exception | None = None
        self.asked = 0
        self.now = 0.0
        self.traffic = ConcurrencyLimit(1)
        self.metrics = Metrics()
        checks: dict[str, ReadinessCheck] = {"history": self._history, "plans": self._plans}
        readiness = Readiness(checks, self.traffic, self.metrics.set_ready, lambda: self.now)
        self.app = Starlette(routes=routes(readiness, self.metrics))

    async def _history(self) -> None:
        self.asked += 1
        if self.problem is not None:
            raise self.problem

    async def _plans(self) -> None:
        return

    async def ask(self, path: str) -> httpx.Response:
        transport = httpx.ASGITransport(self.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
            return await client.get(path)


def test_readiness_names_each_part_and_says_nothing_more() -> None:
    async def go() -> None:
        parts = Parts()
        assert (await parts.ask("/ready")).json() == {
            "status": "ok",
            "parts": {"history": "ok", "plans": "ok", "taking_calls": "ok"},
        }
        parts.problem, parts.now = HistoryUnavailableError("/var/lib/secret.db: locked"), 2.0
        answer = await parts.ask("/ready")
        assert answer.status_code == 503
        assert answer.json()["parts"]["history"] == "failing"
        assert answer.json()["parts"]["plans"] == "ok"
        assert "secret.db" not in answer.text
        assert (await parts.ask("/health")).status_code == 200
        figures = (await parts.ask("/metrics")).text
        assert 'forwardc_ready{part="history"} 0.0' in figures
        assert 'forwardc_ready{part="plans"} 1.0' in figures

    asyncio.run(go())


def test_the_parts_are_asked_once_a_second() -> None:
    async def go() -> None:
        parts = Parts()
        answers = await asyncio.gather(*(parts.ask("/ready") for _ in range(20)))
        assert {answer.status_code for answer in answers} == {200}
        assert parts.asked == 1
        parts.now = 1.0
        await parts.ask("/ready")
        assert parts.asked == 2

    asyncio.run(go())


def test_a_server_that_stops_is_not_ready_at_once() -> None:
    async def go() -> None:
        parts = Parts()
        assert (await parts.ask("/ready")).status_code == 200
        parts.traffic.stop()
        answer = await parts.ask("/ready")
        assert answer.status_code == 503
        assert answer.json()["parts"]["taking_calls"] == "failing"

    asyncio.run(go())


def test_a_part_that_hangs_is_failing(monkeypatch: Any) -> None:
    monkeypatch.setattr("forwardc.server.http.health._WITHIN_S", 0.05)

    async def hang() -> None:
        await asyncio.sleep(60)

    async def go() -> None:
        readiness = Readiness({"lookup": hang}, ConcurrencyLimit(1))
        assert (await readiness.parts())["lookup"] is False

    asyncio.run(go())


_WORKER = """
import sys
from forwardc.server.telemetry.calls import CallRecord
from forwardc.server.telemetry.metrics import Metrics
metrics = Metrics()
metrics.in_flight.set(3)
metrics.set_ready({"history": sys.argv[1] == "well"})
metrics.call(CallRecord("/v1/initiate-payment-sharing", "POST", 200, 12.5))
print(metrics.text().decode())
if sys.argv[1] == "well":
    sys.stdin.read()
"""


def test_whichever_worker_is_asked_gives_the_sums_of_all(tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT / "compiler"),
        "PROMETHEUS_MULTIPROC_DIR": str(tmp_path),
    }
    command = [sys.executable, "-c", _WORKER]
    subprocess.run([*command, "ill"], env=environment, check=True, capture_output=True)
    with subprocess.Popen(
        [*command, "well"],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        told, _ = process.communicate("")
    labels = 'method="POST",problem="",route="/v1/initiate-payment-sharing",status="200"'
    assert f"forwardc_calls_total{{{labels}}} 2.0" in told
    # Of a worker that has ended, what it counted stays, and what it held is gone.
    assert "forwardc_calls_in_flight 3.0" in told
    assert 'forwardc_ready{part="history"} 1.0' in told
