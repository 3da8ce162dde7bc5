"""Random UUIDs: of the right kind, never twice, not in a forked process either."""

import os
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest

from forwardc.runtime.ids import new_uuid


def test_they_are_random_ones_and_never_the_same() -> None:
    made = [new_uuid() for _ in range(2_000)]
    assert len(set(made)) == len(made)
    assert {(one.version, one.variant) for one in made} == {(4, "specified in RFC 4122")}


def test_threads_share_none() -> None:
    with ThreadPoolExecutor(8) as threads:
        made = [one for batch in threads.map(lambda _: _some(), range(64)) for one in batch]
    assert len(set(made)) == len(made)


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_process_makes_others() -> None:
    new_uuid()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, new_uuid().bytes)
        os._exit(0)
    os.waitpid(child, 0)
    theirs = os.read(reading, 16)
    os.close(reading)
    os.close(writing)
    assert theirs not in {one.bytes for one in _some()}


def _some() -> list[UUID]:
    return [new_uuid() for _ in range(100)]
