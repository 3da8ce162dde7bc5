"""Reads what a vault told by the way: a card's scheme and issuing country, its own page of a call.

Knows no vault: where they stand is data of the plan. What has not the form of one is dropped.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from forwardc.core.countries import COUNTRIES
from forwardc.core.recognizer.cards import find_cards
from forwardc.core.terms.values import resolve
from forwardc.plan.answers import CardMetadata, LogAt
from forwardc.runtime.run.result import CardFacts

_PAGE: Final = re.compile(r"[A-Za-z0-9_./-]{1,300}(?:\?[A-Za-z0-9_.=&-]{0,100})?")
_SCHEME: Final = re.compile(r"[A-Za-z0-9 _-]{1,40}")


def card_facts(tells: CardMetadata, document: Any) -> CardFacts:
    """What an answer, as JSON, tells of the card."""
    return CardFacts(
        scheme=_scheme(_at(document, tells.scheme)),
        issuing_country=_country(_at(document, tells.issuing_country)),
    )


def card_of_outputs(outputs: Mapping[str, object]) -> CardFacts:
    """What a destination told of the card, where its file has outputs of these names."""
    scheme, country = outputs.get("card_scheme"), outputs.get("card_issuing_country")
    return CardFacts(
        scheme=_scheme(scheme if isinstance(scheme, str) else None),
        issuing_country=_country(country if isinstance(country, str) else None),
    )


def log_url(log: LogAt | None, document: Any) -> str | None:
    """The vault's own page of a call, where its answer names one of its own host.

    Whoever shows it makes a link of it: it is https, has a path of plain characters, and neither
    user, port nor fragment.
    """
    found = None if log is None else resolve(document, log.at)
    if log is None or not isinstance(found, str):
        return None
    start = f"https://{log.host}/"
    rest = found.removeprefix(start)
    is_plain = found.startswith(start) and _PAGE.fullmatch(rest) and not find_cards(found)
    return found if is_plain else None


def _at(document: Any, pointer: str | None) -> str | None:
    found = None if pointer is None else resolve(document, pointer)
    return found if isinstance(found, str) else None


def _scheme(text: str | None) -> str | None:
    plain = text is not None and _SCHEME.fullmatch(text) and not find_cards(text)
    return text if plain else None


def _country(text: str | None) -> str | None:
    return text if text in COUNTRIES else None
