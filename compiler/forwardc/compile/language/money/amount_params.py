"""Finds what each amount among the params is counted in, and where `json` params hold amounts.

An amount names its currency param or a code, or takes the file's only currency param. Inside a
`json` param its inline schema is walked for integers that carry the mark `amount`.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import field
from typing import Any, assert_never

from forwardc.compile.language import access
from forwardc.compile.language.destination import Param, ParamType
from forwardc.compile.language.money.tables import DeclaredMoney
from forwardc.compile.language.nodes import Node, YamlScalar
from forwardc.compile.language.report import Report
from forwardc.core.currencies import iso
from forwardc.core.dataclass import dataclass, replace
from forwardc.core.json_pointer import pointer_token
from forwardc.core.terms.terms import Lit, Ref, Term

# Currencies of params

_CODE = re.compile(r"[A-Z]{3}")


def with_currencies(
    params: Mapping[str, Param], node: Node | None, money: DeclaredMoney, report: Report
) -> dict[str, Param]:
    """The params, amounts with their currency and `json` params with the places of theirs."""
    reader = _Reader(params, money, report)
    read = {
        name: reader.read(param, access.get(node, name) or node) for name, param in params.items()
    }
    if not money.assumed:
        counted = {term for param in read.values() for term in (param.currency, *param.amounts)}
        for name in (
            term.name.removeprefix("params.") for term in counted if isinstance(term, Ref)
        ):
            reader.check_counted(access.get(node, name))
    return read


class _Reader:
    def __init__(self, params: Mapping[str, Param], money: DeclaredMoney, report: Report) -> None:
        self._params = params
        self._money = money
        self._report = report
        self._currencies = [
            name for name, param in params.items() if param.type is ParamType.CURRENCY
        ]

    def read(self, param: Param, node: Node | None) -> Param:
        match param.type:
            case ParamType.AMOUNT:
                return replace(param, currency=self._of_amount(param, node))
            case ParamType.JSON:
                places, open_ = self._inside(param, node)
                return replace(param, amounts=places, open_amounts=open_)
            case ParamType.CURRENCY:
                self._check_values(param, node)
                return param
            case ParamType.STRING | ParamType.INTEGER | ParamType.NUMBER | ParamType.BOOLEAN:
                return param
            case ParamType.ENUM | ParamType.COUNTRY | ParamType.URI:
                return param
            case _:
                assert_never(param.type)

    def _of_amount(self, param: Param, node: Node | None) -> Term | None:
        place = access.get(node, "currency")
        name = access.text(node, "currency")
        report = self._report.at(param)
        if name is None or place is None:
            return self._only(param, report)
        return self._currency_named(name, place, param, self._report.at(place))

    def _only(self, param: Param, report: Report) -> Term | None:
        """The file's only currency param. None or several matter only where amounts are counted."""
        if len(self._currencies) == 1:
            return self._there(param, self._currencies[0], report)
        if not self._money.assumed:
            several = "are several currency params" if self._currencies else "is no currency param"
            message = f"nothing says what `{param.name}` is counted in: there {several}"
            hint = f"write `currency:` beside it: {_options(self._currencies)}"
            report.error("FC0330", message, param.span, hint)
        return None

    def _currency_named(self, name: str, place: Node, param: Param, report: Report) -> Term | None:
        if name in self._currencies:
            return self._there(param, name, report)
        if _CODE.fullmatch(name):
            return self._constant(name, place, report)
        problem = "is no currency param" if name in self._params else "is not declared"
        hint = f"write {_options(self._currencies)}"
        report.error("FC0330", f"the param `{name}` {problem}", place.span, hint)
        return None

    def _there(self, param: Param, currency: str, report: Report) -> Term:
        """A currency that may be absent while the amount is there leaves nothing to count in."""
        if self._params[currency].optional and not param.optional and not self._money.assumed:
            message = f"`{param.name}` is always there, and its currency `{currency}` may be absent"
            hint = "make the currency required, or the amount optional, too"
            report.error("FC0330", message, param.span, hint)
        return Ref(f"params.{currency}")

    def _constant(self, code: str, place: Node, report: Report) -> Term:
        if code not in self._money.digits:
            problem, hint = unknown(code, self._money)
            report.error("FC0331", problem, place.span, hint)
        return Lit(code, span=place.span)

    def check_counted(self, node: Node | None) -> None:
        """The codes of a currency param in which the destination counts nothing."""
        iso4217 = iso()
        for item in _codes_in(node):
            code = str(getattr(item, "value", ""))
            is_known = iso4217.find(code) is not None or code in self._money.extra
            if is_known and code not in self._money.digits:
                problem, hint = unknown(code, self._money)
                self._report.at(item).error("FC0331", problem, item.span, hint)

    def _check_values(self, param: Param, node: Node | None) -> None:
        """A code of the file that no run could use."""
        iso4217 = iso()
        allowed = {*iso4217.current, *self._money.extra}
        allowed |= set(iso4217.ended) if param.withdrawn else set()
        for item in _codes_in(node):
            code = getattr(item, "value", None)
            if not isinstance(code, str) or code in allowed:
                continue
            problem, hint = unknown(code, self._money)
            if code in iso4217.ended:
                problem = f"{code} has ended"
                hint = "write `withdrawn: true` for refunds of old payments"
            self._report.at(item).error("FC0331", problem, item.span, hint)

    def _inside(
        self, param: Param, node: Node | None
    ) -> tuple[Mapping[Term, tuple[str, ...]], bool]:
        def currency(name: str, report: Report) -> Term | None:
            place = access.get(node, "schema") or node
            return None if place is None else self._currency_named(name, place, param, report)

        return amounts_in(param, node, self._money, currency, self._report.at(param))


def _codes_in(node: Node | None) -> list[Node]:
    """Where a currency param names codes."""
    nodes = [access.get(node, key) for key in ("values", "default", "example")]
    lists = [item for node in nodes for item in access.items(node)]
    return [*lists, *(node for node in nodes if isinstance(node, YamlScalar))]


def unknown(code: str, money: DeclaredMoney) -> tuple[str, str]:
    """Why a code cannot be used, and what to do about it. A text that is no code is not shown."""
    iso4217 = iso()
    if not _CODE.fullmatch(code):
        return "a currency is three capital letters of ISO 4217", "write a code such as EUR"
    if code in iso4217.not_money:
        return f"{code} stands for a metal, a fund or a test: nobody is paid in it", (
            "write a code such as EUR"
        )
    if iso4217.find(code) is None and code not in money.extra:
        return f"ISO 4217 has no currency {code}", "correct it, or declare it under `money: extra:`"
    return f"{code} is not among the currencies that the destination counts", (
        "take another one, or say in `money:` how the destination counts it"
    )


def _options(currencies: list[str]) -> str:
    return " or ".join([*currencies, "a code such as EUR"])


# Amounts inside the schema of a `json` param

_MARK = "amount"
# Levels of a value that are looked into: as deep as an expression may nest (`MAX_NESTING`).
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
            self.look(inner, f"{at}/{pointer_token(key)}", through)
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
