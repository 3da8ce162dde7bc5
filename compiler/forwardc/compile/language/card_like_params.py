"""FC0343: a numeric reference among the params could look like a card number, and is refused then.

A guess for the author, by what the declaration admits: numbers of every brand are tried.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from forwardc.compile.language.destination import Bounds, Param, ParamType
from forwardc.compile.language.report import Report
from forwardc.core.recognizer.card_ranges import LONGEST, SHORTEST, lengths_of, passes_luhn
from forwardc.core.terms.patterns import matches

# What shops count: a house or a telephone has a number, too, and never one of 14 digits.
_COUNTED: Final = re.compile(
    r"(?:^|_)(?:order|invoice|reference|payment|booking|ticket|transaction|account|customer|receipt"
    r"|document|contract|policy|member|loyalty|purchase)_?(?:number|num|no|nr)$"
)
_REFERENCES: Final = re.compile(r"(?:^|_)(?:id|reference|ref|order|invoice|number|num|no|nr)$")
_DIGITS: Final = re.compile(r"[0-9]{6,}")
# What a pattern begins with as it stands: letters and digits before the first sign with a meaning.
_HEAD: Final = re.compile(r"\^?((?:[A-Za-z0-9_:# -]|\\[-./_#:])*)([?*+{]?)")
_LITERAL: Final = re.compile(r"(?<![\\{,0-9-])[0-9]{1,6}(?![0-9,}\]-])")
_FILLS: Final = ("0" * LONGEST, "7319582643179528364")
_LEAST: Final = 10 ** (SHORTEST - 1)


def check_card_like(param: Param, report: Report) -> None:
    """Warn where values of a param are numbers, and some of them look like card numbers."""
    if param.not_card or not _may_look_like_card(param):
        return
    report.warning(
        "FC0343",
        "a value of 14 to 19 digits may look like a card number, and is refused then",
        param.span,
        hint="declare `not_card: true`, or a pattern, max_length or maximum without such numbers",
    )


def _may_look_like_card(param: Param) -> bool:
    bounds = param.bounds
    match param.type:
        case ParamType.STRING:
            if bounds.pattern is not None:
                return _numeric_pattern(bounds.pattern, bounds.min_length, bounds.max_length)
            return _is_number(param) and _fits(bounds, SHORTEST, LONGEST)
        case ParamType.INTEGER | ParamType.NUMBER:
            return _is_reference(param) and (bounds.maximum is None or bounds.maximum >= _LEAST)
        case _:
            return False


def _is_number(param: Param) -> bool:
    """Whether a text without a pattern is a number, by its name, example or default."""
    samples = (literal.value for literal in (param.example, param.default) if literal is not None)
    is_sampled = any(isinstance(value, str) and _DIGITS.fullmatch(value) for value in samples)
    return is_sampled or bool(_COUNTED.search(param.name))


def _is_reference(param: Param) -> bool:
    """Whether an integer names something, and is no count."""
    bounds = param.bounds
    is_long = any(
        limit is not None and limit >= _LEAST for limit in (bounds.minimum, bounds.maximum)
    )
    return is_long or bool(_REFERENCES.search(param.name))


def _fits(bounds: Bounds, shortest: int, longest: int) -> bool:
    least, most = bounds.min_length or 0, bounds.max_length
    return least <= longest and (most is None or most >= shortest)


@lru_cache(maxsize=256)
def _numeric_pattern(pattern: str, least: int | None, most: int | None) -> bool:
    """Whether a pattern admits a card number, and no letter in its place."""
    head = _HEAD.match(pattern)
    text = head[1] if head else ""
    text = re.sub(r"\\(.)", r"\1", text[:-1] if head and head[2] else text)
    before = text.rstrip("0123456789")
    begin = {text[len(before) :], *_LITERAL.findall(pattern)}
    for number in _card_numbers(frozenset(begin)):
        value = before + number
        if (least or 0) <= len(value) <= (most or len(value)) and matches(pattern, value):
            middle = len(before) + len(number) // 2
            letters = (value[:middle] + letter + value[middle + 1 :] for letter in "Aa")
            return not any(matches(pattern, text) for text in letters)
    return False


def _card_numbers(begin: frozenset[str]) -> Iterator[str]:
    """Numbers that look like a card's: of each range in two digits, and with these beginnings."""
    firsts = [f"{first}{fill[:2]}" for first in range(10, 100) for fill in _FILLS]
    firsts += [(digits + fill)[:6] for digits in sorted(begin) if digits for fill in _FILLS]
    for first in dict.fromkeys(firsts):
        for length in sorted(lengths_of(first[:4])):
            for fill in _FILLS:
                body = (first + fill)[: length - 1]
                yield next(f"{body}{digit}" for digit in range(10) if passes_luhn(f"{body}{digit}"))
