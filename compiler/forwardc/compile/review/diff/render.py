"""Shows differences as text, JSON, Markdown for a pull request, or a page of HTML.

All forms have the same groups: by who must act, the gravest first, then by subject.
"""

import json
from collections.abc import Sequence
from enum import StrEnum
from itertools import groupby
from typing import Any, assert_never

from forwardc.compile.review.diff.difference import Difference, DifferenceClass
from forwardc.compile.review.templates import Markdown, template
from forwardc.core.diagnostics.render.printable import escaped, on_one_line

TITLES = {
    DifferenceClass.REVIEW: "Needs a new PSP review",
    DifferenceClass.BREAKING: "Breaks callers",
    DifferenceClass.OWN: "Needs your own approval again",
    DifferenceClass.SAFE: "Safe",
}
_COUNTED = {
    DifferenceClass.REVIEW: "for a new PSP review",
    DifferenceClass.BREAKING: "breaking callers",
    DifferenceClass.OWN: "for your own approval",
    DifferenceClass.SAFE: "safe",
}


class DiffFormat(StrEnum):
    """What `--format` takes."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"
    HTML = "html"


def render(differences: Sequence[Difference], format_: DiffFormat, against: str) -> str:
    """All differences in one form; `against` names the older side."""
    match format_:
        case DiffFormat.TEXT:
            return _text(differences, against)
        case DiffFormat.JSON:
            return _json(differences, against)
        case DiffFormat.MARKDOWN:
            return _page("diff.md.j2", differences, against)
        case DiffFormat.HTML:
            return _page("diff.html.j2", differences, against)
        case _:
            assert_never(format_)


def counts(differences: Sequence[Difference]) -> str:
    """One line that counts the classes."""
    parts = []
    for class_ in DifferenceClass:
        number = sum(1 for difference in differences if difference.class_ is class_)
        if number:
            parts.append(f"{number} {_COUNTED[class_]}")
    return ", ".join(parts) or "no difference"


def _groups(
    differences: Sequence[Difference],
) -> list[tuple[str, list[tuple[str, list[Difference]]]]]:
    """Titles, and under each the subjects with their differences."""
    by_class = groupby(differences, key=lambda difference: difference.class_)
    return [
        (
            TITLES[class_],
            [
                (str(s), list(d))
                for s, d in groupby(group, key=lambda difference: difference.subject)
            ],
        )
        for class_, group in by_class
    ]


def _text(differences: Sequence[Difference], against: str) -> str:
    lines = [f"against {against}: {counts(differences)}"]
    for title, subjects in _groups(differences):
        lines += ["", title]
        for subject, of_subject in subjects:
            lines.append(f"  {subject}")
            lines += [
                on_one_line(f"    {difference.id}  {difference.text}{_accepted(difference)}")
                for difference in of_subject
            ]
    return "\n".join(lines) + "\n"


def _accepted(difference: Difference) -> str:
    return f" (accepted: {difference.accepted})" if difference.accepted else ""


def data(differences: Sequence[Difference], against: str) -> dict[str, Any]:
    """All differences as data."""
    return {
        "forwardc": 1,
        "against": against,
        "differences": [
            {
                "id": difference.id,
                "class": str(difference.class_),
                "vault": difference.subject.vault,
                "destination": difference.subject.destination,
                "environment": difference.subject.place,
                "operation": difference.subject.operation,
                "what": difference.text,
                "accepted": difference.accepted,
            }
            for difference in differences
        ],
    }


def _json(differences: Sequence[Difference], against: str) -> str:
    return escaped(json.dumps(data(differences, against), indent=2, ensure_ascii=False)) + "\n"


def _page(name: str, differences: Sequence[Difference], against: str) -> str:
    return template("forwardc.compile.review.diff", name, ("cell", _cell)).render(
        groups=_groups(differences), against=against, counts=counts(differences)
    )


def _cell(text: object) -> Markdown:
    """Text inside a table cell of Markdown, which is HTML to those who show it."""
    escaped = on_one_line(str(text)).replace("&", "&amp;").replace("<", "&lt;")
    return Markdown(escaped.replace("\\", "\\\\").replace("|", "\\|").replace("`", "'"))
