"""Stripe's own clients against the sandbox: every call returns or raises as the documents say."""

from collections.abc import Iterator

import pytest

from clients.case import Case, Client, judge
from clients.node import StripeNode, driver
from clients.stripe_cases import CASES
from clients.stripe_python import StripePython
from forwardc.sandbox.secrets_rule import stripe_secret_key
from forwardc.sandbox.serve import start_in_thread


@pytest.fixture(scope="module")
def python() -> Iterator[Client]:
    with start_in_thread(parties=("stripe",)) as sandbox:
        yield StripePython(sandbox.parties["stripe"], stripe_secret_key())


@pytest.fixture(scope="module")
def node(node_clients: None) -> Iterator[Client]:
    with start_in_thread(parties=("stripe",)) as sandbox:
        start = {"vendor": "stripe", "party": sandbox.parties["stripe"], "key": stripe_secret_key()}
        with driver(**start) as running:
            yield StripeNode(running)


@pytest.mark.xdist_group("stripe-python")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_python(python: Client, case: Case) -> None:
    judge(case, python)


@pytest.mark.xdist_group("stripe-node")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_node(node: Client, case: Case) -> None:
    judge(case, node)
