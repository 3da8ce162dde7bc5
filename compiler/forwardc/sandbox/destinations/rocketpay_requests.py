"""Reads a request to Rocketpay Gate: shape, project and signature.

Knows no operation's effect; the shapes are `rocketpay_forms`. Sources: developers.rocketpay.kz,
ECOMMPAY's Gate pages, its SDKs for the signature.
"""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from forwardc.sandbox.crypto import rocketpay
from forwardc.sandbox.destinations.bodies import UnreadableBodyError, read_json
from forwardc.sandbox.destinations.credentials import holder
from forwardc.sandbox.destinations.rocketpay_errors import GateError
from forwardc.sandbox.destinations.rocketpay_forms import TOGETHER, GateForm
from forwardc.sandbox.destinations.rocketpay_tokens import TokenOwner
from forwardc.sandbox.destinations.shapes import MistakeKind, ShapeMistake, shape_mistakes
from forwardc.sandbox.world import World

HOST = "api.rocketpay.kz"
_WITHOUT = holder("rocketpay", ("rocketpay_secret", "signature"))

# A merchant whose shopper comes from here is blocked: this sandbox's choice (RFC 5737, TEST-NET-1).
BLOCKED = ipaddress.ip_network("192.0.2.0/24")


@dataclass(frozen=True, slots=True)
class GateRequest:
    """A request that was checked: its body, its form, and the secret that it is signed with."""

    document: dict[str, Any] = field(repr=False)
    form: GateForm
    secret: str = field(repr=False)

    @property
    def project(self) -> int:
        """The project that asks."""
        project: int = self.document[self.form.envelope]["project_id"]
        return project

    @property
    def owner(self) -> TokenOwner:
        """Whose token it is about: the customer's, within the project."""
        return TokenOwner(self.project, self.document["customer"]["id"])


def read(world: World, body: bytes, form: GateForm) -> GateRequest:
    """The signed request. Raises `GateError`."""
    try:
        document = read_json(body)
    except UnreadableBodyError:
        raise GateError("2003") from None
    for problem in shape_mistakes(form.shape, document):
        raise _refusal(problem)
    assert isinstance(document, dict)  # noqa: S101 - the shape said so
    secret = _signed_with(shared_secrets(world), document, form.envelope)
    _check_meaning(document)
    for name, code in form.card_members:
        # A member that is there but of the wrong kind is the card's own problem.
        if document["card"].get(name) in (None, ""):
            raise GateError(code, f"card.{name}")
    return GateRequest(document, form, secret)


def shared_secrets(world: World) -> tuple[str, ...]:
    """The secrets that sign at this host, alike for all projects of the Gate."""
    return tuple(text for one in world.holders(HOST, _WITHOUT) for text in one.at("signature"))


def _refusal(problem: ShapeMistake) -> GateError:
    if not problem.path:
        return GateError("702")
    return GateError("2004" if problem.kind is MistakeKind.MISSING else "502", problem.path)


def _signed_with(secrets: tuple[str, ...], document: dict[str, Any], envelope: str) -> str:
    """The secret of the signature. Raises `GateError`."""
    place, signature = f"{envelope}.signature", document[envelope]["signature"]
    if document[envelope]["project_id"] < 1:
        raise GateError("2442", f"{envelope}.project_id")
    if not signature:
        raise GateError("3262", place)
    try:
        good = [one for one in secrets if rocketpay.verify(document, signature, one)]
    except rocketpay.UnsignableBodyError:
        # No two SDKs print such a value alike, so no signature over it can be agreed on.
        raise GateError("702") from None
    if not good:
        raise GateError("3261", place)
    return good[0]


def _check_meaning(document: dict[str, Any]) -> None:
    """Rules between members, and addresses."""
    payment = document.get("payment", TOGETHER)
    for name, code in TOGETHER.items():
        # A form without a payment takes any member of this name: it need be no object.
        if isinstance(payment, Mapping) and name not in payment:
            raise GateError(code, f"payment.{name}")
    address = document["customer"].get("ip_address")
    if address is None:
        return
    try:
        blocked = ipaddress.ip_address(address) in BLOCKED
    except ValueError:
        raise GateError("502", "customer.ip_address") from None
    if blocked:
        raise GateError("303")
