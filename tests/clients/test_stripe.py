"""Stripe's own clients against the sandbox: every call returns or raises as the documents say."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from clients.broken import CALLS, broken
from clients.case import Case, Client, RaisedError, judge
from clients.node import StripeNode, driver
from clients.stripe_base import READER
from clients.stripe_cases import CASES
from clients.stripe_python import StripePython
from forwardc.sandbox.serve import RunningSandbox, start_in_thread
from forwardc.sandbox.stripe.made_up_keys import stripe_secret_key
from forwardc.sandbox.world import EmulatedAnswer, OutboundRequest, World


@contextmanager
def stripes_sandbox() -> Iterator[RunningSandbox]:
    """A sandbox with a restricted key, whose destination takes its time where it is asked to."""
    with start_in_thread(parties=("stripe",)) as sandbox:
        switch = f"{sandbox.parties['stripe']}/_sandbox/stripe/restricted_keys"
        reader = {"key": READER, "permissions": ["forwarding_request_read"]}
        assert httpx.post(switch, json=reader).status_code == 200
        deliver = sandbox.world.send
        assert deliver

        async def slowly(outbound: OutboundRequest) -> EmulatedAnswer:
            if b"SLOW" in outbound.body:
                await asyncio.sleep(0.5)
            return await deliver(outbound)

        sandbox.world.send = slowly
        yield sandbox


@pytest.fixture(scope="module")
def python() -> Iterator[tuple[Client, World]]:
    with stripes_sandbox() as sandbox:
        client = StripePython(sandbox.parties["stripe"], stripe_secret_key())
        yield client, sandbox.world
        client.close()


@pytest.fixture(scope="module")
def node(node_clients: None) -> Iterator[tuple[Client, World]]:
    with stripes_sandbox() as sandbox:
        start = {"vendor": "stripe", "party": sandbox.parties["stripe"], "key": stripe_secret_key()}
        with driver(**start) as running:
            yield StripeNode(running), sandbox.world


@pytest.mark.xdist_group("stripe-python")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_python(python: tuple[Client, World], case: Case) -> None:
    judge(case, *python)


@pytest.mark.xdist_group("stripe-node")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_node(node: tuple[Client, World], case: Case) -> None:
    judge(case, *node)


def check_refusals(client: Client, call: str) -> None:
    """Every rule of a call, broken: the client raises, and names the parameter."""
    rules, wrong = list(broken(call)), []
    for param, given in rules:
        try:
            seen: object = client.call(call, given)
        except RaisedError as raised:
            seen = (raised.kind, raised.status, raised.about.get("param"))
        if seen != ("InvalidRequestError", 400, param):
            wrong.append((param, seen))
    assert rules
    assert wrong == []


@pytest.mark.xdist_group("stripe-python")
@pytest.mark.parametrize("call", CALLS)
def test_python_refusals(python: tuple[Client, World], call: str) -> None:
    check_refusals(python[0], call)


@pytest.mark.xdist_group("stripe-node")
@pytest.mark.parametrize("call", CALLS)
def test_node_refusals(node: tuple[Client, World], call: str) -> None:
    check_refusals(node[0], call)
