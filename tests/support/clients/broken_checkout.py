"""Each rule of Checkout.com's tables broken once, as the body of a client's call."""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

from clients.checkout_base import BODY, CARD, HEALTHY, VAULT_SCOPES, order
from clients.checkout_payments import PAYMENT as PAID
from forwardc.sandbox.checkout.payment_tables import PAYMENT, SOURCES
from forwardc.sandbox.checkout.request_checks import MemberKind, MemberRule
from forwardc.sandbox.checkout.vault_tables import (
    FORWARD,
    FORWARD_SOURCES,
    INSTRUMENTS,
    NETWORK_TOKEN,
    NETWORK_TOKEN_SOURCES,
    SECRET,
    TOKENS,
)

# The call of a client, its rules, and a body that it takes.
CALLS: Mapping[str, tuple[tuple[MemberRule, ...], Mapping[str, Any]]] = {
    "tokens.card": (TOKENS["card"], CARD),
    "tokens.cvv": (TOKENS["cvv"], {"type": "cvv", "token_data": {"cvv": "100"}}),
    "instruments.create": (INSTRUMENTS["token"], {"type": "token", "token": "tok_" + "a" * 26}),
    "instruments.create (card)": (
        INSTRUMENTS["card"],
        {"type": "card", "number": CARD["number"], "expiry_month": 8, "expiry_year": 2030},
    ),
    "network_tokens.create": (
        (*NETWORK_TOKEN, *NETWORK_TOKEN_SOURCES["id"]),
        {"source": {"type": "id", "id": HEALTHY}},
    ),
    "forward.create": (
        (*FORWARD, *FORWARD_SOURCES["id"]),
        order({"type": "id", "id": HEALTHY}, BODY),
    ),
    "secrets.create": (SECRET, {"name": "broken", "value": "one"}),
    "payments.create": ((*PAYMENT, *SOURCES["card"]), PAID),
}
# What takes an access token only, with the scope of it.
SCOPES: Mapping[str, list[str]] = {"network_tokens.create": VAULT_SCOPES}
_OF_ANOTHER_KIND = {
    MemberKind.TEXT: 5,
    MemberKind.WHOLE: "ten",
    MemberKind.FLAG: "yes",
    MemberKind.OBJECT: "text",
    MemberKind.LIST: "text",
}


def broken(call: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The stem of the code that is expected, with a body that has one mistake there."""
    rules, sound = CALLS[call]
    for rule in rules:
        # The type of a request or a source is its class in Python, and filled in for Node.js.
        if rule.path.rpartition(".")[2] == "type":
            continue
        stem = rule.code or rule.path.replace(".", "_")
        if rule.required:
            yield stem, _with(sound, rule.path, None)
        for value in _wrong(rule):
            yield stem, _with(sound, rule.path, value)


def _wrong(rule: MemberRule) -> Iterator[Any]:
    if rule.kind in _OF_ANOTHER_KIND:
        yield _OF_ANOTHER_KIND[rule.kind]
    if rule.kind is MemberKind.TEXT and (rule.pattern or rule.choices):
        yield "no such value!"
    if rule.kind is MemberKind.TEXT and rule.longest is not None:
        yield "x" * (rule.longest + 1)
    if rule.most is not None:
        yield rule.most + 1
    if rule.least is not None:
        yield rule.least - 1


def _with(sound: Mapping[str, Any], path: str, value: Any) -> dict[str, Any]:
    """A copy of a body with another value at a path, or without it where the value is None."""
    made: dict[str, Any] = deepcopy(dict(sound))
    *parents, last = path.split(".")
    owner = made
    for name in parents:
        owner = owner.setdefault(name, {})
    owner.pop(last, None)
    if value is not None:
        owner[last] = value
    return made
