"""Finds what may never be typed into a file: secrets, card numbers, a vault's template syntax.

Looks at every key and scalar of a tree, whatever it is for, and knows no language.
"""

import re

from forwardc.diagnostics.scan import find_cards, find_secrets
from forwardc.diagnostics.span import Span
from forwardc.language.nodes import Node, YamlMap, YamlScalar, text_span, walk
from forwardc.language.report import Report

_TEMPLATE = re.compile(r"\{\{|\{%")


def holds_template(text: str) -> bool:
    """Whether text contains what a vault would read as its own syntax."""
    return _TEMPLATE.search(text) is not None


def check_literals(root: Node, report: Report) -> None:
    """Report FC0504, FC0505 and FC0509 at their exact places, each place once."""
    done: set[tuple[int, int]] = set()
    for node in walk(root):
        scalars = [node] if isinstance(node, YamlScalar) else []
        if isinstance(node, YamlMap):
            scalars = [entry.key_node for entry in node.entries]
        for scalar in scalars:
            if (scalar.start, scalar.end) not in done:
                done.add((scalar.start, scalar.end))
                _check(scalar, report.at(node.pointer))


def _check(scalar: YamlScalar, report: Report) -> None:
    text = scalar.value if isinstance(scalar.value, str) else scalar.text

    def place(start: int, end: int) -> Span:
        return text_span(scalar, start, end) if text is scalar.value else scalar.span

    for match in find_secrets(text):
        hint = "declare it under `secrets:`, and give the value at run time"
        message = "what looks like a secret is written into the file"
        report.error("FC0504", message, place(match.start, match.end), hint)
    for match in find_cards(text):
        hint = "card data comes from the vault only: ${card.number}"
        message = "what looks like a card number is written into the file"
        report.error("FC0505", message, place(match.start, match.end), hint)
    for found in _TEMPLATE.finditer(text):
        hint = "write ${card.number}, ${secrets.<name>} and the like: each vault gets its own form"
        message = "a vault's own template syntax"
        report.error("FC0509", message, place(*found.span()), hint)
