"""Reads a request to Adyen's /payments: JSON, the shape of its version, what its members ask for.

Knows no HTTP and no outcome; the rules are the tables of `adyen_schema` and `adyen_errors`.
"""

from typing import Any

from forwardc.sandbox.destinations import adyen_errors as errors
from forwardc.sandbox.destinations.adyen_errors import AdyenError, AdyenRefusal
from forwardc.sandbox.destinations.adyen_schema import NEEDED, payment_request
from forwardc.sandbox.destinations.bodies import UnreadableBodyError, read_json
from forwardc.sandbox.destinations.shapes import MistakeKind, ShapeMistake, shape_mistakes


def read(body: bytes, version: int) -> dict[str, Any]:
    """The checked document. Raises `AdyenError`."""
    try:
        document = read_json(body)
    except UnreadableBodyError as wrong:
        raise AdyenError(errors.unreadable(str(wrong))) from None
    for problem in shape_mistakes(payment_request(version), document):
        raise AdyenError(_error(problem))
    assert isinstance(document, dict)  # noqa: S101 - the shape said so
    for path, error in errors.EMPTY.items():
        if _at(document, path) == "":
            raise AdyenError(error)
    for needed in NEEDED:
        if _at(document, needed.at) in needed.values and not _at(document, needed.needs):
            raise AdyenError(errors.MISSING[needed.needs])
    return document


def _error(problem: ShapeMistake) -> AdyenRefusal:
    match problem.kind:
        case MistakeKind.MISSING:
            known = errors.MISSING.get(problem.path)
        case MistakeKind.VALUE:
            known = errors.VALUE.get(problem.path)
        case _:
            known = None
    return known or errors.unexpected(problem.path, problem.kind)


def _at(document: dict[str, Any], path: str) -> object:
    """What stands at a dotted path, None where nothing does."""
    found: Any = document
    for name in path.split("."):
        found = found.get(name) if isinstance(found, dict) else None
    return found
