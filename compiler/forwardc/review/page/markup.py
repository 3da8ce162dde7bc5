"""What the template needs beside text: places where a long name may break, and the style sheet.

Knows HTML; the style stands in the page itself, which loads nothing.
"""

import re
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from forwardc.diagnostics.render.clean import printable

if TYPE_CHECKING:
    from markupsafe import Markup

_BEFORE = re.compile(r"(?<=[^/:])(?=[/&?\[])")


def broken(text: str) -> "Markup":
    """A pointer or address, escaped, that may break before each of its parts."""
    from markupsafe import Markup, escape

    return Markup("<wbr>").join(escape(part) for part in _BEFORE.split(printable(text)))


@cache
def style() -> "Markup":
    """The style sheet of the page."""
    from markupsafe import Markup

    text = resources.files("forwardc.review.page").joinpath("review.css").read_text("utf-8")
    return Markup(text)  # noqa: S704 - a file of ours
