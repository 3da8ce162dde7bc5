"""A form of a body as data, read as URL Standard, section 5.1 reads one.

Its pairs are name and value; separators without a pair between them, and the end of a line, mean
nothing.
"""

from typing import Any, Final
from urllib.parse import unquote_plus

from forwardc.core.terms.values import CONTRADICTION
from forwardc.runtime.http.bodies.nothing import NOTHING

_MOST_PAIRS: Final = 1000
# What begins so is a page, XML or JSON, or what was left of it.
_OTHERS: Final = ("<", "{", "[", '"')
_SPACE: Final = " \t\r\n\ufeff"


def read_form(text: str) -> Any:
    """The pairs by name; `NOTHING` where no pair has a name and `=`, or where there are too many.

    A name without `=` has the empty text. One that comes again with another value is a
    `CONTRADICTION`.
    """
    text = text.strip(_SPACE)
    if text.startswith(_OTHERS) or text.count("&") > _MOST_PAIRS:
        return NOTHING
    found: dict[str, Any] = {}
    has_value = False
    for pair in text.split("&"):
        raw_name, sign, raw_value = pair.strip("\r\n").partition("=")
        if not raw_name:
            continue
        has_value = has_value or bool(sign)
        name, value = unquote_plus(raw_name), unquote_plus(raw_value)
        found[name] = value if found.get(name, value) == value else CONTRADICTION
    return found if has_value else NOTHING
