"""Checkout.com's own clients against the sandbox, by the vendor's own hosts."""

from collections.abc import Iterator

import pytest

from clients.broken_checkout import CALLS, SCOPES, broken
from clients.case import Case, Client, MissingCallError, RaisedError, judge
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


def check_refusals(client: Client, call: str) -> None:
    """Every rule of a call, broken: the client raises its class for 422, with the code."""
    judged, wrong = 0, []
    options = {"scopes": SCOPES[call]} if call in SCOPES else {}
    for stem, body in broken(call):
        try:
            seen: object = client.call(call.partition(" ")[0], body, **options)
        except MissingCallError:
            continue
        except RaisedError as raised:
            # Without a status the client for Node.js looked itself: it sends no such body.
            seen = None if raised.status is None or names(raised, stem) else raised
        judged += 1
        if seen is not None:
            wrong.append((stem, seen))
    assert judged
    assert wrong == []


def names(raised: RaisedError, stem: str) -> bool:
    """Whether a refusal is a 422 with a code of the member, or of the object that it is in."""
    codes = raised.about.get("codes", ())
    stems = (f"{stem}_", f"{stem.rpartition('_')[0]}_invalid")
    return raised.status == 422 and any(code.startswith(stems) for code in codes)


@pytest.mark.xdist_group("checkout-sdk")
@pytest.mark.parametrize("call", CALLS)
def test_python_refusals(python: tuple[Client, World], call: str) -> None:
    check_refusals(python[0], call)


@pytest.mark.xdist_group("checkout-sdk-node")
@pytest.mark.parametrize("call", CALLS)
def test_node_refusals(node: tuple[Client, World], call: str) -> None:
    check_refusals(node[0], call)
