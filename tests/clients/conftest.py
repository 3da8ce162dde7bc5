"""What the clients for Node.js need: a Node.js, and the clients themselves."""

import pytest

from clients.node import need_node


@pytest.fixture(scope="session")
def node_clients() -> None:
    """Skip where the clients for Node.js are not there; `FORWARDC_REQUIRE_NODE=1` fails instead."""
    need_node()
