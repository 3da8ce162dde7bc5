"""Adds what a callback says to what is known of a token. Pure: no clock, no store.

Callbacks arrive in any order and more than once, and carry no time that can be trusted. So each
field takes the greater of two values in an order of its own, and the result depends on neither
order nor repetition: the functions here are commutative, associative and idempotent.
"""

from dataclasses import replace

from forwardc.runtime.tokens.records import TokenFacts, TokenState

# The Gate's documents know no way back from `expiry` or `revoke`: a card whose token is no longer
# valid gets a new token. So a late `active` never undoes them.
_RANK = {state: rank for rank, state in enumerate(TokenState)}


def apply(current: TokenFacts | None, told: TokenFacts) -> TokenFacts:
    """What is known of a token once a callback has told `told` of it."""
    if current is None:
        return told
    return replace(
        current,
        state=max(current.state, told.state, key=_RANK.__getitem__),
        # The expiry date of a token moves when its card is paid with under a later one; an
        # earlier date comes from an older callback.
        expires=_greater(current.expires, told.expires),
        created_at=_smaller(current.created_at, told.created_at),
        masked_number=_clearer(current.masked_number, told.masked_number),
        # These do not change for one token. Where the Gate contradicts itself, any rule will do
        # that does not depend on the order.
        customer_id=_greater(current.customer_id, told.customer_id),
        project_id=_greater(current.project_id, told.project_id),
        scheme=_greater(current.scheme, told.scheme),
        initials=_greater(current.initials, told.initials),
    )


def _greater(one: str | None, other: str | None) -> str | None:
    return max(filter(None, (one, other)), default=None)


def _smaller(one: str | None, other: str | None) -> str | None:
    return min(filter(None, (one, other)), default=None)


def _clearer(one: str | None, other: str | None) -> str | None:
    """The masked number that shows more digits."""
    return max(filter(None, (one, other)), key=lambda text: (_digits(text), text), default=None)


def _digits(text: str) -> int:
    return sum(map(str.isdigit, text))
