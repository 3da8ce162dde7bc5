"""What the template needs beside text: where a long name may break, and the style sheet.

Knows HTML; the style stands in the page itself, which loads nothing.
"""

import re
from functools import cache
from importlib import resources

_BEFORE = re.compile(r"(?<=[^/:])(?=[/&?\[])")


def pieces(text: str) -> list[str]:
    """The parts of a pointer or address: a line may break before each of them."""
    return _BEFORE.split(text)


@cache
def style() -> str:
    """The style sheet of the page, a file of ours."""
    return resources.files("forwardc.compile.review.page").joinpath("review.css").read_text("utf-8")
