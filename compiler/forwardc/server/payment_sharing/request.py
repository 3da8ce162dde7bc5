"""Reads the body of a call: all that is wrong with it at once, and never a value of it.

The members are those of Rokt's documents on card forwarding. JSON is read strictly, since a call
that is misread is worse than one that is refused.
"""

import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import field
from typing import Any, Final

from forwardc.core.dataclass import dataclass
from forwardc.core.diagnostics.errors import ForwardcError
from forwardc.core.recognizer.cards import holds_card
from forwardc.server.http.problems import ProblemError, ProblemKind

REFERENCE: Final = "reference"
"""What a setting calls the payment reference."""
REFERENCE_MEMBER: Final = "partnerPaymentReference"
DESTINATION_MEMBER: Final = "destination"
IDENTIFIERS_MEMBER: Final = "customerIdentifiers"
# Characters: what vaults take as a reference, Adyen's 80 at the most.
LONGEST_REFERENCE: Final = 80
# Members: Rokt documents two.
MOST_IDENTIFIERS: Final = 20
# Characters of an identifier's name.
LONGEST_NAME: Final = 64
# Characters: an email address has 254 (RFC 5321).
LONGEST_VALUE: Final = 256
# Characters: as Stripe's idempotency keys, so that a caller can use one for both.
LONGEST_KEY: Final = 255
# Levels of nesting: a valid body has two.
DEEPEST: Final = 8
UNPRINTABLE: Final = "\u0000-\u001f\u007f-\u009f"
_UNPRINTABLE: Final = re.compile(f"[{UNPRINTABLE}\ud800-\udfff]")
_KEY: Final = re.compile(rf"[!-~]{{1,{LONGEST_KEY}}}")
_MEMBERS: Final = (REFERENCE_MEMBER, DESTINATION_MEMBER, IDENTIFIERS_MEMBER)
# A member that nobody knows may be named by its caller in any way; so many are enough to mend it.
_MOST_ERRORS: Final = 20
_CARD: Final = "looks like a card number"


@dataclass(frozen=True, slots=True)
class SharingRequest:
    """What a caller asks for. Nothing of it has a repr."""

    reference: str = field(repr=False)
    destination: str = field(repr=False)
    identifiers: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Number:
    """A number, of which only its type matters: every member is text."""


class _DuplicateNameError(ForwardcError, ValueError):
    """A name stands twice in one object."""


def read_request(
    body: bytes, destinations: Collection[str], not_card: Collection[str] = ()
) -> SharingRequest:
    """The request in `body`.

    Raises: `ProblemError` with INVALID_REQUEST and all mistakes in `errors`.

    `not_card` names what may look like a card number: `reference`, `identifier.NAME`.
    An error is `{pointer, detail}`: RFC 6901, and which rule was broken.
    """
    document = _document(body)
    errors = [
        {"pointer": at, "detail": rule} for at, rule in _mistakes(document, destinations, not_card)
    ]
    if errors:
        raise _invalid(errors[:_MOST_ERRORS])
    identifiers = document.get(IDENTIFIERS_MEMBER, {})
    return SharingRequest(document[REFERENCE_MEMBER], document[DESTINATION_MEMBER], identifiers)


def read_key(values: Collection[str], not_card: Collection[str] = ()) -> str | None:
    """The Idempotency-Key out of its header fields; None without one.

    Raises `ProblemError` with INVALID_REQUEST. The key is the caller's and is compared as it came.
    """
    if not values:
        return None
    (key, *more) = values
    if more or not _KEY.fullmatch(key):
        rule = f"is sent once, with 1 to {LONGEST_KEY} visible ASCII characters"
        raise _invalid([{"header": "Idempotency-Key", "detail": rule}])
    if REFERENCE not in not_card and holds_card(key):
        # A caller that makes its key of the reference is let through with it.
        raise _invalid([{"header": "Idempotency-Key", "detail": _CARD}])
    return key


def _invalid(errors: list[dict[str, str]]) -> ProblemError:
    return ProblemError(ProblemKind.INVALID_REQUEST, more={"errors": errors})


