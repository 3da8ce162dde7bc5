"""Makes foreign text fit to be shown: printable, and on one line.

The one place that says what a terminal, a page or a file must not be given. It masks nothing: what
does is `clean`.
"""

import re

# Control characters can drive a terminal, those of direction reorder what a reader sees, those
# without width hide in a name, and a lone surrogate cannot be written as UTF-8.
_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\ud800-\udfff"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_ASCII_CONTROLS = tuple(map(chr, (*range(9), *range(11, 32), 127)))
"""What of it is ASCII: all control characters but tab and line feed."""
# What the runners of CI read as a command out of a job's output: `::name ...::` where a line begins
# (GitHub), `##[name]` and `##vso[name]` anywhere in it (GitHub, Azure Pipelines; TeamCity alike).
_AT_START = re.compile(r"^(\s*):(?=:[A-Za-z-]+[^\n]*::)")
_ANYWHERE = re.compile(r"#(?=#[A-Za-z]*\[)")
_BREAKS = re.compile(r"[\s\x1c-\x1f\x85\u2028\u2029]*[\n\r\x85\u2028\u2029][\s\x85\u2028\u2029]*")


def on_one_line(text: str) -> str:
    """Join the lines of a text by single spaces, and replace what cannot be shown."""
    if text.isascii() and text.isprintable() and "::" not in text and "##" not in text:
        return text
    line = printable(" ".join(part for part in _BREAKS.split(text) if part))
    return _AT_START.sub(r"\1: ", line)


def printable(text: str) -> str:
    """Replace what a terminal or a file cannot show, character by character; lines stay lines."""
    # Nearly every text is such a one, and is looked through at a tenth of the expression's cost.
    if text.isascii() and text.isprintable():
        return without_commands(text)
    return without_commands(_UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", text))


def without_commands(text: str) -> str:
    """Part what a runner of CI would take for a command in the middle of a line."""
    return _ANYWHERE.sub("# ", text) if "##" in text else text


def escaped(json_text: str) -> str:
    """JSON text in which what cannot be shown is escaped, as JSON has it: the same value."""
    # A file of `build/` has 20,000 characters: to ask for each of these takes a twentieth of what
    # the expression takes to look at every character.
    if json_text.isascii() and not any(control in json_text for control in _ASCII_CONTROLS):
        return _ANYWHERE.sub(r"\\u0023", json_text) if "##" in json_text else json_text
    return _ANYWHERE.sub(r"\\u0023", _UNPRINTABLE.sub(_escape, json_text))


def _escape(character: re.Match[str]) -> str:
    units = character[0].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))
