"""The types of terms, and whether each stands where its type fits.

Types come from the bottom up: literals, symbols, the table of functions. One that cannot be told is
`json`, which fits everywhere.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import assert_never

from forwardc.compile.language.call_checks import (
    AMOUNT_FUNCTIONS,
    amount_of,
    amount_problems,
    pick_problems,
    picked_type,
)
from forwardc.compile.language.json_layout import Layout, is_list_of_scalars, layout_problem
from forwardc.compile.language.json_members import MEMBER, name_of_member
from forwardc.compile.language.lookup_checks import (
    CHECKED,
    join_problems,
    lookup_problems,
    schemas_of,
)
from forwardc.compile.language.report import Report
from forwardc.compile.language.symbols import SymbolTable
from forwardc.core.atoms import NEVER_INTEGER
from forwardc.core.dataclass import dataclass
from forwardc.core.diagnostics.span import Span
from forwardc.core.instrument import DIGITS
from forwardc.core.instrument import ROOT as INSTRUMENT_ROOT
from forwardc.core.terms.functions import FUNCTIONS, Type, Types, fits
from forwardc.core.terms.terms import (
    Amount,
    Atom,
    Call,
    Encoded,
    If,
    Limit,
    Lit,
    Map,
    Raw,
    Ref,
    Seq,
    Source,
    Term,
    Text,
    walk,
)

_TEXTUAL = frozenset({Type.TEXT, Type.INTEGER, Type.NUMBER, Type.BOOLEAN})
"""Types that text takes in between `${` and `}`."""
_NUMERIC = frozenset({Type.INTEGER, Type.NUMBER})
_ORDERED = _NUMERIC | {Type.TEXT}
_FORM = {
    Type.BYTES: "write hex(...), base64(...) or base64url(...)",
    Type.TIME: "write iso8601(...), unix(...), unix_ms(...) or format_time(...)",
}
_TEXT_FORM = {**_FORM, Type.MAP: "write json(...)", Type.LIST: "write json(...)"}


def type_of(term: Term, names: SymbolTable) -> Type:
    """The type of a term. Names that are not known count as `json`, which fits anywhere."""
    match term:
        case Lit(value=value):
            return _type_of_literal(value)
        case Ref(name=name):
            symbol = names.find(name)
            return symbol.type if symbol else Type.JSON
        case Call(function="pick", named=named):
            return picked_type(type_of(alternative, names) for _, alternative in named)
        case Call(function="member"):
            member = names.find(name_of_member(term))
            return member.type if member else Type.JSON
        case Call(function="map", args=(_, Map(entries=entries)), named=named):
            return picked_type(type_of(value, names) for _, value in (*entries, *named))
        case Call(function=function):
            return FUNCTIONS[function].result
        case Map() | Source():
            return Type.MAP
        case Amount():
            return names.money.wire_type
        case Seq():
            return Type.LIST
        case If(then=then):
            return type_of(then, names)
        case Limit(term=inner):
            return type_of(inner, names)
        case Atom() | Raw() | Text() | Encoded():
            return Type.TEXT
        case _:
            assert_never(term)


def _type_of_literal(value: None | bool | int | Decimal | str) -> Type:
    match value:
        case None:
            return Type.NULL
        case bool():
            return Type.BOOLEAN
        case int():
            return Type.INTEGER
        case Decimal():
            return Type.NUMBER
        case str():
            return Type.TEXT


@dataclass(slots=True)
class Typing:
    """Checks terms of one place; `good` tells whether all of them fit."""

    names: SymbolTable
    report: Report
    in_json_body: bool = False
    """Whether a `json` param may stand here."""
    layout: Layout | None = None
    """How a list or map is written here, where it is no JSON."""
    good: bool = True

    def any(self, term: Term, *, interpolated: bool = False) -> Type:
        """Check a value whose use decides later which types fit."""
        return self._check(term, interpolated=interpolated, json_here=self.in_json_body)

    def leaf(self, term: Term, *, interpolated: bool = False) -> Type:
        """Check a value of a body: anything with a form in JSON."""
        if self._is_laid_out(term):
            return Type.JSON
        type_ = self._check(term, interpolated=interpolated, json_here=self.in_json_body)
        if type_ in _FORM:
            self._fail(f"{_a(type_)} has no form in a body", term, _FORM[type_])
        return type_

    def _is_laid_out(self, term: Term) -> bool:
        """Whether a `json` param or member stands here as a list or map of a form or of XML."""
        schemas = schemas_of(term, self.names) if self.layout is not None else None
        if self.layout is None or schemas is None:
            return False
        problem = layout_problem(*schemas, self.layout)
        if problem is not None:
            hint = f"elsewhere its schema must say all that it can be: {problem}"
            self._fail("a json param stands in a JSON body only", term, hint)
        return True

    def line(self, term: Term, subject: str, *, interpolated: bool = False) -> Type:
        """Check the value of a header, query or path: a scalar, written as text."""
        type_ = self._check(term, interpolated=interpolated, json_here=False)
        if type_ is Type.NULL:
            self._fail(f"{subject} cannot be null", term, "leave the entry out")
        elif type_ not in _TEXTUAL and type_ is not Type.JSON:
            self._fail(f"{subject} cannot be {_a(type_)}", term, _TEXT_FORM.get(type_))
        return type_

    def rule(self, term: Term, *, interpolated: bool = False) -> Type:
        """Check a `when:`, which is true or false."""
        type_ = self._check(term, interpolated=interpolated, json_here=False)
        if type_ not in (Type.BOOLEAN, Type.JSON):
            hint = "put all of it between ${ and }" if interpolated else "compare with == or in"
            self._fail(f"a rule is true or false, not {_a(type_)}", term, hint)
        return type_

    # The walk

    def _fail(self, message: str, term: Term, hint: str | None = None) -> None:
        self._error("FC0303", message, term.span, hint)

    def _error(self, code: str, message: str, span: Span | None, hint: str | None) -> None:
        self.good = False
        self.report.error(code, message, span, hint)

    def _check(self, term: Term, *, interpolated: bool, json_here: bool) -> Type:
        match term:
            case Ref(name=name):
                self._json_param(name, term, json_here)
            case If(then=then):
                self._check(then, interpolated=False, json_here=json_here)
            case Text(parts=parts):
                for part in parts:
                    self._check(part, interpolated=False, json_here=False)
                    self._part(part, interpolated=interpolated)
            case Call():
                self._call(term, json_here=json_here)
            case Seq(items=items):
                for item in items:
                    self._check(item, interpolated=False, json_here=json_here)
            case Lit() | Atom() | Raw() | Map() | Encoded() | Limit() | Source() | Amount():
                pass
            case _:
                assert_never(term)
        return type_of(term, self.names)

    def _json_param(self, name: str, term: Term, json_here: bool) -> None:
        if json_here:
            return
        root, _, rest = name.partition(".")
        symbol = self.names.find(name)
        if root == "params" and symbol and symbol.type is Type.JSON:
            schemas = schemas_of(term, self.names)
            is_joinable = schemas is not None and is_list_of_scalars(*schemas)
            hint = f"write join({name}, ',') for one text" if is_joinable else None
            self._fail("a json param stands in a JSON body only", term, hint)
        elif root == "let" and rest in self.names.lets and self.names.lets[rest].holds_json:
            self._fail(f"`{rest}` holds a json param, which stands in a JSON body only", term)

    def _part(self, part: Term, *, interpolated: bool) -> None:
        type_ = type_of(part, self.names)
        if type_ is Type.JSON or type_ is Type.TEXT:
            return
        if not interpolated:
            hint = "write text(...)" if type_ in _TEXTUAL else _TEXT_FORM.get(type_)
            self._fail(f"`+` joins texts, not {_a(type_)}", part, hint)
        elif type_ not in _TEXTUAL:
            self._fail(f"text cannot hold {_a(type_)}", part, _TEXT_FORM.get(type_))

    # Functions and operators

    def _caller_type(self, term: Term) -> Type:
        """The type of a value as its caller gave it: an amount is an integer of minor units."""
        return Type.INTEGER if amount_of(term, self.names) else type_of(term, self.names)

    def _call(self, call: Call, *, json_here: bool) -> None:
        if call.function == MEMBER:
            self._member(call, json_here=json_here)
            return
        if call.function == "join":
            for problem in join_problems(call, self.names):
                self._error(*problem)
            return
        whole = json_here and call.function in ("json", "jwe", "pick")
        for inner in (*call.args, *(value for _, value in call.named)):
            self._check(inner, interpolated=False, json_here=whole)
        function = FUNCTIONS[call.function]
        if function.rules_only:
            self._operator(call)
            return
        if call.function == "pick":
            for problem in pick_problems(call, self.names, type_of):
                self._error(*problem)
            return
        if call.function in AMOUNT_FUNCTIONS:
            for code, message, place, hint in amount_problems(call, self.names):
                self._error(code, message, place, hint)
            if call.function == "iso":
                return
        for arg, accepted in zip(call.args, function.args, strict=True):
            self._argument(call, arg, accepted)
        if call.function in CHECKED:
            for problem in lookup_problems(call, self.names, type_of):
                self._error(*problem)
        by_name: Mapping[str, Types] = {name: types for name, types, _ in function.named}
        for name, value in call.named:
            self._argument(call, value, by_name[name])
        if call.function == "int":
            self._int(call.args[0])

    def _member(self, call: Call, *, json_here: bool) -> None:
        if type_of(call, self.names) is Type.JSON and not json_here:
            message = "a member without one type in its schema stands in a JSON body only"
            self._fail(message, call, "say in the schema that it is a string, or a number")

    def _argument(self, call: Call, arg: Term, accepted: Types) -> None:
        takes_amounts = call.function in AMOUNT_FUNCTIONS
        type_ = self._caller_type(arg) if takes_amounts else type_of(arg, self.names)
        if not any(fits(type_, alternative) for alternative in accepted):
            hint = f"it takes {_listed(accepted)}"
            self._fail(f"`{call.function}` does not take {_a(type_)}", arg, hint)

    def _int(self, arg: Term) -> None:
        for node in walk(arg):
            digits = isinstance(node, Atom) and node.name in NEVER_INTEGER
            if digits or (isinstance(node, Ref) and node.name in DIGITS):
                name = getattr(node, "name", "")
                message = f"`{name}` is never a number: its leading zeros count"
                self._error("FC0323", message, node.span, "leave `int` out")
            elif isinstance(node, Atom) and ".expiry." not in node.name:
                self._fail("of the vault's values, only an expiry is a number", node)
            elif isinstance(node, Ref) and node.root in ("secrets", INSTRUMENT_ROOT):
                what = "a secret" if node.root == "secrets" else f"`{node.name}`"
                self._fail(f"{what} is not a number", node)

    def _operator(self, call: Call) -> None:
        left = call.args[0]
        right = call.args[-1]
        match call.function:
            case "and" | "or" | "not":
                for arg in call.args:
                    self._boolean(call, arg)
            case "present":
                return
            case "in":
                self._in(left, right)
            case "get":
                self._get(left, right)
            case _:
                self._comparison(call, left, right)

    def _boolean(self, call: Call, arg: Term) -> None:
        type_ = type_of(arg, self.names)
        if type_ not in (Type.BOOLEAN, Type.JSON):
            message = f"`{call.function}` takes true or false, not {_a(type_)}"
            self._fail(message, arg, "compare with == or in")

    def _in(self, left: Term, right: Term) -> None:
        type_ = type_of(right, self.names)
        if type_ not in (Type.LIST, Type.JSON):
            self._fail(f"`in` looks into a list, not {_a(type_)}", right, "write in [a, b]")
        items = right.items if isinstance(right, Seq) else ()
        for item in items:
            self._alike(left, item, item)

    def _get(self, of: Term, key: Term) -> None:
        type_ = type_of(of, self.names)
        if type_ not in (Type.MAP, Type.LIST, Type.JSON):
            self._fail(f"{_a(type_)} has nothing to index", of)
        key_type = type_of(key, self.names)
        if key_type not in (Type.TEXT, Type.INTEGER, Type.JSON):
            self._fail(f"an index is a text or an integer, not {_a(key_type)}", key)

    def _comparison(self, call: Call, left: Term, right: Term) -> None:
        if call.function in ("eq", "ne"):
            self._alike(left, right, right)
            return
        for arg in (left, right):
            type_ = self._caller_type(arg)
            if type_ not in _ORDERED and type_ is not Type.JSON:
                self._fail(f"{_a(type_)} has no order", arg, "compare with == or !=")
                return
        self._alike(left, right, right)

    def _alike(self, left: Term, right: Term, at: Term) -> None:
        """Report a comparison that can only be false."""
        types = {self._caller_type(left), self._caller_type(right)}
        if Type.NULL in types:
            hint = (
                "a missing value makes no comparison true: write present(...), or not present(...)"
            )
            self._fail("nothing is ever equal to null", at, hint)
        elif Type.JSON not in types and len(types) > 1 and not types <= _NUMERIC:
            first, second = self._caller_type(left), self._caller_type(right)
            self._fail(f"{_a(first)} never equals {_a(second)}", at)


def _a(type_: Type) -> str:
    """A type in a message."""
    match type_:
        case Type.TEXT | Type.BYTES | Type.NULL:
            return str(type_)
        case Type.INTEGER:
            return "an integer"
        case Type.JSON:
            return "a JSON value"
        case Type.NUMBER | Type.BOOLEAN | Type.TIME | Type.LIST | Type.MAP:
            return f"a {type_}"
        case _:
            assert_never(type_)


def _listed(types: Types) -> str:
    return (
        " or ".join(_a(type_) for type_ in sorted(types)) if len(types) < 5 else "any other value"
    )
