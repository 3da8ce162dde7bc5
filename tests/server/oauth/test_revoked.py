"""A revocation counts in every process within five seconds; silence is not taken for consent."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bearer import Time
from forwardc.runtime.history.errors import HistoryUnavailableError
from forwardc.runtime.history.store import Store
from forwardc.server.oauth.client_permissions import ClientStatusCache
from forwardc.server.oauth.clients import SCOPES, Clients
from forwardc.server.oauth.verification_keys import KeysUnavailableError
from patience import until_so

ROOT = Path(__file__).resolve().parents[3]
pytestmark = pytest.mark.usefixtures("cheap_hashes")


def revoke_elsewhere(url: str, client_id: str) -> None:
    """As an operator does: by the command, in a process of its own."""
    command = ("-m", "forwardc", "clients", "revoke", client_id, "--history", url)
    subprocess.run(
        [sys.executable, *command],
        check=True,
        capture_output=True,
        env={**os.environ, "PYTHONPATH": str(ROOT / "compiler")},
    )


def test_a_revocation_of_another_process_counts_in_time(
    store: Store, history_url: str, time: Time
) -> None:
    client, _ = Clients(store).issue("Rokt", SCOPES, "eve")
    known = ClientStatusCache(store.commits, time)

    async def work() -> None:
        await known.refresh()
        assert not known.holds(client.id)
        await asyncio.to_thread(revoke_elsewhere, history_url, client.id)
        # A busy server asks beside its calls, an idle one before the next call.
        time.now += 2
        await known.refresh()
        await until_so(lambda: known.holds(client.id))

    asyncio.run(work())


def test_an_idle_process_asks_before_it_believes(store: Store, time: Time) -> None:
    client, _ = Clients(store).issue("Rokt", SCOPES, "eve")
    known = ClientStatusCache(store.commits, time)

    async def work() -> None:
        await known.refresh()
        Clients(store).revoke(client.id, "eve")
        time.now += 4
        await known.refresh()
        assert known.holds(client.id)

    asyncio.run(work())


def test_what_is_known_counts_no_longer_than_it_may(
    file_store: Store, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = ClientStatusCache(file_store.commits, time)

    async def away(*_: object) -> None:
        raise HistoryUnavailableError("it is away")

    async def work() -> None:
        await known.refresh()
        with monkeypatch.context() as patch:
            patch.setattr(file_store.commits, "read", away)
            time.now += 3
            await known.refresh()
            time.now += 1
            with pytest.raises(KeysUnavailableError):
                await known.refresh()
        await known.refresh()

    asyncio.run(work())


def test_many_calls_ask_once(file_store: Store, time: Time) -> None:
    known = ClientStatusCache(file_store.commits, time)
    asked = []
    read = file_store.commits.read

    async def counted(work: object) -> object:
        asked.append(work)
        return await read(work)  # type: ignore[arg-type]

    class Counted:
        pass

    Counted.read = staticmethod(counted)  # type: ignore[attr-defined]
    known.commits = Counted()  # type: ignore[assignment]

    async def work() -> None:
        await asyncio.gather(*(known.refresh() for _ in range(50)))
        await asyncio.gather(*(known.refresh() for _ in range(50)))

    asyncio.run(work())
    assert len(asked) == 1
