"""Reads what a vault told of a card by the way: its scheme, and the country of its issuer.

Knows no vault: where they stand is data of the plan. What has not the form of one is dropped.
"""

import re
from typing import Any, Final

from forwardc.diagnostics.cards import find_cards
from forwardc.plan.countries import COUNTRIES
from forwardc.plan.pointer import resolve
from forwardc.plan.showing import Tells
from forwardc.runtime.shapes import CardFacts

_SCHEME: Final = re.compile(r"[A-Za-z0-9 _-]{1,40}")


def card_facts(tells: Tells, document: Any) -> CardFacts:
    """What an answer, as JSON, tells of the card."""
    return CardFacts(
        scheme=_scheme(_at(document, tells.scheme)),
        issuing_country=_country(_at(document, tells.issuing_country)),
    )


def _at(document: Any, pointer: str | None) -> str | None:
    found = None if pointer is None else resolve(document, pointer)
    return found if isinstance(found, str) else None


def _scheme(text: str | None) -> str | None:
    plain = text is not None and _SCHEME.fullmatch(text) and not find_cards(text)
    return text if plain else None


def _country(text: str | None) -> str | None:
    return text if text in COUNTRIES else None
