"""Memory runs out at any one call that a share makes: it is sent once, and its answer stays one."""

import asyncio
import sys
from collections.abc import Callable
from inspect import CO_GENERATOR
from types import FrameType
from typing import Any

import pytest

from forwardc.server.settings import LimitSettings
from patience import LONG_S
from sharing_house import House, checkout

Serve = Callable[..., Any]
STEP = 23
# The loop, and a weak reference whose object is gone, call these back: where one cannot even
# begin, there is nobody to raise to.
UNRAISED = ("_tell_all", "clear")
ROOMS = ("forwardc.server.", "forwardc.runtime.", "forwardc.plan.", "forwardc.core.")


class Memory:
    """Ends at the `at`-th call of a function of ours, in this thread."""

    def __init__(self, at: int = 0) -> None:
        self.at, self.seen, self.where = at, 0, ""

    def __enter__(self) -> "Memory":
        sys.settrace(self._called)
        return self

    def __exit__(self, *_: object) -> None:
        sys.settrace(None)

    def _called(self, frame: FrameType, event: str, _: Any) -> None:
        module = frame.f_globals.get("__name__", "")
        if event != "call" or not module.startswith(ROOMS) or frame.f_code.co_name in UNRAISED:
            return
        if frame.f_code.co_flags & CO_GENERATOR:
            # Its end, too, where nobody wants the rest of it: again nobody to raise to.
            return
        self.seen += 1
        if self.seen == self.at:
            self.where = f"{module}.{frame.f_code.co_qualname}"
            raise MemoryError


def test_at_any_call_of_a_share(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("forwardc.server.payment_sharing.claims._WAITS", (0.0, 0.0, 0.0))
    instruments = {f"pay-{number}": checkout("visa_approved") for number in range(2_000)}

    async def work(house: House) -> None:
        await house.post("pay-0")
        with Memory() as counted:
            assert (await house.post("pay-1")).status_code == 200
        assert counted.seen > 500
        for at in range(1, counted.seen, STEP):
            name, before = f"pay-{at + 1}", house.arrived()
            with Memory(at) as memory:
                try:
                    status, content = await asked(house, name)
                except MemoryError:
                    # What stands before the endpoint is uvicorn's to answer.
                    status, content = 500, b""
            await house.service.claims.record_owed_ends()
            again, later = await asked(house, name)
            where = (at, memory.where, status, again)
            assert house.arrived() - before <= 1, where
            assert status in (200, 400, 401, 403, 404, 500, 503, 504), where
            assert again in (200, 504), where
            assert status != 200 or content == later, where
            assert again != 200 or house.arrived() - before == 1, where

    serve(work, instruments, limits=LimitSettings(calls_per_minute=100_000))


async def asked(house: House, name: str) -> tuple[int, bytes]:
    answer = await asyncio.wait_for(house.post(name), LONG_S)
    return answer.status_code, answer.content
