"""The page of the vendors' clients, written from their rows."""

from collections.abc import Iterable, Iterator

from clients.case import Case
from clients.checkout_cases import CASES as CHECKOUT
from clients.checkout_python import CheckoutPython
from clients.node import CHECKOUT_CALLS, CheckoutNode, StripeNode
from clients.project_cases import CHECKOUT as CHECKOUT_PROJECT
from clients.project_cases import STRIPE as STRIPE_PROJECT
from clients.stripe_cases import CASES as STRIPE
from clients.stripe_python import StripePython

START, END = "<!-- rows -->\n", "<!-- /rows -->\n"


def written() -> str:
    """What stands between the marks of the page."""
    parts = (_counts(), _stripe(), _names(), _checkout(), _project())
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def _counts() -> Iterator[str]:
    yield from ("| client | version | calls | rows |", "|---|---|---|---|")
    stripe, checkout = (*STRIPE, *STRIPE_PROJECT), (*CHECKOUT, *CHECKOUT_PROJECT)
    every = ((StripePython, stripe), (StripeNode, stripe))
    for kind, cases in (*every, (CheckoutPython, checkout), (CheckoutNode, checkout)):
        calls = len({case.call for case in cases})
        yield f"| {kind.name} | {kind.version} | {calls} | {len(cases)} |"


def _stripe() -> Iterator[str]:
    yield from ("## Stripe", "")
    yield from _rows(STRIPE, StripePython.name, StripeNode.name)


def _names() -> Iterator[str]:
    yield from (
        "## Checkout.com",
        "",
        "| call | checkout-sdk | checkout-sdk-node |",
        "|---|---|---|",
    )
    for call in dict.fromkeys(case.call for case in CHECKOUT):
        python = CheckoutPython.named(call)
        yield f"| {call} | `{python}` | `{CHECKOUT_CALLS[call]}` |"


def _checkout() -> Iterator[str]:
    yield from _rows(CHECKOUT, CheckoutPython.name, CheckoutNode.name)


def _project() -> Iterator[str]:
    """A sandbox that knows this repository's plans, at both vaults."""
    yield from ("## Where the sandbox knows the project", "")
    yield from _rows(STRIPE_PROJECT, StripePython.name, StripeNode.name)
    yield ""
    yield from _rows(CHECKOUT_PROJECT, CheckoutPython.name, CheckoutNode.name)


def _rows(cases: Iterable[Case], python: str, node: str) -> Iterator[str]:
    yield from (f"| call | given | {python} | {node} |", "|---|---|---|---|")
    for case in cases:
        one, other = (case.of(client).shown(client) for client in (python, node))
        yield f"| `{case.call}` | {case.given} | {one} | {'the same' if other == one else other} |"
