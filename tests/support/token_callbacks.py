"""Callbacks about tokens in every state, stored as the dashboard's own route stores them."""

from hashlib import sha256
from typing import Any

import gate
from forwardc.integrations.rocketpay.callback_format import read_callback
from forwardc.integrations.rocketpay.token_tables import TokenTables
from forwardc.runtime.history.store import Store

ACTIVE, EXPIRED, REVOKED, UNTOLD = (f"{digit}" * 58 + "0a1b2c" for digit in "abcd")
PLAYED = gate.OTHER


def store_tokens(store: Store) -> None:
    """One token in each state, and an active one of a sandbox."""
    gates = TokenTables(store)
    card = {"exp_month": "08", "exp_year": "2030", "holder": "JANE ROE"}
    whose = {
        token: {"token": token, "customer": {"id": customer}}
        for token, customer in (
            (ACTIVE, "customer-1"),
            (EXPIRED, "customer-2"),
            (REVOKED, "c" * 60),
        )
    }
    for names in whose.values():
        _receive(gates, gate.of_token(card={**card, "number": "424242******4242"}, **names))
    _receive(gates, gate.of_card(token=ACTIVE))
    _receive(gates, gate.of_token(None, "expiry", **whose[EXPIRED]))
    _receive(gates, gate.of_token("token_revoke", "revoke", **whose[REVOKED]))
    _receive(gates, gate.of_card(token=UNTOLD))
    _receive(TokenTables(store, emulated=True), gate.of_token(token=PLAYED))


def _receive(tables: TokenTables, document: dict[str, Any]) -> None:
    tables.receive(
        read_callback(document, sha256(gate.body(document)).hexdigest(), gate.DESTINATIONS)
    )
