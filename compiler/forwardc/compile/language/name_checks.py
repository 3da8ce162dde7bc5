"""Whether the names and marks of a term may stand where they do, and what is wrong if not.

One walk over the term, with the symbols of its place: a name that is missing gets the code of what
it would be, and the nearest name that is there.
"""

from collections.abc import Iterable
from typing import assert_never

from forwardc.compile.language.adviser import Adviser
from forwardc.compile.language.expressions import inside_of
from forwardc.compile.language.json_members import (
    NoMember,
    as_written,
    indexes_of,
    member_name,
)
from forwardc.compile.language.report import Report
from forwardc.compile.language.symbols import (
    INSTRUMENTS,
    RESPONSE,
    ROOTS,
    RUN,
    ExpressionUse,
    Let,
    SymbolTable,
    member_symbol,
    rest_of,
)
from forwardc.core.atoms import ATOMS
from forwardc.core.dataclass import dataclass
from forwardc.core.diagnostics.span import Span
from forwardc.core.diagnostics.suggest import did_you_mean
from forwardc.core.terms.functions import FUNCTIONS
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
)

_OF_OPERANDS = frozenset({"FC0301", "FC0315", "FC0316", "FC0368"})
_OWN_ENTRY = "give it an entry of its own, with `?`"
_NEEDS_ALL = (
    "a text needs all of its parts: declare the param with a `default:`, or without"
    f" `optional: true`; or {_OWN_ENTRY}"
)
_NO_LOGIC = "a request has no conditions: ${map(x, {a: b}, c)} looks a value up"
_ATOM_ROOTS = frozenset({"card", "billing", "network_token"})
_UNDECLARED = {
    "params": ("FC0307", "param"),
    "secrets": ("FC0309", "secret"),
    "settings": ("FC0312", "setting"),
}


def check_names(
    term: Term, names: SymbolTable, report: Report, adviser: Adviser | None = None, text: str = ""
) -> bool:
    """Whether every name and every `?` in a term may stand there. Reports each that may not.

    `text` is what the term was read from. Names that unknown ones most likely mean count as used.
    """
    return _Check(names, report, adviser or Adviser(names), text).all(term)


