"""The pages of card tokens that callbacks have told of: the list, and one token.

They show what is stored and send nothing: a token is revoked at the command line.
"""

import re
from collections.abc import Mapping
from typing import Final

from forwardc.core.dataclass import dataclass
from forwardc.dashboard.filters import Choice, address, address_error, read_cursor, read_search
from forwardc.dashboard.views import Page, PageRefusedError, PageSet, ViewContext, ViewRequest
from forwardc.integrations.card_tokens import TokenFilter, TokenState
from forwardc.integrations.rocketpay.signers import NAME
from forwardc.integrations.rocketpay.token_tables import TokenTables

# Rows that a screen or two show; the older ones are a click away.
_ROWS: Final = 50
# A token has a few callbacks; the bound keeps a page of a broken one small.
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

    chosen: Mapping[str, str]
    choices: Mapping[str, list[Choice]]
    filter: TokenFilter


def tokens(context: ViewContext, request: ViewRequest) -> Page:
    """One page of tokens, those that changed last first."""
    form = _form(request.query)
    cursor = read_cursor(request.query)
    tables = TokenTables(context.store)
    listed = tables.search(form.filter, cursor=cursor, limit=_ROWS)
    older = address("/tokens", form.chosen, after=str(listed.cursor)) if listed.cursor else None
    return Page(
        "tokens.html.j2",
        {
            "here": "/tokens",
            "form": form,
            "tokens": listed.tokens,
            "words": _WORDS,
            "colours": _COLOURS,
            "older": older,
            "first": address("/tokens", form.chosen) if cursor else None,
        },
    )


def token_page(context: ViewContext, request: ViewRequest) -> Page:
    """A token with its callbacks. Raises `PageRefusedError` with status 404."""
    teller, token = request.path["teller"], request.path["token"]
    is_address = teller in _TELLERS and _TOKEN.match(token)
    tables = TokenTables(context.store, emulated=_TELLERS.get(teller, False))
    record = tables.token(token) if is_address else None
    if record is None:
        raise PageRefusedError(
            404, "No such token", "No callback has told of a token with this name."
        )
    callbacks = list(reversed(tables.callbacks_of(token, _CALLBACKS)))
    return Page(
        "token.html.j2",
        {
            "here": "/tokens",
            "record": record,
            "words": _WORDS,
            "colours": _COLOURS,
            "callbacks": callbacks,
            "destination": callbacks[0].destinations[0] if callbacks else NAME,
            "most": _CALLBACKS,
        },
    )


def _form(query: Mapping[str, str]) -> TokenForm:
    names = ("find", "state", "told")
    if set(query) - {*names, "after"}:
        raise address_error("A filter stands in it that this page does not have.")
    chosen = {name: query.get(name, "").strip() for name in names}
    for name, values in (("state", STATES), ("told", _TELLERS)):
        if chosen[name] and chosen[name] not in values:
            raise address_error(
                f"The filter {name} is not one that can be chosen: {', '.join(values)}."
            )
    token_filter = TokenFilter(
        state=STATES.get(chosen["state"]),
        emulated=_TELLERS.get(chosen["told"]),
        text=read_search(chosen["find"]),
    )
    states = [(name, _WORDS[state]) for name, state in STATES.items()]
    tellers = [("gate", "Rocketpay"), ("sandbox", "forwardc sandbox")]
    choices = {"state": [("", "all"), *states], "told": [("", "all"), *tellers]}
    return TokenForm(chosen, choices, token_filter)


PAGES: Final = PageSet(
    "forwardc.integrations.rocketpay",
    {"/tokens": tokens, "/tokens/{teller}/{token}": token_page},
    (("/tokens", "Tokens"),),
)
