"""Which leaves of a destination's body are card fields.

Knows no HTTP and no state. The tables of real destinations follow what Stripe prints and, where
it prints nothing, the destination's own API.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from forwardc.sandbox.stripe.leaves import BodyLeaf, exact_xpath


class BodyField(Enum):
    """What a leaf holds, and the replacement that fills it."""

    NUMBER = "number"
    MONTH = "expiry_month"
    YEAR = "expiry_year"
    CVC = "cvc"
    NAME = "name"
    EXPIRY = "expiry"
    SIGNATURE = "signature"
    TOKEN_NUMBER = "token_number"  # noqa: S105 - a kind of field
    TOKEN_MONTH = "token_month"  # noqa: S105 - a kind of field
    TOKEN_YEAR = "token_year"  # noqa: S105 - a kind of field
    TOKEN_EXPIRY = "token_expiry"  # noqa: S105 - a kind of field
    TOKEN_CRYPTOGRAM = "token_cryptogram"  # noqa: S105 - a kind of field
    TOKEN_ECI = "token_eci"  # noqa: S105 - a kind of field


ARRANGED = frozenset(field for field in BodyField if field.value.startswith("token_")) | {
    BodyField.EXPIRY,
    BodyField.SIGNATURE,
}
"""What no document has, so that it is filled only where an arrangement was handed over."""

DATES = frozenset(
    {BodyField.MONTH, BodyField.YEAR, BodyField.EXPIRY}
    | {BodyField.TOKEN_MONTH, BodyField.TOKEN_YEAR, BodyField.TOKEN_EXPIRY}
)
"""What may be a JSON number."""


@dataclass(frozen=True, slots=True)
class Blank:
    """What a leaf is filled with; a date of a form of its own says which: `MMYY`, `YYYY-MM`."""

    field: BodyField
    form: str = ""


REPLACED_BY = {
    BodyField.NUMBER: "card_number",
    BodyField.MONTH: "card_expiry",
    BodyField.YEAR: "card_expiry",
    BodyField.CVC: "card_cvc",
    BodyField.NAME: "cardholder_name",
    BodyField.EXPIRY: "card_expiry",
    BodyField.SIGNATURE: "request_signature",
    BodyField.TOKEN_NUMBER: "network_token_number",
    BodyField.TOKEN_MONTH: "network_token_expiry",
    BodyField.TOKEN_YEAR: "network_token_expiry",
    BodyField.TOKEN_EXPIRY: "network_token_expiry",
    BodyField.TOKEN_CRYPTOGRAM: "network_token_cryptogram",
    BodyField.TOKEN_ECI: "network_token_electronic_commerce_indicator",
}

_SPECIFIC = {
    BodyField.NUMBER: "pan cardnumber accountnumber primaryaccountnumber cardno ccnumber cardpan",
    BodyField.MONTH: "expmonth expirymonth expirationmonth cardexpmonth cardexpirymonth expm",
    BodyField.YEAR: "expyear expiryyear expirationyear cardexpyear cardexpiryyear expy",
    BodyField.CVC: "cvc cvc2 cvv cvv2 csc cid securitycode cardcvc cardcvv cardsecuritycode "
    "verificationvalue cardverificationvalue",
    BodyField.NAME: "holdername cardholdername cardholder nameoncard cardname",
}
_GENERIC = {
    "number": BodyField.NUMBER,
    "month": BodyField.MONTH,
    "mm": BodyField.MONTH,
    "year": BodyField.YEAR,
    "yyyy": BodyField.YEAR,
    "name": BodyField.NAME,
    "holder": BodyField.NAME,
}
_BY_NAME = {name: field for field, names in _SPECIFIC.items() for name in names.split()}
_CARD_PARENT = re.compile(r"card|payment|instrument|expir")


def known_fields(table: Mapping[str, str], leaves: list[BodyLeaf]) -> dict[str, Blank]:
    """The card fields among the leaves, by place.

    A table's key is a path, or `//a/b` for any path that ends so; its value a `BodyField`, of a
    date in a form of its own with that after a colon.
    """
    found: dict[str, Blank] = {}
    for leaf in leaves:
        for pattern, kind in table.items():
            tail = pattern[1:] if pattern.startswith("//") else None
            same = leaf.exact == exact_xpath(pattern) if leaf.xml else leaf.path == pattern
            if same or (tail and leaf.path.endswith(tail)):
                found[leaf.place] = blank_of(kind)
    return found


def blank_of(kind: str) -> Blank:
    """What a table's value means: `number`, `expiry_month:number`, `expiry:MMYY`."""
    name, _, rest = kind.partition(":")
    form = rest.partition(":")[0]
    return Blank(BodyField(name), "" if form == "number" else form)


def numeric_only(table: Mapping[str, str], path: str) -> bool:
    """Whether the destination wants a JSON number there: the kind is written `...:number`."""
    return table.get(path, "").endswith(":number")


def guessed_fields(leaves: list[BodyLeaf]) -> dict[str, Blank]:
    """Blank leaves whose names are well known as card fields: the sandbox's own rule.

    Names such as `number` and `name` count only beside another card field, or in a map whose
    name speaks of a card.
    """
    blank = [leaf for leaf in leaves if is_blank(leaf)]
    sure = [leaf for leaf in blank if _last(leaf) in _BY_NAME]
    found = {leaf.place: Blank(_BY_NAME[_last(leaf)]) for leaf in sure}
    parents = {_parent(leaf.path) for leaf in sure}
    for leaf in blank:
        parent = _parent(leaf.path)
        # Two names up: XML has <expiryDate><date month="" year=""/></expiryDate>.
        above = _squeeze("".join(parent.split("/")[-2:]))
        near = parent in parents or _CARD_PARENT.search(above)
        if _last(leaf) in _GENERIC and near:
            found[leaf.place] = Blank(_GENERIC[_last(leaf)])
    return found


def is_blank(leaf: BodyLeaf) -> bool:
    """An empty string, or the number 0 (guide of May 2026)."""
    return leaf.value == "" or (type(leaf.value) is int and leaf.value == 0)


def _last(leaf: BodyLeaf) -> str:
    return _squeeze(leaf.path.rpartition("/")[2])


def _parent(path: str) -> str:
    return path.rpartition("/")[0]


def _squeeze(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