@dataclass(slots=True)
class _Check:
    names: SymbolTable
    report: Report
    adviser: Adviser
    text: str
    good: bool = True
    in_mistake: bool = False
    """Whether it is inside of an operator that may not stand there: its operands go with it."""

    def all(self, term: Term) -> bool:
        self._visit(term, in_text=False, marked=False)
        return self.good

    def _fail(
        self,
        code: str,
        message: str,
        span: Span | None,
        hint: str | None = None,
    ) -> None:
        self.good = False
        if self.in_mistake and code in _OF_OPERANDS:
            return
        self.report.error(code, message, span, hint)

    def _visit(self, term: Term, *, in_text: bool, marked: bool) -> None:
        match term:
            case Ref():
                self._reference(term, in_text=in_text, marked=marked)
            case Atom():
                self._atom(term)
            case If(then=then):
                self._mark(term, in_text=in_text)
                self._visit(then, in_text=in_text, marked=_is_of(term.present, then))
            case Call() if self._is_member(term):
                self._member(term, in_text=in_text, marked=marked)
            case Call(function=function):
                outside = self.in_mistake
                self.in_mistake = not self._operator(term, function) or outside
                for inner in term.inside:
                    self._visit(inner, in_text=in_text, marked=False)
                self.in_mistake = outside
            case Seq():
                self._list(term)
                for inner in term.items:
                    self._visit(inner, in_text=False, marked=False)
            case Text(parts=parts):
                absent = self._absent_together(parts)
                for inner in parts:
                    if inner not in absent:
                        self._visit(inner, in_text=True, marked=False)
            case Lit() | Raw() | Map() | Encoded() | Limit() | Source() | Amount():
                for inner in term.inside:
                    self._visit(inner, in_text=False, marked=False)
            case _:
                assert_never(term)

    # Operators and marks

    def _is_member(self, term: Call) -> bool:
        """Whether it is a member of a `json` param, for a request: a rule reads it as it reads."""
        indexed = indexes_of(term)
        if self.names.use is not ExpressionUse.REQUEST or indexed is None or not indexed[1]:
            return False
        symbol = self.names.find(indexed[0].name)
        return symbol is not None and symbol.schema is not None

    def _is_of_unknown(self, term: Call) -> bool:
        """Whether a name is indexed that is not there, which is reported by itself."""
        indexed = indexes_of(term)
        return indexed is not None and bool(indexed[1]) and not self.names.find(indexed[0].name)

    def _member(self, term: Call, *, in_text: bool, marked: bool) -> None:
        name = member_name(term) or ""
        base, _, pointer = name.partition("/")
        param = self.names.find(base)
        if param is None:
            return
        symbol = member_symbol(param, pointer, self.names.money)
        if isinstance(symbol, NoMember):
            near = did_you_mean(symbol.part, symbol.names)
            hint = f"did you mean ['{near}']?" if near else _options(list(symbol.names))
            message = f"the schema of `{base}` has nothing at {as_written(f'/{pointer}')}"
            self._fail("FC0368", message, term.span, hint)
        elif symbol.optional and not marked:
            message = f"`{as_written(name)}` may be absent"
            hint = f"write {as_written(name)}? to leave the entry out then, or say in its schema"
            hint = f"{hint} that it is there: `required`, `minItems`"
            if in_text:
                hint = _OWN_ENTRY
            self._fail("FC0316", message, term.span, hint)

    def _absent_together(self, parts: Iterable[Term]) -> list[Ref]:
        """Report what may be absent in a text without saying so, where it is more than one name.

        One mistake: the text needs all of its parts.
        """
        symbols = [(part, self.names.find(part.name)) for part in parts if isinstance(part, Ref)]
        absent = [part for part, symbol in symbols if symbol is not None and symbol.optional]
        if len(absent) < 2:
            return []
        names = dict.fromkeys(f"`{part.name}`" for part in absent)
        message = f"{' and '.join(names)} may be absent"
        self._fail("FC0316", message, absent[0].span, _NEEDS_ALL)
        return absent

    def _operator(self, term: Call, function: str) -> bool:
        """Whether an operator may stand there."""
        if not FUNCTIONS[function].rules_only or self.names.use is ExpressionUse.RULE:
            return True
        if function == "present":
            message = "true or false for what is there stands in `when:` only"
            hint = "write present(card.cvc, '1') for a value that goes with another one"
            self._fail("FC0301", message, term.span, hint)
        elif not self._is_of_unknown(term):
            message = "comparisons, logic and indexes stand in `when:` only"
            hint = "in a request, members of a json param alone are read: params.order['id']"
            inside = inside_of(self.text)
            own = hint if function == "get" else None
            hint = (self.adviser.on_expression(inside, own) if inside else own) or _NO_LOGIC
            self._fail("FC0301", message, term.span, hint)
        return False

    def _list(self, term: Seq) -> None:
        if self.names.use is not ExpressionUse.RULE:
            message = "a list inside an expression stands in `when:` only"
            self._fail("FC0301", message, term.span, "write the list in YAML")

    def _mark(self, term: If, *, in_text: bool) -> None:
        name = term.present
        symbol = self.names.find(name)
        if in_text:
            message = "a value that may be absent stands inside text"
            hint = "`?` leaves out a whole value: give it an entry of its own"
            self._fail("FC0315", message, term.span, hint)
        elif name.startswith("let."):
            message = "`?` does not follow a `let` name"
            self._fail("FC0301", message, term.span, "put the `?` where the value is named")
        elif symbol and not symbol.optional and name not in ATOMS and not _is_told_late(name):
            message = f"`{as_written(name)}` is never absent: it takes no `?`"
            self._fail("FC0301", message, term.span, _mark_hint(name))

    # Names

    def _atom(self, atom: Atom) -> None:
        if self.names.use is ExpressionUse.RULE:
            message = f"only the vault knows `{atom.name}`: a rule cannot read it"
            self._fail("FC0401", message, atom.span)
        elif self.names.use is ExpressionUse.BASE_URL:
            self._not_at_build(atom.name, atom.span)

    def _not_at_build(self, name: str, span: Span | None) -> None:
        code = "FC0403" if name.startswith("secrets.") else "FC0402"
        message = f"`{name}` is not known at build time"
        self._fail(code, message, span, "a base URL takes literals and settings only")

    def _reference(self, ref: Ref, *, in_text: bool, marked: bool) -> None:
        symbol = self.names.find(ref.name)
        if symbol is None:
            self._unknown(ref)
        elif self.names.use is ExpressionUse.BASE_URL and ref.root != "settings":
            self._not_at_build(ref.name, ref.span)
        elif ref.root == "let":
            self._let(ref, self.names.lets[rest_of(ref.name)], in_text=in_text)
        elif symbol.optional and not marked:
            message = f"`{ref.name}` may be absent"
            hint = f"write {ref.name}? to leave the entry out then"
            if in_text:
                hint = _NEEDS_ALL if ref.root == "params" else _OWN_ENTRY
            self._fail("FC0316", message, ref.span, hint)
        elif ref.root == "secrets" and self.names.use is ExpressionUse.RULE:
            message = "a secret may be stored at the vault: a rule cannot read it"
            self._fail("FC0401", message, ref.span)

    def _let(self, ref: Ref, let: Let, *, in_text: bool) -> None:
        if in_text and let.may_be_absent:
            message = f"`{rest_of(ref.name)}` may be absent, and stands inside text"
            hint = "`?` leaves out a whole value: give it an entry of its own"
            self._fail("FC0315", message, ref.span, hint)
        if self.names.use is ExpressionUse.RULE and let.vault_only:
            message = f"`{rest_of(ref.name)}` holds card data or a secret: a rule cannot read it"
            self._fail("FC0401", message, ref.span)

    def _unknown(self, ref: Ref) -> None:
        root, _, rest = ref.name.partition(".")
        if root == "let":
            self._unknown_bare(ref, rest)
        elif root in _UNDECLARED:
            self._undeclared(ref, root, rest)
        elif root == "steps":
            self._unknown_output(ref, rest)
        elif ref.name in ("card.expiry", "network_token.expiry"):
            parts = [name for name in ATOMS if name.startswith(f"{ref.name}.")]
            message = f"`{ref.name}` has no form of its own"
            self._fail("FC0313", message, ref.span, f"write {_either(parts)}")
        elif root == "response":
            self._response(ref, rest)
        elif root in _ATOM_ROOTS:
            self._suggest(ref, ref.name, [name for name in ATOMS if name.startswith(f"{root}.")])
        elif root == "run":
            self._suggest(ref, ref.name, [f"run.{name}" for name in RUN])
        elif root == "instrument":
            self._suggest(ref, ref.name, [f"instrument.{name}" for name in INSTRUMENTS])
        else:
            roots = sorted(ROOTS - {"inputs"} if "." in rest else ROOTS)
            names = [f"{root}.{rest}" for root in roots if self.names.find(f"{root}.{rest}")]
            self._suggest(ref, ref.name, names if did_you_mean(ref.name, names) else [])

    def _suggest(self, ref: Ref, name: str, candidates: Iterable[str]) -> None:
        options = list(candidates)
        near = did_you_mean(name, options)
        if near:
            self.adviser.used.add(near if "." in near else f"let.{near}")
        hint = f"did you mean {near}?" if near else _options(options)
        # A step is the author's own word.
        word = ref.name.removeprefix("let.") if ref.root != "steps" else ""
        inside = inside_of(self.text) if word else ""
        advised = self.adviser.on_expression(inside, "") or self.adviser.on_name(word)
        # The nearest name and what a word of another language means are most often the same.
        hint = advised if advised and advised != f"write {near}" else hint
        self._fail("FC0302", f"unknown name `{name}`", ref.span, hint)

    def _unknown_bare(self, ref: Ref, name: str) -> None:
        if name in self.names.later_lets:
            message = f"`{name}` is used before its `let` is complete"
            hint = "a `let` value uses earlier ones only"
            self._fail("FC0321", message, ref.span, hint)
        elif name in ROOTS:
            self._fail("FC0302", f"`{name}` needs a dot and a name", ref.span)
        elif name in FUNCTIONS and not (FUNCTIONS[name].operator or FUNCTIONS[name].internal):
            hint = f"write {name}(...)"
            self._fail("FC0302", f"`{name}` is a function", ref.span, hint)
        else:
            self._suggest(ref, name, [*self.names.lets, *self._dotted(name)])

    def _dotted(self, name: str) -> list[str]:
        """Full names that end in a bare one: what its author most likely left out is the root."""
        declared = [f"params.{param}" for param in self.names.params if param == name]
        declared += [f"settings.{setting}" for setting in self.names.settings if setting == name]
        return declared + [f"secrets.{secret}" for secret in sorted(self.names.secrets & {name})]

    def _undeclared(self, ref: Ref, root: str, rest: str) -> None:
        code, kind = _UNDECLARED[root]
        declared = {
            "params": self.names.params,
            "secrets": sorted(self.names.secrets),
            "settings": self.names.settings,
        }[root]
        near = did_you_mean(rest, declared)
        if near:
            self.adviser.used.add(f"{root}.{near}")
        hint = f"did you mean {root}.{near}?" if near else f"declare it under `{root}:`"
        param, *inside = rest.split(".")
        if inside and root == "params" and param in self.names.params:
            hint = f"write {as_written('/'.join((f'{root}.{param}', *inside)))}"
            hint = self.adviser.on_name(ref.name) or hint
        self._fail(code, f"the {kind} `{rest}` is not declared", ref.span, hint)

    def _unknown_output(self, ref: Ref, rest: str) -> None:
        step, _, output = rest.partition(".")
        if step in self.names.later_steps:
            message = f"the step `{step}` has not run yet"
            hint = "a step reads the outputs of earlier steps"
            self._fail("FC0306", message, ref.span, hint)
        elif not output:
            hint = f"write steps.{step}.<output>"
            self._fail("FC0302", f"`{ref.name}` is a step, not an output", ref.span, hint)
        elif step not in self.names.steps:
            self._suggest(ref, f"steps.{step}", [f"steps.{name}" for name in self.names.steps])
        else:
            near = did_you_mean(output, self.names.steps[step])
            hint = f"declare it under `outputs:` of the step `{step}`"
            if near:
                hint = f"did you mean steps.{step}.{near}?"
            message = f"the step `{step}` has no output `{output}`"
            self._fail("FC0317", message, ref.span, hint)

    def _response(self, ref: Ref, rest: str) -> None:
        first, _, inner = rest.partition(".")
        if self.names.use is not ExpressionUse.RULE:
            message = "an answer is known in `when:` only"
            hint = "declare an output, and read it in a later step: steps.<step>.<output>"
            self._fail("FC0302", message, ref.span, hint)
        elif inner and first in RESPONSE:
            key = "']['".join(inner.split("."))
            message = "what is inside an answer is read by index"
            self._fail("FC0302", message, ref.span, f"write response.{first}['{key}']")
        else:
            self._suggest(ref, ref.name, [f"response.{name}" for name in RESPONSE])


def _is_of(name: str, term: Term) -> bool:
    """Whether a term is the very value whose presence is asked for."""
    if isinstance(term, Call):
        return member_name(term) == name
    return isinstance(term, Ref | Atom) and term.name == name


def _is_told_late(name: str) -> bool:
    """Whether a run decides if a value is there: nothing in the file does."""
    return name.startswith(("inputs.", "instrument."))


def _mark_hint(name: str) -> str:
    root, _, rest = name.partition(".")
    match root:
        case "params" if "/" in rest:
            return "leave it out: the schema says that it is there"
        case "params":
            return f"leave it out, or declare `{rest}` with `optional: true`"
        case "steps":
            return "leave it out, or declare the output with `optional: true`"
        case _:
            return "leave it out"


def _either(options: list[str]) -> str:
    return " or ".join([", ".join(options[:-1]), options[-1]]) if len(options) > 1 else options[0]


def _options(options: list[str]) -> str | None:
    return f"known are {', '.join(options)}" if 0 < len(options) <= 8 else None
