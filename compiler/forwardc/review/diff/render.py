"""Shows differences as text, JSON, Markdown for a pull request, or a page of HTML.

Knows differences; nothing of how they were found.
"""

import json
from collections.abc import Sequence
from enum import StrEnum
from itertools import groupby
from typing import Any, assert_never

from forwardc.diagnostics.render.clean import escaped, on_one_line
from forwardc.review.diff.finding import Class, Difference
from forwardc.review.markdown import Markdown
from forwardc.review.templates import template

TITLES = {
    Class.REVIEW: "Needs a new PSP review",
    Class.BREAKING: "Breaks callers",
    Class.OWN: "Needs your own approval again",
    Class.SAFE: "Safe",
}
_COUNTED = {
    Class.REVIEW: "for a new PSP review",
    Class.BREAKING: "breaking callers",
    Class.OWN: "for your own approval",
    Class.SAFE: "safe",
}


class Format(StrEnum):
    """What `--format` takes."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"
    HTML = "html"


def render(found: Sequence[Difference], format_: Format, against: str) -> str:
    """All differences in one form; `against` names the older side."""
    match format_:
        case Format.TEXT:
            return _text(found, against)
        case Format.JSON:
            return _json(found, against)
        case Format.MARKDOWN:
            return _page("diff.md.j2", found, against)
        case Format.HTML:
            return _page("diff.html.j2", found, against)
        case _:
            assert_never(format_)


def counts(found: Sequence[Difference]) -> str:
    """One line that counts the classes."""
    parts = []
    for class_ in Class:
        number = sum(1 for one in found if one.class_ is class_)
        if number:
            parts.append(f"{number} {_COUNTED[class_]}")
    return ", ".join(parts) or "no difference"


def _groups(found: Sequence[Difference]) -> list[tuple[str, list[tuple[str, list[Difference]]]]]:
    """Titles, and under each the subjects with their differences."""
    by_class = groupby(found, key=lambda one: one.class_)
    return [
        (
            TITLES[class_],
            [(str(s), list(d)) for s, d in groupby(group, key=lambda one: one.subject)],
        )
        for class_, group in by_class
    ]


def _text(found: Sequence[Difference], against: str) -> str:
    lines = [f"against {against}: {counts(found)}"]
    for title, subjects in _groups(found):
        lines += ["", title]
        for subject, differences in subjects:
            lines.append(f"  {subject}")
            lines += [
                on_one_line(f"    {one.id}  {one.what}{_accepted(one)}") for one in differences
            ]
    return "\n".join(lines) + "\n"


def _accepted(one: Difference) -> str:
    return f" (accepted: {one.accepted})" if one.accepted else ""


def data(found: Sequence[Difference], against: str) -> dict[str, Any]:
    """All differences as data."""
    return {
        "forwardc": 1,
        "against": against,
        "differences": [
            {
                "id": one.id,
                "class": str(one.class_),
                "vault": one.subject.vault,
                "destination": one.subject.destination,
                "environment": one.subject.place,
                "operation": one.subject.operation,
                "what": one.what,
                "accepted": one.accepted,
            }
            for one in found
        ],
    }


def _json(found: Sequence[Difference], against: str) -> str:
    return escaped(json.dumps(data(found, against), indent=2, ensure_ascii=False)) + "\n"


def _page(name: str, found: Sequence[Difference], against: str) -> str:
    return template("forwardc.review.diff", name, ("cell", _cell)).render(
        groups=_groups(found), against=against, counts=counts(found)
    )


def _cell(text: object) -> Markdown:
    """Text inside a table cell of Markdown, which is HTML to those who show it."""
    escaped = on_one_line(str(text)).replace("&", "&amp;").replace("<", "&lt;")
    return Markdown(escaped.replace("\\", "\\\\").replace("|", "\\|").replace("`", "'"))
