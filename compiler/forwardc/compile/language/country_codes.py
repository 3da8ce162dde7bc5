"""Checks that a country code of a destination's file is one that a run can use.

Knows the declarations as they are written. `values` may name a code that ISO 3166-1 leaves to its
users; nothing else may, because what such a code means is for the author to say.
"""

from collections.abc import Iterable, Iterator

from forwardc.compile.language import access
from forwardc.compile.language.destination import Param, ParamType
from forwardc.compile.language.nodes import Node, YamlMap, YamlScalar
from forwardc.compile.language.report import Report
from forwardc.core.countries import COUNTRIES, USER_ASSIGNED

_OTHER_NAMES = {"UK": "GB", "EL": "GR"}
_HINT = "write an assigned code of ISO 3166-1, such as NL, or XK"
_DECLARE = "name it in `values` of the param, if the destination takes it"


def check_country_codes(root: YamlMap, params: Iterable[Param], report: Report) -> None:
    """Report FC0204 for each code that no country has, in params and in `countries:`."""
    for item in access.items(root.get("countries")):
        _check(item, COUNTRIES, _HINT, report)
    for param in params:
        if param.type is ParamType.COUNTRY:
            node = access.get(root.get("params"), param.name)
            named = USER_ASSIGNED.intersection(map(str, param.bounds.values))
            for item in _written(node):
                _check(item, COUNTRIES | named, _DECLARE, report)


def check_country(item: Node, report: Report) -> None:
    """Report FC0204 for a code that no country has."""
    _check(item, COUNTRIES, _HINT, report)


def _written(node: Node | None) -> Iterator[Node]:
    yield from access.items(access.get(node, "values"))
    for key in ("default", "example"):
        item = access.get(node, key)
        if item is not None:
            yield item


def _check(item: Node, codes: frozenset[str], if_free: str, report: Report) -> None:
    code = item.value if isinstance(item, YamlScalar) else None
    # Another shape than two capital letters is the schema's to report.
    if not isinstance(code, str) or len(code) != 2 or not code.isupper() or code in codes:
        return
    other = _OTHER_NAMES.get(code)
    hint = f"write {other}" if other else if_free if code in USER_ASSIGNED else _HINT
    report.at(item.pointer).error("FC0204", f"ISO 3166-1 has no country {code}", item.span, hint)
