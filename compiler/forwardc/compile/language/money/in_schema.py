"""Finds the amounts in the inline schema of a `json` param: integers that name their currency.

Knows JSON Schema as far as its keywords lead to values. Reports FC0335 and FC0336.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from forwardc.compile.language import access
from forwardc.compile.language.destination import Param
from forwardc.compile.language.money.declared import DeclaredMoney
from forwardc.compile.language.nodes import Node
from forwardc.compile.language.report import Report
from forwardc.core.terms.terms import Term

_MARK = "amount"
_DEEPEST = 32
# References can lead to one schema by more ways than anybody can go.
_MOST_LOOKS = 10_000
# Values below these cannot be told by their place alone.
_ELSEWHERE = ("anyOf", "oneOf", "if", "then", "else", "not", "contains", "propertyNames")
_ELSEWHERE_MAPS = ("patternProperties", "dependentSchemas")

Named = Callable[[str, Report], Term | None]


def amounts_in(
    param: Param, node: Node | None, money: DeclaredMoney, currency: Named, report: Report
) -> tuple[Mapping[Term, tuple[str, ...]], bool]:
    """The places of amounts by currency, and whether the file leaves open if there are others.

    `currency` gives the term of a currency param or code, and reports one that is wrong.
    """
    search = _Search(param.schema or {}, {})
    search.look(param.schema or {}, "", ())
    for problem in dict.fromkeys(search.problems):
        report.error("FC0336", problem, param.span, "see `forwardc explain FC0336`")
    by_currency: dict[Term, tuple[str, ...]] = {}
    for name, places in search.marked.items():
        term = currency(name, report)
        if term is not None:
            by_currency[term] = tuple(places)
    none = access.text(node, "amounts") == "none"
    open_ = not none and (param.schema is None or bool(search.unmarked))
    if open_ and money.differs_from_iso:
        where = f" at {search.unmarked[0]}" if search.unmarked else ""
        message = f"a number of `{param.name}`{where} may be an amount, and leaves as it comes"
        hint = "mark it with `amount: <currency param>`, or say `amounts: none`: no other is one"
        report.warning("FC0335", message, param.span, hint)
    return by_currency, open_


@dataclass(slots=True)
class _Search:
    root: Mapping[str, Any]
    marked: dict[str, list[str]]
    problems: list[str] = field(default_factory=list)
    unmarked: list[str] = field(default_factory=list)
    looks: int = 0

    def look(self, schema: Any, at: str, through: tuple[str, ...]) -> None:
        """Walk a schema whose values stand at `at`; `through` are the references followed."""
        if not isinstance(schema, Mapping) or at.count("/") > _DEEPEST:
            return
        self.looks += 1
        if self.looks > _MOST_LOOKS:
            self._gives_up(at)
            return
        if isinstance(schema.get(_MARK), str):
            self._marked(schema, at)
        elif {"integer", "number"} & _types(schema):
            self.unmarked.append(at or "/")
        reference = schema.get("$ref")
        if isinstance(reference, str):
            self._referred(reference, at, through)
        for key, inner in _members(schema.get("properties")):
            self.look(inner, f"{at}/{_token(key)}", through)
        if isinstance(schema.get("items"), Mapping):
            self.look(schema["items"], f"{at}/*", through)
        if isinstance(schema.get("additionalProperties"), Mapping):
            self.look(schema["additionalProperties"], f"{at}/*", through)
        parts = schema.get("allOf")
        for inner in parts if isinstance(parts, list) else ():
            self.look(inner, at, through)
        if any(_holds_mark(inner) for inner in _elsewhere(schema)):
            self.problems.append(
                "an amount stands below `properties`, `items`, `additionalProperties` or `allOf`"
            )

    def _gives_up(self, at: str) -> None:
        if _holds_mark(self.root):
            self.problems.append("a schema that marks amounts has too many places to look at")
        elif not self.unmarked:
            self.unmarked.append(at or "/")

    def _marked(self, schema: Mapping[str, Any], at: str) -> None:
        types = _types(schema)
        if not at:
            self.problems.append("an amount alone is a param of type `amount`")
        elif types - {"null"} != {"integer"}:
            self.problems.append("an amount inside a `json` param is of `type: integer`")
        else:
            self.marked.setdefault(schema[_MARK], []).append(at)

    def _referred(self, reference: str, at: str, through: tuple[str, ...]) -> None:
        target: Any = self.root
        for token in reference.removeprefix("#").split("/")[1:]:
            target = target.get(token) if isinstance(target, Mapping) else None
        if reference not in through:
            self.look(target, at, (*through, reference))
        elif _holds_mark(target):
            self.problems.append("an amount stands in a schema that refers to itself")


def _types(schema: Mapping[str, Any]) -> set[str]:
    kind = schema.get("type")
    if isinstance(kind, list):
        return set(map(str, kind))
    return {kind} if isinstance(kind, str) else set()


def _members(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        yield from value.items()


def _elsewhere(schema: Mapping[str, Any]) -> Iterator[Any]:
    yield from (schema[key] for key in _ELSEWHERE if key in schema)
    yield from (inner for key in _ELSEWHERE_MAPS for _, inner in _members(schema.get(key)))
    if isinstance(schema.get("prefixItems"), list):
        yield from schema["prefixItems"]


def _holds_mark(schema: Any) -> bool:
    if isinstance(schema, list):
        return any(map(_holds_mark, schema))
    if not isinstance(schema, Mapping):
        return False
    if isinstance(schema.get(_MARK), str):
        return True
    inner = (value for key, value in schema.items() if key not in ("enum", "const", "default"))
    return any(map(_holds_mark, inner))


def _token(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")
