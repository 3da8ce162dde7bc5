"""Whether a text that names a payment holds a card number; random identifiers are let through.

Knows no format. One UUID in 20,000, and one text of 32 hexadecimal digits in 2,000,
has a run of digits that fits a brand and passes Luhn: payments would be refused by chance.
"""

import re
from typing import Final

from forwardc.diagnostics.scan import find_cards

# Case decides nothing within an identifier, but it is the same in all of it.
_IDENTIFIER: Final = re.compile(
    r"(?<![0-9A-Za-z])(?:"
    r"[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
    r"|[0-9A-F]{8}-[0-9A-F]{4}-[1-8][0-9A-F]{3}-[89AB][0-9A-F]{3}-[0-9A-F]{12}"
    r"|[0-9a-f]{24,128}|[0-9A-F]{24,128})(?![0-9A-Za-z])"
)


def holds_card(text: str) -> bool:
    """Whether a card number stands in a text, outside UUIDs and long hexadecimal numbers."""
    return bool(find_cards(text)) and bool(find_cards(_IDENTIFIER.sub("identifier", text)))
