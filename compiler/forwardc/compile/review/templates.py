"""Templates of the review's pages, and foreign text in Markdown that stays text.

Every value that a template puts out is escaped for HTML or Markdown (CommonMark 0.31 and GitHub's
tables); `Markdown` marks what is markup already.
"""

import re
from collections.abc import Callable
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Final

from forwardc.core.diagnostics.render.printable import on_one_line, printable
from forwardc.core.resources import package_file

if TYPE_CHECKING:
    from jinja2 import Template


def _visible(value: Any) -> Any:
    """Text without what hides; what is HTML already, of ours, stays."""
    return printable(value) if type(value) is str else value


@cache
def template(package: str, name: str, *filters: tuple[str, Callable[..., Any]]) -> "Template":
    """A template of a package, with filters by name.

    What it puts out is escaped for HTML or Markdown, and nothing of it drives a terminal or hides.
    Markdown has the filters `code` and `quoted`. Where a value is missing, rendering raises
    `jinja2.UndefinedError`.
    """
    from jinja2 import Environment, StrictUndefined

    is_html = name.endswith(".html.j2")

    environment = Environment(
        undefined=StrictUndefined,
        # There is nothing to fold in ours, and to look for it takes a seventh of reading one.
        optimized=False,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=name.endswith(".html.j2"),
        finalize=_visible if is_html else finalized,
    )
    environment.filters |= {"code": code, "quoted": quoted}
    environment.filters |= dict(filters)
    text = package_file(*package.split(".")[1:], name).read_text("utf-8")
    return environment.from_string(text)


# Markdown
#
# A letter is made of a vault's questions and of reasons that stand in each letter and in coverage:
# what a text becomes is kept.

_MOST: Final = 4096
"""Texts that are kept: those of all letters and reasons of some ten destinations, in 1 MiB."""

# An underline inside or behind a word begins no emphasis, and `&` begins an entity only before a
# name and `;`.
_MARKS: Final = re.compile(r"[\\`*\[\]|$]|~(?=~)|(?<![A-Za-z0-9])_|&(?=#?[A-Za-z0-9]+;)")
_BLOCK: Final = re.compile(r"^( ?)(?:([#+=~-])|([0-9]{1,9})([.)]))")


class Markdown(str):
    """Text that is Markdown already."""

    __slots__ = ()


@lru_cache(_MOST)
def text(value: str) -> Markdown:
    """The same text, to be read as it is; of spaces at its ends one is left."""
    inner = on_one_line(value).strip()
    before = " " if value[:1].isspace() else ""
    after = " " if value[-1:].isspace() and inner else ""
    line = before + inner + after
    marked = _MARKS.sub(lambda mark: "&amp;" if mark[0] == "&" else "\\" + mark[0], line)
    marked = marked.replace("<", "&lt;").replace(">", "&gt;")
    return Markdown(_BLOCK.sub(_block, marked))


@lru_cache(_MOST)
def code(value: str) -> Markdown:
    """A code span, in a table, too: a backtick becomes an apostrophe."""
    line = on_one_line(value).replace("`", "'").replace("|", "\\|")
    return Markdown(f"`{line}`")


@lru_cache(_MOST)
def quoted(value: str) -> Markdown:
    """Text of ours with names in backticks: those become code spans."""
    parts = value.split("`")
    if len(parts) % 2 == 0:
        return text(value)
    shown = [code(part) if index % 2 else text(part) for index, part in enumerate(parts)]
    return Markdown("".join(shown))


def finalized(value: Any) -> Any:
    """What a template puts out: text is text, unless it is Markdown already."""
    return text(value) if isinstance(value, str) and not isinstance(value, Markdown) else value


def _block(match: re.Match[str]) -> str:
    before, mark, number, end = match.groups()
    return f"{before}\\{mark}" if mark else f"{before}{number}\\{end}"
