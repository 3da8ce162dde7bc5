"""What may stand nowhere in a file: expressions without a meaning, secrets, cards, templates.

Every key, scalar and comment is looked at, whatever it is for; pointers say where an expression
is one.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable
from typing import Final, assert_never

from forwardc.compile.language.expressions import first_interpolation
from forwardc.compile.language.nodes import Node, YamlMap, YamlScalar, YamlSeq, text_span, walk
from forwardc.compile.language.report import Report
from forwardc.core.diagnostics.span import Span
from forwardc.core.recognizer.cards import SHORTEST, find_cards
from forwardc.core.recognizer.scan import SHORTEST_SECRET, find_secrets

_STEP = "/operations/[^/]+/steps/[^/]+"
_REQUEST = "GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS|TRACE|query|headers|json|form|xml|text"
# The last two are other languages, in which these characters are something else.
_IN_DESTINATION = re.compile(
    rf"/environments/[^/]+/base_url|/client_certificate/(?:certificate|key)|{_STEP}/let/.*|{_STEP}/request/(?:{_REQUEST})(?:/.*)?"
    rf"|(?:/operations/[^/]+)?/payment_reference(?:/[0-9]+)?"
    rf"|{_STEP}/request/sign/(secret|key_id|merchant_id|consumer_key|tag)"
    rf"|{_STEP}/request/sign/(access_key_id|region|service|session_token)"
    rf"|{_STEP}/response/outcome/[0-9]+/when"
    rf"|/params/[^/]+/schemes/[0-9]+|/(?:settings|params)/[^/]+/pattern|/params/[^/]+/schema/.*",
    re.DOTALL,
)
_NOWHERE = re.compile(r"(?!)")


def check_destination_places(root: Node, report: Report) -> None:
    """Report FC0402 for each expression of a destination that would be taken as it is written."""
    _check_places(root, _IN_DESTINATION, report)


def check_project_places(root: Node, report: Report) -> None:
    """Report FC0402 for each expression in a project file, which has none."""
    _check_places(root, _NOWHERE, report)


def _check_places(root: Node, allowed: re.Pattern[str], report: Report) -> None:
    for node in walk(root):
        if not isinstance(node, YamlScalar) or node.faulty or not isinstance(node.value, str):
            continue
        start = first_interpolation(node.value) if "${" in node.value else -1
        if start >= 0 and not allowed.fullmatch(node.pointer):
            message = "an expression has no meaning here: the text is taken as it is written"
            span = text_span(node, start, len(node.value))
            report.at(node).error("FC0402", message, span, "write the value itself")


# What may never be typed into a file

_TEMPLATE = re.compile(r"\{\{|\{%")
_SHORTEST: Final = min(SHORTEST, SHORTEST_SECRET)
_FORBIDDEN = (("FC0504", "secret", find_secrets), ("FC0505", "card number", find_cards))


def holds_template(text: str) -> bool:
    """Whether text contains what a vault would read as its own syntax."""
    return _TEMPLATE.search(text) is not None


def check_literals(root: Node, report: Report) -> None:
    """Report FC0504, FC0505 and FC0509 at their exact places, each place once."""
    done: set[tuple[int, int]] = set()
    for node in walk(root):
        for scalar in _scalars(node):
            place = scalar.start, scalar.end
            if place not in done:
                done.add(place)
                text = scalar.value if isinstance(scalar.value, str) else scalar.text
                # Most keys and values are shorter than any card number, and than any secret.
                if len(text) >= _SHORTEST or "{" in text:
                    _check_scalar(scalar, text, node, report)
    _check_rest(root, sorted(done), report)


def _scalars(node: Node) -> Iterable[YamlScalar]:
    """What is text of a node itself: a scalar, or the keys of a map."""
    match node:
        case YamlScalar():
            return (node,)
        case YamlMap(by_key=by_key):
            return [entry.key_node for entry in by_key.values()]
        case YamlSeq():
            return ()
        case _:
            assert_never(node)


def _check_rest(root: Node, scalars: list[tuple[int, int]], report: Report) -> None:
    """Secrets and cards outside all keys and scalars: in comments, and in what was dropped."""
    text = root.source.text
    for code, kind, find in _FORBIDDEN:
        for match in find(text):
            place = bisect_right(scalars, (match.start, len(text))) - 1
            if place < 0 or scalars[place][1] <= match.start:
                message = f"what looks like a {kind} is written into the file"
                span = root.source.span(match.start, match.end)
                report.error(code, message, span, "delete it: whoever reads the file has it")


def _check_scalar(scalar: YamlScalar, text: str, node: Node, report: Report) -> None:
    """Look at the text of one scalar, which is `node` or a key of it."""

    def place(start: int, end: int) -> Span:
        return text_span(scalar, start, end) if text is scalar.value else scalar.span

    for match in find_secrets(text):
        hint = "declare it under `secrets:`, and give the value at run time"
        message = "what looks like a secret is written into the file"
        report.at(node).error("FC0504", message, place(match.start, match.end), hint)
    for match in find_cards(text):
        hint = "card data comes from the vault only: ${card.number}"
        message = "what looks like a card number is written into the file"
        report.at(node).error("FC0505", message, place(match.start, match.end), hint)
    for template in _TEMPLATE.finditer(text):
        # Late: most files have none.
        from forwardc.compile.language.other_languages.advice import placeholder_advice

        hint = "write ${card.number}, ${secrets.<name>} and the like: each vault gets its own form"
        hint = placeholder_advice(text, template.start()) or hint
        message = "a vault's own template syntax"
        report.at(node).error("FC0509", message, place(*template.span()), hint)
