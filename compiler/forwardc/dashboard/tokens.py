"""The card tokens that callbacks have told of: the list, and the page of one.

Shows what is stored and sends nothing: a token is revoked at the command line.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from forwardc.dashboard.desk import Asked, Desk, Page, Refused
from forwardc.dashboard.filters import Choice, address, read_cursor, read_search, wrong
from forwardc.runtime.tokens.records import TokenFilter, TokenState
from forwardc.runtime.tokens.tables import TokenTables

_ROWS: Final = 50
_CALLBACKS: Final = 100
_TOKEN: Final = re.compile(r"[0-9a-f]{64}\Z")
STATES: Final[Mapping[str, TokenState]] = {
    "active": TokenState.ACTIVE,
    "expired": TokenState.EXPIRED,
    "revoked": TokenState.REVOKED,
    "untold": TokenState.UNTOLD,
}
_WORDS: Final = {state: name for name, state in STATES.items()} | {TokenState.UNTOLD: "not told"}
_COLOURS: Final = {
    TokenState.ACTIVE: "approved",
    TokenState.EXPIRED: "declined",
    TokenState.REVOKED: "rejected",
    TokenState.UNTOLD: "open",
}
_TELLERS: Final = {"gate": False, "sandbox": True}


@dataclass(frozen=True, slots=True)
class TokenForm:
    """The filters of the list as a form shows them."""

    given: Mapping[str, str]
    choices: Mapping[str, list[Choice]]
    filter: TokenFilter


def tokens(desk: Desk, asked: Asked) -> Page:
    """One page of tokens, those that changed last first."""
    form = _form(asked.query)
    cursor = read_cursor(asked.query)
    tables = TokenTables(desk.store)
    found = tables.search(form.filter, cursor=cursor, limit=_ROWS)
    older = address("/tokens", form.given, after=str(found.cursor)) if found.cursor else None
    return Page(
        "tokens.html.j2",
        {
            "here": "/tokens",
            "form": form,
            "tokens": found.tokens,
            "words": _WORDS,
            "colours": _COLOURS,
            "older": older,
            "first": address("/tokens", form.given) if cursor else None,
        },
    )


def token_page(desk: Desk, asked: Asked) -> Page:
    """A token with its callbacks. Raises `Refused` with status 404."""
    teller, token = asked.path["teller"], asked.path["token"]
    known = teller in _TELLERS and _TOKEN.match(token)
    tables = TokenTables(desk.store, emulated=_TELLERS.get(teller, False))
    record = tables.token(token) if known else None
    if record is None:
        raise Refused(404, "No such token", "No callback has told of a token with this name.")
    return Page(
        "token.html.j2",
        {
            "here": "/tokens",
            "record": record,
            "words": _WORDS,
            "colours": _COLOURS,
            "callbacks": list(reversed(tables.callbacks_of(token, _CALLBACKS))),
            "most": _CALLBACKS,
        },
    )


def _form(query: Mapping[str, str]) -> TokenForm:
    names = ("find", "state", "told")
    if set(query) - {*names, "after"}:
        raise wrong("A filter stands in it that this page does not have.")
    given = {name: query.get(name, "").strip() for name in names}
    for name, known in (("state", STATES), ("told", _TELLERS)):
        if given[name] and given[name] not in known:
            raise wrong(f"The filter {name} is not one that can be chosen: {', '.join(known)}.")
    chosen = TokenFilter(
        state=STATES.get(given["state"]),
        emulated=_TELLERS.get(given["told"]),
        text=read_search(given["find"]),
    )
    states = [(name, _WORDS[state]) for name, state in STATES.items()]
    tellers = [("gate", "Rocketpay"), ("sandbox", "forwardc sandbox")]
    return TokenForm(
        given, {"state": [("", "all"), *states], "told": [("", "all"), *tellers]}, chosen
    )
