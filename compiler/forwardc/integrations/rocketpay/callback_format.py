"""Reads a verified callback of Rocketpay Gate.

Formats differ by merchant, and types drift (facts of the Gate's pages and SDKs): ids are text or
integers, dates have two forms, a card stands in `account` or `card`. What cannot be read is not
told, and nothing that looks like a card number or is longer than its place is kept. An id that
looks like one is refused with its callback: without it, nobody could tell what that is about.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from forwardc.core.diagnostics.errors import ForwardcError
from forwardc.core.outcome import Outcome
from forwardc.core.recognizer.cards import holds_card
from forwardc.integrations.card_tokens import Callback, CallbackKind, TokenFacts, TokenState

TOKEN = re.compile(r"[0-9a-f]{64}")
# The Gate shows six digits and four. More than ten could be a card number with a hole in it.
_MASKED = re.compile(r"[0-9]{0,6}[*xX\u2022]{2,15}[0-9]{0,4}")
# Characters: the longest id that the Gate takes (its page on tokens, customer.id).
_LONGEST = 255
_STATES = {state.value: state for state in TokenState if state is not TokenState.UNTOLD}
_ACTIONS = {"tokenize": TokenState.ACTIVE, "token_revoke": TokenState.REVOKED}
# A token is made on the first successful purchase, payout or hold (developers.rocketpay.kz).
_MADE_BY = frozenset({"success", "awaiting capture"})

_REQUESTS = {"success": Outcome.APPROVED, "error": Outcome.DECLINED}
# ECOMMPAY's list of payment statuses. What was refunded or reversed had succeeded before. Every
# other status, `error` and those to come among them, settles nothing.
_PAYMENTS = {
    "success": Outcome.APPROVED,
    "refunded": Outcome.APPROVED,
    "partially refunded": Outcome.APPROVED,
    "reversed": Outcome.APPROVED,
    "partially reversed": Outcome.APPROVED,
    "decline": Outcome.DECLINED,
    "canceled": Outcome.DECLINED,
    "cancelled": Outcome.DECLINED,
}

Json = Mapping[str, Any]


class CardNumberInIdError(ForwardcError, ValueError):
    """An id of a callback looks like a card number. The message is its name."""


def read_callback(
    document: Json,
    digest: str,
    destinations: tuple[str, ...],
    let_through: Collection[str] = frozenset(),
) -> Callback:
    """What a callback says. `digest` identifies it, `destinations` are those whose secret did.

    `let_through` names the params with `not_card: true`: the Gate tells their values again.

    Raises: `CardNumberInIdError`.
    """
    token = _token(document)
    if isinstance(document.get("payment"), dict):
        return _of_payment(document, digest, destinations, token, let_through)
    request = _object(document, "request")
    status = _text(document, "token_status") or _text(request, "status")
    kind = CallbackKind.OTHER
    if "token_status" in document or _text(request, "action") in _ACTIONS:
        kind = CallbackKind.TOKEN
    elif isinstance(document.get("account"), dict) and token:
        kind = CallbackKind.CARD
    return Callback(
        digest,
        kind,
        destinations,
        request_id=_id(request, "id", "request.id"),
        status=status,
        outcome=_REQUESTS.get(_text(request, "status") or ""),
        facts=_facts(document, token, _token_state(document, request), let_through)
        if token
        else None,
        announces=_text(request, "action") == "tokenize",
    )


def outcome_of_payment(status: str) -> Outcome | None:
    """The outcome that a payment status settles, or None where the payment is still under way."""
    return _PAYMENTS.get(status)


def _of_payment(
    document: Json,
    digest: str,
    destinations: tuple[str, ...],
    token: str | None,
    let_through: Collection[str],
) -> Callback:
    payment, operation = _object(document, "payment"), _object(document, "operation")
    status = _text(payment, "status")
    made = status in _MADE_BY
    is_let_through = "payment_id" in let_through
    state = TokenState.ACTIVE if made else TokenState.UNTOLD
    return Callback(
        digest,
        CallbackKind.PAYMENT,
        destinations,
        request_id=_id(operation, "request_id", "operation.request_id")
        or _id(_object(document, "request"), "id", "request.id"),
        payment_id=_id(payment, "id", "payment.id", is_let_through)
        or _id(_object(document, "general"), "payment_id", "general.payment_id", is_let_through),
        status=status,
        outcome=outcome_of_payment(status or ""),
        facts=_facts(document, token, state, let_through) if token else None,
        announces=made,
    )


def _token_state(document: Json, request: Json) -> TokenState:
    status = _text(document, "token_status")
    if status is not None:
        return _STATES.get(status, TokenState.UNTOLD)
    if _text(request, "status") == "success":
        return _ACTIONS.get(_text(request, "action") or "", TokenState.UNTOLD)
    return TokenState.UNTOLD


def _token(document: Json) -> str | None:
    for holder in (document, _object(document, "account")):
        token = holder.get("token")
        if isinstance(token, str) and TOKEN.fullmatch(token):
            return token
    return None


def _facts(
    document: Json, token: str, state: TokenState, let_through: Collection[str]
) -> TokenFacts:
    places = tuple(_card_places(document))
    return TokenFacts(
        token,
        state,
        customer_id=_id(
            _object(document, "customer"), "id", "customer.id", "customer_id" in let_through
        ),
        project_id=_id(document, "project_id", "project_id")
        or _id(_object(document, "general"), "project_id", "general.project_id")
        or _id(_object(document, "customer"), "project_id", "customer.project_id"),
        masked_number=_first(places, ("number",), _masked),
        scheme=_first(places, ("type",), _scheme),
        initials=_first(places, ("holder", "card_holder"), _initials),
        expires=next(filter(None, map(_expires, places)), None),
        created_at=_moment(_text(document, "token_created_at")),
    )


def _card_places(document: Json) -> Iterator[Json]:
    account = _object(document, "account")
    yield _object(_object(account, "additional"), "card")
    yield _object(document, "card")
    yield account


def _first(places: tuple[Json, ...], names: tuple[str, ...], read: Any) -> str | None:
    for place in places:
        for name in names:
            value = _text(place, name)
            shown: str | None = read(value) if value else None
            if shown:
                return shown
    return None


def _masked(text: str) -> str | None:
    return text if _MASKED.fullmatch(text) else None


def _scheme(text: str) -> str | None:
    # An account's own type is `card`, which is no scheme.
    return text.lower() if re.fullmatch(r"[A-Za-z ]{2,30}", text) and text != "card" else None


def _initials(text: str) -> str:
    return " ".join(f"{word[0]}***" for word in text.split()[:4])


def _expires(place: Json) -> str | None:
    expiry = _text(place, "expiry")
    if expiry:
        month, _, year = expiry.partition("/")
    else:
        month = _text(place, "exp_month") or _text(place, "expiry_month") or ""
        year = _text(place, "exp_year") or _text(place, "expiry_year") or ""
    if not re.fullmatch(r"0?[1-9]|1[0-2]", month) or not re.fullmatch(r"(?:20)?[0-9]{2}", year):
        return None
    return f"20{year[-2:]}-{int(month):02}"


def _moment(text: str | None) -> str | None:
    """A date in one of the two forms; without a zone it is taken as UTC."""
    for form in ("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S%z"):
        try:
            moment = datetime.strptime(text or "", form)  # noqa: DTZ007 - the next line adds it
            moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            # A date at either end of the calendar has no moment in UTC.
            return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        except (ValueError, OverflowError):
            continue
    return None


def _object(document: Json, name: str) -> Json:
    member = document.get(name)
    return member if isinstance(member, dict) else {}


def _id(document: Json, name: str, place: str, let_through: bool = False) -> str | None:
    """A text by which somebody is told apart. Raises `CardNumberInIdError`, naming its place."""
    value = document.get(name)
    if not let_through and isinstance(value, str | int) and holds_card(str(value)):
        raise CardNumberInIdError(place)
    return _text(document, name, let_through)


def _text(document: Json, name: str, let_through: bool = False) -> str | None:
    """A short text or a whole number as text; None for anything else and for what may be a card."""
    value = document.get(name)
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    text = str(value)
    if not 0 < len(text) <= _LONGEST or not text.isprintable():
        return None
    if not let_through and holds_card(text):
        return None
    return text
