"""Reads a request to Rocketpay Gate: shape, project and signature.

Knows no operation's effect; the shapes are `rocketpay_forms`. Sources: developers.rocketpay.kz,
ECOMMPAY's Gate pages, its SDKs for the signature.
"""

import ipaddress
from typing import Any

from forwardc.sandbox.crypto import rocketpay
from forwardc.sandbox.destinations.bodies import Unreadable, read_json
from forwardc.sandbox.destinations.rocketpay_errors import Refused
from forwardc.sandbox.destinations.rocketpay_forms import TOGETHER, Form
from forwardc.sandbox.destinations.shapes import Kind, Problem, problems
from forwardc.sandbox.secrets_rule import secret

# A merchant whose shopper comes from here is blocked: this sandbox's choice (RFC 5737, TEST-NET-1).
BLOCKED = ipaddress.ip_network("192.0.2.0/24")


def read(body: bytes, form: Form) -> dict[str, Any]:
    """The signed document. Raises `Refused`."""
    try:
        document = read_json(body)
    except Unreadable:
        raise Refused("2003") from None
    for problem in problems(form.shape, document):
        raise _refusal(problem)
    assert isinstance(document, dict)  # noqa: S101 - the shape said so
    _check_signature(document, form.envelope)
    _check_meaning(document)
    for name, code in form.card_members:
        # A member that is there but of the wrong kind is the card's own problem.
        if document["card"].get(name) in (None, ""):
            raise Refused(code, f"card.{name}")
    return document


def shared_secret() -> str:
    """The project's secret, alike for all projects of the sandbox."""
    return secret("rocketpay", "rocketpay_secret")


def _refusal(problem: Problem) -> Refused:
    if not problem.path:
        return Refused("702")
    return Refused("2004" if problem.kind is Kind.MISSING else "502", problem.path)


def _check_signature(document: dict[str, Any], envelope: str) -> None:
    place = f"{envelope}.signature"
    if document[envelope]["project_id"] < 1:
        raise Refused("2442", f"{envelope}.project_id")
    if not document[envelope]["signature"]:
        raise Refused("3262", place)
    try:
        good = rocketpay.verify(document, document[envelope]["signature"], shared_secret())
    except rocketpay.NotSignable:
        # No two SDKs print such a value alike, so no signature over it can be agreed on.
        raise Refused("702") from None
    if not good:
        raise Refused("3261", place)


def _check_meaning(document: dict[str, Any]) -> None:
    """Rules between members, and addresses."""
    for name, code in TOGETHER.items():
        if name not in document.get("payment", TOGETHER):
            raise Refused(code, f"payment.{name}")
    address = document["customer"].get("ip_address")
    if address is None:
        return
    try:
        blocked = ipaddress.ip_address(address) in BLOCKED
    except ValueError:
        raise Refused("502", "customer.ip_address") from None
    if blocked:
        raise Refused("303")
