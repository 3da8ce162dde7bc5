"""Checkout.com's own clients against the sandbox, by the vendor's own hosts."""

from collections.abc import Iterator

import pytest

from clients.case import Case, Client, judge
from clients.checkout_cases import CASES
from clients.checkout_python import CheckoutPython
from clients.keys import Keys
from clients.node import CheckoutNode, driver
from forwardc.sandbox.serve import start_in_thread
from forwardc.sandbox.world import World

# The client warns of an endpoint of its own, whatever is called.
pytestmark = pytest.mark.filterwarnings("ignore:Risk endpoints:DeprecationWarning")


@pytest.fixture(scope="module")
def python() -> Iterator[tuple[Client, World]]:
    with start_in_thread() as sandbox:
        client = CheckoutPython(sandbox.url, Keys())
        yield client, sandbox.world
        client.close()


@pytest.fixture(scope="module")
def node(node_clients: None) -> Iterator[tuple[Client, World]]:
    keys = Keys()
    with start_in_thread() as sandbox:
        start = {"vendor": "checkout", "sandbox": sandbox.url, "key": keys.secret}
        with driver(**start, pk=keys.public, subdomain=keys.subdomain) as running:
            yield CheckoutNode(running, keys), sandbox.world


@pytest.mark.xdist_group("checkout-sdk")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_python(python: tuple[Client, World], case: Case) -> None:
    judge(case, *python)


@pytest.mark.xdist_group("checkout-sdk-node")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_node(node: tuple[Client, World], case: Case) -> None:
    judge(case, *node)
