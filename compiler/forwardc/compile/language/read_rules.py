"""Reads `rules:` of `forwardc.yaml`: the levels of findings that the project chose, by their codes.

A level is a word, `FC0326: error`, or a map with the reason for whoever reviews:
`FC0335: {level: off, reason: carts hold no amounts}`.
"""

from collections.abc import Iterator

from forwardc.compile.language import access
from forwardc.compile.language.allow_comments import report_unknown
from forwardc.compile.language.nodes import Entry, Node, YamlScalar
from forwardc.compile.language.report import Report
from forwardc.core.diagnostics.codes import CODES
from forwardc.core.diagnostics.levels import LevelRule, RuleLevel, why_no_level


def read_rules(node: Node | None, report: Report) -> tuple[LevelRule, ...]:
    """The rules in their order, without those for which FC0120 or FC0121 is reported."""
    return tuple(_rules(node, report))


def _rules(node: Node | None, report: Report) -> Iterator[LevelRule]:
    for entry in access.entries(node):
        here, level = report.at(entry.value), _level(entry)
        if entry.key not in CODES:
            report_unknown(entry.key, entry.key_span, here)
        elif level is not None and (why := why_no_level(entry.key, level)) is not None:
            message = f"{entry.key} cannot be `{level}`: {why}"
            here.error("FC0121", message, entry.value.span, "see `forwardc explain FC0121`")
        elif level is not None:
            reason = access.text(entry.value, "reason") or ""
            yield LevelRule(entry.key, level, reason, entry.key_span)


def _level(entry: Entry) -> RuleLevel | None:
    """The level, in either form; None for what the schema has reported."""
    node = entry.value if isinstance(entry.value, YamlScalar) else None
    word = node.value if node else access.text(entry.value, "level")
    return next((level for level in RuleLevel if level == word), None)
