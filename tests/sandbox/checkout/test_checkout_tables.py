"""Each rule of each table is broken once, over HTTP: the member is named, the status is 422."""

import copy
from collections.abc import Iterator
from typing import Any

from forwardc.sandbox.checkout import payment_tables, vault_tables
from forwardc.sandbox.checkout.made_up_keys import checkout_public_key, checkout_secret_key
from forwardc.sandbox.checkout.request_checks import MemberKind, MemberRule
from one_rule import one_rule

CARD = {"number": "4242424242424242", "expiry_month": 8, "expiry_year": 2030}
NETWORK = {
    "token": "4000000000000077",
    "expiry_month": 8,
    "expiry_year": 2030,
    "token_type": "vts",
    "cryptogram": "c",
    "eci": "05",
}
SOURCES = {
    "card": {"type": "card", **CARD, "cvv": "100"},
    "network_token": {"type": "network_token", **NETWORK},
    "token": {"type": "token", "token": "tok_" + "a" * 26},
    "id": {"type": "id", "id": "src_visa_approved0000000000000"},
}
FORWARD: dict[str, Any] = {
    "source": {"type": "id", "id": "src_visa_approved0000000000000"},
    "processing_channel_id": "pc_" + "a" * 26,
    "destination_request": {
        "url": "https://psp.example.com/pay",
        "method": "POST",
        "headers": {"raw": {"Content-Type": "text/plain"}},
        "body": "x",
        "variables": [],
        "query": [],
    },
}
SECRET = checkout_secret_key()
SECOND = checkout_secret_key("second")
PUBLIC = checkout_public_key()


def signed(kind: str, **parameters: str) -> dict[str, Any]:
    body = copy.deepcopy(FORWARD)
    signature = {"type": kind, f"{kind}_parameters": parameters}
    body["destination_request"]["signature"] = signature
    return body


# Path of the endpoint, key, a good body, the table.
TABLES: dict[str, tuple[str, str, dict[str, Any], tuple[MemberRule, ...]]] = {
    "forward": ("/forward", SECRET, FORWARD, vault_tables.FORWARD),
    "forward id": ("/forward", SECRET, FORWARD, vault_tables.FORWARD_SOURCES["id"]),
    "forward token": (
        "/forward",
        SECRET,
        FORWARD | {"source": {"type": "token", "token": "tok_" + "a" * 26}},
        vault_tables.FORWARD_SOURCES["token"],
    ),
    "visa": (
        "/forward",
        SECRET,
        signed("visa", shared_secret="s"),
        vault_tables.SIGNATURES["visa"],
    ),
    "dlocal": (
        "/forward",
        SECRET,
        signed("dlocal", secret_key="s"),
        vault_tables.SIGNATURES["dlocal"],
    ),
    "card token": ("/tokens", PUBLIC, {"type": "card", **CARD}, vault_tables.TOKENS["card"]),
    "cvv token": (
        "/tokens",
        PUBLIC,
        {"type": "cvv", "token_data": {"cvv": "123"}},
        vault_tables.TOKENS["cvv"],
    ),
    "pin token": (
        "/tokens",
        PUBLIC,
        {"type": "pin", "token_data": {"pin": "1234"}},
        vault_tables.TOKENS["pin"],
    ),
    "instrument": (
        "/instruments",
        SECRET,
        {"type": "token", "token": "tok_" + "a" * 26},
        vault_tables.INSTRUMENTS["token"],
    ),
    "card instrument": (
        "/instruments",
        SECRET,
        {"type": "card", **CARD},
        vault_tables.INSTRUMENTS["card"],
    ),
    "secret": ("/forward/secrets", SECRET, {"name": "n", "value": "v"}, vault_tables.SECRET),
    "payment": (
        "/payments",
        SECOND,
        {"source": SOURCES["card"], "amount": 1, "currency": "USD"},
        payment_tables.PAYMENT,
    ),
    **{
        f"payment by {kind}": (
            "/payments",
            SECOND,
            {"source": SOURCES[kind], "amount": 1, "currency": "USD"},
            rules,
        )
        for kind, rules in payment_tables.SOURCES.items()
    },
}
OF_KIND = {
    MemberKind.TEXT: 7,
    MemberKind.WHOLE: "7",
    MemberKind.FLAG: "true",
    MemberKind.OBJECT: [],
    MemberKind.LIST: {},
}


def broken(rule: MemberRule) -> Iterator[tuple[str, Any]]:
    """Values that a rule does not take, each with what is wrong with it."""
    if rule.kind in OF_KIND:
        yield "kind", OF_KIND[rule.kind]
    if rule.required:
        yield "absent", None
    if rule.pattern:
        yield "pattern", "?"
    if rule.choices:
        yield "choice", "?"
    if rule.longest is not None:
        many = {f"X-{at}": "v" for at in range(rule.longest + 1)}
        yield "long", many if rule.kind is MemberKind.OBJECT else "x" * (rule.longest + 1)
    if rule.shortest:
        yield "short", ""
    if rule.least is not None:
        yield "least", rule.least - 1
    if rule.most is not None:
        yield "most", rule.most + 1


CASES = [
    (table, rule.path, wrong, value)
    for table, (_, _, _, rules) in TABLES.items()
    for rule in rules
    for wrong, value in broken(rule)
]


def changed(body: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    body = copy.deepcopy(body)
    owner = body
    *parents, last = path.split(".")
    for name in parents:
        owner = owner.setdefault(name, {})
    owner[last] = value
    return body


@one_rule(("table", "path", "wrong", "value"), CASES)
def test_a_broken_rule_is_named(vault: Any, table: str, path: str, wrong: str, value: Any) -> None:
    endpoint, key, good, _ = TABLES[table]
    reply = vault.send("POST", vault.API + endpoint, changed(good, path, value), key=key)
    assert reply.status == 422, reply.text
    assert reply.json()["error_type"] == "request_invalid"
    # An error names members, never their values; a missing type is named by a code only.
    assert path in reply.json()["errors"] or path == "type"


@one_rule("table", sorted(TABLES))
def test_what_no_table_names_is_refused(vault: Any, table: str) -> None:
    endpoint, key, good, rules = TABLES[table]
    parents = {rule.path.rpartition(".")[0] for rule in rules}
    for parent in sorted(parents):
        path = f"{parent}.unheard_of" if parent else "unheard_of"
        reply = vault.send("POST", vault.API + endpoint, changed(good, path, 1), key=key)
        assert reply.status == 422, path
        assert f"{path.replace('.', '_')}_unknown" in str(reply.json()["errors"])


@one_rule("table", sorted(TABLES))
def test_the_good_bodies_are_good(vault: Any, table: str) -> None:
    endpoint, key, good, _ = TABLES[table]
    reply = vault.send("POST", vault.API + endpoint, good, key=key)
    known = (200, 201)
    # Tokens of these bodies do not exist, and dLocal wants a header: nothing of the schema.
    if reply.status not in known:
        assert "required" not in str(reply.codes[:1]) or "x_login" in str(reply.codes)
        assert reply.codes[0] in (
            "token_invalid",
            "source_id_unknown",
            "x_login_header_required",
        )
