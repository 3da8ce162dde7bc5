"""Servers in processes of their own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from serving import NAMED, Server, Shop, opened

GUARDED = """\
[admit]
allow = ["127.0.0.1/32", "198.51.100.0/24"]
staff = ["127.0.0.0/8"]
trusted_proxies = ["127.0.0.9/32"]

[limits]
receive_within = 0.7
"""


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with opened(tmp_path) as shop:
        shop.write(NAMED)
        yield shop


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for the tests of a module, with an allow list and a proxy before it."""
    with opened(tmp_path_factory.mktemp("shop")) as shop:
        shop.write(NAMED, GUARDED)
        with shop.serving() as server:
            yield server
