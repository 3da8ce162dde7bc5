"""A process with one run: what it writes is there at once, on both databases."""

import asyncio

import pytest

from forwardc.runtime.history.group_commit import InlineCommit
from forwardc.runtime.history.store import Store
from rated import RefusedError, add, add_and_refuse, names


@pytest.fixture
def inline(store: Store) -> InlineCommit:
    return store.inline


def test_inline_writes_are_there_when_they_return(store: Store, inline: InlineCommit) -> None:
    failures: list[Exception] = []

    async def go() -> None:
        assert await inline.write(add("one", 1)) == 1
        inline.write_behind(add("two"), failures.append)
        inline.write_behind(add_and_refuse("three"), failures.append)
        assert names(store) == ["one"]
        assert await inline.write(add("four", 4)) == 4
        assert [type(one) for one in failures] == [RefusedError]
        with pytest.raises(RefusedError):
            await inline.write(add_and_refuse("five"))

    asyncio.run(go())
    assert names(store) == ["four", "one", "two"]


def test_inline_writes_need_no_later_one(store: Store, inline: InlineCommit) -> None:
    async def go() -> None:
        inline.write_behind(add("one"), pytest.fail)
        await asyncio.sleep(0.1)
        assert names(store) == ["one"]
        inline.write_behind(add("two"), pytest.fail)

    asyncio.run(go())
    inline.close()
    assert names(store) == ["one", "two"]
