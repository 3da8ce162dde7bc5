"""The vendors' clients against a sandbox that knows this repository's project."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from clients.case import Case, Client, judge
from clients.checkout_python import CheckoutPython
from clients.keys import Keys
from clients.node import CheckoutNode, StripeNode, driver
from clients.project_cases import CHECKOUT, STRIPE
from clients.stripe_python import StripePython
from forwardc.cli.sandbox.watch import Watched
from forwardc.core.diagnostics.sink import Sink
from forwardc.sandbox.project import read
from forwardc.sandbox.serve import RunningSandbox, start_in_thread
from forwardc.sandbox.stripe.made_up_keys import stripe_secret_key
from forwardc.sandbox.world import World

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [
    pytest.mark.xdist_group("project"),
    pytest.mark.filterwarnings("ignore:Risk endpoints:DeprecationWarning"),
]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[RunningSandbox]:
    data = Watched(ROOT / "build").read(Sink())
    assert data is not None
    with start_in_thread(World(project=read(data)), parties=("stripe",)) as running:
        yield running


@pytest.fixture(scope="module")
def stripe_python(sandbox: RunningSandbox) -> Iterator[Client]:
    client = StripePython(sandbox.parties["stripe"], stripe_secret_key())
    yield client
    client.close()


@pytest.fixture(scope="module")
def stripe_node(node_clients: None, sandbox: RunningSandbox) -> Iterator[Client]:
    party, key = sandbox.parties["stripe"], stripe_secret_key()
    with driver(vendor="stripe", party=party, key=key) as running:
        yield StripeNode(running)


@pytest.fixture(scope="module")
def checkout_node(node_clients: None, sandbox: RunningSandbox) -> Iterator[Client]:
    keys = Keys()
    start = {"vendor": "checkout", "sandbox": sandbox.url, "key": keys.secret}
    with driver(**start, pk=keys.public, subdomain=keys.subdomain) as running:
        yield CheckoutNode(running, keys)


@pytest.fixture(scope="module")
def checkout_python(sandbox: RunningSandbox) -> Iterator[Client]:
    client = CheckoutPython(sandbox.url, Keys())
    yield client
    client.close()


@pytest.mark.parametrize("case", STRIPE, ids=lambda case: case.id)
def test_stripe_python(sandbox: RunningSandbox, stripe_python: Client, case: Case) -> None:
    judge(case, stripe_python, sandbox.world)


@pytest.mark.parametrize("case", STRIPE, ids=lambda case: case.id)
def test_stripe_node(sandbox: RunningSandbox, stripe_node: Client, case: Case) -> None:
    judge(case, stripe_node, sandbox.world)


@pytest.mark.parametrize("case", CHECKOUT, ids=lambda case: case.id)
def test_checkout_python(sandbox: RunningSandbox, checkout_python: Client, case: Case) -> None:
    judge(case, checkout_python, sandbox.world)


@pytest.mark.parametrize("case", CHECKOUT, ids=lambda case: case.id)
def test_checkout_node(sandbox: RunningSandbox, checkout_node: Client, case: Case) -> None:
    judge(case, checkout_node, sandbox.world)
