"""The payment-sharing API over the sandbox."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import pytest

from forwardc.runtime.history.store import Store
from forwardc.server.directory.payment_directory import Instrument
from sharing_house import House, checkout, house, stripe

Work = Callable[[House], Awaitable[Any]]


INSTRUMENTS: Mapping[str, Instrument] = {
    "pay-1": checkout("visa_approved"),
    "pay-declined": checkout("visa_declined"),
    "pay-broken": checkout("visa_broken"),
    "pay-error": checkout("mastercard_server_error"),
    "pay-gone": checkout("visa_none"),
    "pay-stripe": stripe(),
    "pay-stripe-declined": stripe("pm_card_visa_chargeDeclined"),
}


@pytest.fixture
def serve(file_store: Store) -> Callable[..., Any]:
    """Run a work on a house: `serve(work)`, with the options of `house`."""
    return serving(file_store)


@pytest.fixture
def serve_on_both(store: Store) -> Callable[..., Any]:
    """The same on each database."""
    return serving(store)


def serving(store: Store) -> Callable[..., Any]:
    def serve(work: Work, instruments: Mapping[str, Instrument] = INSTRUMENTS, **how: Any) -> Any:
        async def go() -> Any:
            async with house(store, instruments, **how) as open_house:
                return await work(open_house)

        return asyncio.run(go())

    return serve
