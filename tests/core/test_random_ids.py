"""Ids that are drawn together: random, of one version, and no process has another one's."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from uuid import RFC_4122

import pytest

from forwardc.core.random_ids import random_uuid


def test_ids_are_random_uuids() -> None:
    ids = [random_uuid() for _ in range(1_000)]
    assert {(one.version, one.variant) for one in ids} == {(4, RFC_4122)}
    # Each of the 122 bits that chance decides is seen both ways, but once in 10^298 times.
    ones = zeros = 0
    for one in ids:
        ones |= one.int
        zeros |= ~one.int
    fixed = 0xF << 76 | 0b11 << 62
    assert ones | fixed == zeros & (2**128 - 1) | fixed == 2**128 - 1


def test_threads_share_no_id() -> None:
    with ThreadPoolExecutor(8) as threads:
        ids = list(threads.map(lambda _: random_uuid(), range(4_000)))
    assert len(set(ids)) == 4_000


FORKED = """
import os
from forwardc.core.random_ids import random_uuid
random_uuid()
reader, writer = os.pipe()
if os.fork() == 0:
    os.write(writer, random_uuid().bytes)
    os._exit(0)
os.close(writer)
assert os.read(reader, 16) not in {random_uuid().bytes for _ in range(600)}
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_process_has_ids_of_its_own() -> None:
    subprocess.run([sys.executable, "-c", FORKED], check=True, timeout=60)
