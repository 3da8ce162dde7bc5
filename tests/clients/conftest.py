"""What the clients for Node.js need: a Node.js, and the clients themselves."""

import os

import pytest

from clients.install import NoNodeError, installed, node


@pytest.fixture(scope="session")
def node_clients() -> None:
    """Skip where the clients for Node.js are not there; `FORWARDC_REQUIRE_NODE=1` fails instead."""
    try:
        node()
        installed()
    except NoNodeError as problem:
        if os.environ.get("FORWARDC_REQUIRE_NODE") == "1":
            pytest.fail(str(problem))
        pytest.skip(str(problem))
