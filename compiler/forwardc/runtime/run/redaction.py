"""Makes text that came from outside fit to be shown: no secret, no card number, one screen.

Knows the values of one run, and nothing of where they came from.
"""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote, quote_plus

from forwardc.core.diagnostics.render.clean import printable
from forwardc.core.recognizer.cards import find_cards
from forwardc.core.recognizer.scan import mask
from forwardc.core.terms.escaping import UNRESERVED
from forwardc.core.terms.values import MASK, Secret
from forwardc.runtime.run.outputs import ShownValue
from forwardc.runtime.run.result import BoundRequest, ShownRequest
from forwardc.runtime.run.telling import WORDS

_SHORTEST = 3
_MOST_CHARACTERS = 600
_WORDS = "|".join(WORDS)
_NAME = rf"[\w.\[\]-]{{0,40}}(?:{_WORDS})[\w.\[\]-]{{0,40}}"
# What an answer may hold that only its name gives away: as JSON, as a form, as XML.
_TELLING = (
    re.compile(rf'("{_NAME}"\s*:\s*)("(?:[^"\\]|\\.)*"?|[\w.+-]+)', re.IGNORECASE),
    re.compile(rf"((?:^|[&?\s])(?:{_NAME})=)([^&\s]+)", re.IGNORECASE),
    re.compile(rf"(<{_NAME}(?:\s[^>]{{0,200}})?>)([^<]+)", re.IGNORECASE),
)


class Redactor:
    """Replaces every tainted value of a run by `***`, however it was encoded."""

    __slots__ = ("_hidden", "_longest_first")

    def __init__(self) -> None:
        self._hidden: set[str] = set()
        self._longest_first: tuple[str, ...] = ()

    def hide_values(self, values: Mapping[str, Any]) -> None:
        """Hide every `Secret` among the values of a scope."""
        for value in values.values():
            if isinstance(value, Secret):
                self._hide(_leaves(value.reveal()))

    def hide_request(self, request: BoundRequest) -> None:
        """Hide every header value that is shown masked, such as a computed credential.

        One that is hidden by the values in it needs no more.
        """
        shown = dict(request.shown.headers)
        masked = (pair for pair in request.headers if shown.get(pair[0]) != pair[1])
        self._hide(value for name, value in masked if self._replaced(value) != shown.get(name))

    def hide(self, text: str) -> str:
        """A text without the run's tainted values and card numbers, and otherwise unchanged."""
        return mask(self._replaced(text))

    def shown(self, value: ShownValue) -> ShownValue:
        """An output as it is shown: text masked, and a number where it looks like a card's."""
        if isinstance(value, bool) or value is None:
            return value
        hidden = self.hide(str(value))
        return hidden if isinstance(value, str) or hidden != str(value) else value

    def identifier(self, text: str) -> str:
        """A vault's id without the run's tainted values. Whole, or nobody could ask for it again.

        One that looks like a card number is masked where it is shown.
        """
        return self._replaced(text)

    def text(self, text: str) -> str:
        """A whole answer on one line, also without what its names give away, cut after 600."""
        shown = " ".join(printable(self.hide(without_telling_names(text))).split())
        return shown if len(shown) <= _MOST_CHARACTERS else shown[:_MOST_CHARACTERS] + "..."

    def _replaced(self, text: str) -> str:
        for value in self._longest_first:
            text = text.replace(value, MASK)
        return text

    def _hide(self, values: Iterable[str]) -> None:
        found = {value for value in values if len(value) >= _SHORTEST}
        new = set().union(*map(_spellings, found)) - self._hidden
        if new:
            self._hidden |= new
            # So that no value leaves the rest of a longer one behind.
            self._longest_first = tuple(sorted(self._hidden, key=len, reverse=True))


def without_telling_names(text: str) -> str:
    """A text without the values that only their names give away, as JSON, form or XML has them."""
    for telling in _TELLING:
        text = telling.sub(rf"\1{MASK}", text)
    return text


def masked(request: ShownRequest) -> ShownRequest:
    """A request as it is shown and kept: what looks like a card number came in an answer."""
    return ShownRequest(
        request.method,
        mask(request.url),
        tuple((name, mask(value)) for name, value in request.headers),
        request.body and mask(request.body),
    )


def count_cards(text: str) -> int:
    """How many card numbers a text holds."""
    return len(find_cards(text))


def _spellings(value: str) -> set[str]:
    if UNRESERVED.issuperset(value):
        return {value}
    escaped = {json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}
    quoted = {spell(value, safe="", errors="replace") for spell in (quote, quote_plus)}
    return {value, *escaped, *quoted}


def _leaves(value: Any) -> Iterable[str]:
    match value:
        case dict():
            for item in value.values():
                yield from _leaves(item)
        case list():
            for item in value:
                yield from _leaves(item)
        case bool() | None:
            return
        case _:
            yield str(value)
