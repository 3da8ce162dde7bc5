"""What Stripe fills by arrangement only, as this sandbox plays it: other dates, signatures.

Written from no document: Stripe publishes neither. A form has a month and a year, or one of them.
"""

import re
from typing import Final

SIGNATURE: Final = "sandbox-request-signature"
"""What stands where the vault would sign: nobody outside knows the algorithm of a destination."""

_PART: Final = re.compile(r"YYYY|YY|MM|M|[-/.]")


def date_in(form: str, month: int, year: int) -> str:
    """A date of expiry in a form such as `YYMM`. Raises `ValueError` for one that is none."""
    parts = _PART.findall(form)
    if not parts or "".join(parts) != form:
        raise ValueError("no form of a date")
    written = {
        "YYYY": f"{year:04d}",
        "YY": f"{year % 100:02d}",
        "MM": f"{month:02d}",
        "M": f"{month}",
    }
    return "".join(written.get(part, part) for part in parts)
