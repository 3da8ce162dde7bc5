"""Where expressions have a meaning, and a finding for each that stands elsewhere.

Knows pointers into the two kinds of files; nothing of what an expression says.
"""

import re

from forwardc.compile.language.expressions import first_interpolation
from forwardc.compile.language.nodes import Node, YamlScalar, text_span, walk
from forwardc.compile.language.report import Report

_STEP = "/operations/[^/]+/steps/[^/]+"
_REQUEST = "GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS|TRACE|query|headers|json|form|xml|text"
# The last two are other languages, in which these characters are something else.
_IN_DESTINATION = re.compile(
    rf"/environments/[^/]+/base_url|{_STEP}/let/.*|{_STEP}/request/(?:{_REQUEST})(?:/.*)?"
    rf"|(?:/operations/[^/]+)?/payment_reference(?:/[0-9]+)?"
    rf"|{_STEP}/request/sign/secret|{_STEP}/response/outcome/[0-9]+/when"
    rf"|/params/[^/]+/schemes/[0-9]+|/(?:settings|params)/[^/]+/pattern|/params/[^/]+/schema/.*",
    re.DOTALL,
)
_NOWHERE = re.compile(r"(?!)")


def check_destination_places(root: Node, report: Report) -> None:
    """Report FC0402 for each expression of a destination that would be taken as it is written."""
    _check(root, _IN_DESTINATION, report)


def check_project_places(root: Node, report: Report) -> None:
    """Report FC0402 for each expression in a project file, which has none."""
    _check(root, _NOWHERE, report)


def _check(root: Node, allowed: re.Pattern[str], report: Report) -> None:
    for node in walk(root):
        if not isinstance(node, YamlScalar) or node.faulty or not isinstance(node.value, str):
            continue
        start = first_interpolation(node.value)
        if start >= 0 and not allowed.fullmatch(node.pointer):
            message = "an expression has no meaning here: the text is taken as it is written"
            span = text_span(node, start, len(node.value))
            report.at(node.pointer).error("FC0402", message, span, "write the value itself")