def _document(body: bytes) -> dict[str, Any]:
    try:
        text = body.decode("utf-8")
        document = _DECODER.decode(text)
    except _DuplicateNameError:
        raise _whole("holds a name twice in one object") from None
    except (ValueError, RecursionError):
        # Not chained: the decoder's error carries the document.
        raise _whole("is not JSON in UTF-8") from None
    # Fewer brackets than that cannot nest deeper.
    if text.count("{") + text.count("[") > DEEPEST and _depth(document) > DEEPEST:
        raise _whole(f"nests deeper than {DEEPEST} levels")
    if not isinstance(document, dict):
        raise _whole("is not an object")
    return document


def _whole(rule: str) -> ProblemError:
    return _invalid([{"pointer": "", "detail": rule}])


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _DuplicateNameError
    return members


def _number(_: str) -> _Number:
    return _Number()


def _constant(_: str) -> Any:
    raise ValueError("not JSON")


# Made once: every call is read by it.
_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_members, parse_int=_number, parse_float=_number, parse_constant=_constant
)


def _depth(document: object) -> int:
    """How deep containers nest; looked at level by level, so that no nesting can exhaust it."""
    level, depth = [document], 0
    while level:
        inner: list[object] = []
        for item in level:
            if isinstance(item, dict):
                inner += [*item.values(), None]
            elif isinstance(item, list):
                inner += [*item, None]
        depth += bool(inner)
        if depth > DEEPEST:
            break
        level = inner
    return depth


def _mistakes(
    document: dict[str, Any], destinations: Collection[str], not_card: Collection[str]
) -> Iterator[tuple[str, str]]:
    reference = document.get(REFERENCE_MEMBER)
    yield from _reference_mistakes(reference)
    if REFERENCE not in not_card and isinstance(reference, str) and holds_card(reference):
        yield "/" + REFERENCE_MEMBER, _CARD
    destination = document.get(DESTINATION_MEMBER)
    if DESTINATION_MEMBER not in document:
        yield "/" + DESTINATION_MEMBER, "is required"
    elif not isinstance(destination, str):
        yield "/" + DESTINATION_MEMBER, "is not a string"
    elif destination not in destinations:
        yield "/" + DESTINATION_MEMBER, "is not one of the destinations that OpenAPI names"
    if IDENTIFIERS_MEMBER in document:
        yield from _identifier_mistakes(document[IDENTIFIERS_MEMBER])
        yield from _cards_in(document[IDENTIFIERS_MEMBER], not_card)
    if document.keys() - set(_MEMBERS):
        # What the member is called may itself be a value in the wrong place.
        yield "", f"has members beside {', '.join(_MEMBERS)}"


def _reference_mistakes(value: object) -> Iterator[tuple[str, str]]:
    at = "/" + REFERENCE_MEMBER
    if value is None:
        yield at, "is required, and a string"
    elif not isinstance(value, str):
        yield at, "is not a string"
    elif not 1 <= len(value) <= LONGEST_REFERENCE:
        yield at, f"must have 1 to {LONGEST_REFERENCE} characters"
    elif _UNPRINTABLE.search(value):
        yield at, "holds a control character"


def _identifier_mistakes(value: object) -> Iterator[tuple[str, str]]:
    at = "/" + IDENTIFIERS_MEMBER
    if not isinstance(value, dict):
        yield at, "is not an object"
        return
    if len(value) > MOST_IDENTIFIERS:
        yield at, f"has more than {MOST_IDENTIFIERS} members"
    if not all(_is_text(name, LONGEST_NAME) and name for name in value):
        yield at, f"has a name without 1 to {LONGEST_NAME} characters, or with a control character"
    if not all(isinstance(text, str) for text in value.values()):
        yield at, "has a value that is not a string"
    elif not all(_is_text(text, LONGEST_VALUE) for text in value.values()):
        yield at, f"has a value of more than {LONGEST_VALUE} characters or with control characters"


def _cards_in(identifiers: object, not_card: Collection[str]) -> Iterator[tuple[str, str]]:
    for name, value in identifiers.items() if isinstance(identifiers, dict) else ():
        if holds_card(name):
            yield "/" + IDENTIFIERS_MEMBER, f"has a name that {_CARD}"
        elif f"identifier.{name}" in not_card or not isinstance(value, str):
            continue
        elif holds_card(value):
            # Not its pointer: a name is the caller's, and may be a value in the wrong place.
            yield "/" + IDENTIFIERS_MEMBER, f"has a value that {_CARD}"


def _is_text(text: str, longest: int) -> bool:
    return len(text) <= longest and not _UNPRINTABLE.search(text)
