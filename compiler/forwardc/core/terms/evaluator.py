"""The one evaluator. A scope gives the values of references; the result is data or text.

The result follows from term and scope alone. With `reveal=False` every tainted value shows as
`***`.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any, Final, assert_never

from forwardc.core.dataclass import dataclass
from forwardc.core.diagnostics.errors import ForwardcError
from forwardc.core.terms import escaping as escape
from forwardc.core.terms import writers
from forwardc.core.terms.escaping import audited
from forwardc.core.terms.functions import (
    FUNCTIONS,
    LAZY,
    OVER_JSON,
    ComputationError,
    combine_truths,
    is_present,
)
from forwardc.core.terms.money import MONEY, measure_amount
from forwardc.core.terms.terms import (
    LINES,
    Amount,
    Atom,
    Call,
    Encoded,
    Encoding,
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
    line_parts,
)
from forwardc.core.terms.values import (
    ABSENT,
    MASK,
    Fragment,
    Secret,
    Template,
    Value,
    is_absent,
    is_null,
    resolve,
)

MASKED = Fragment(MASK)


class TextTooLongError(ForwardcError, ValueError):
    """A text is longer than a vendor's limit. The message names the limit, not the text."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Values by full reference name (`params.amount`), and what is present.

    A `Secret` value is tainted: it, and all that is computed from it, is masked unless revealed.
    """

    values: Mapping[str, Any]
    present: frozenset[str] = frozenset()
    source: Term | None = None
    reveal: bool = False

    def has(self, name: str) -> bool:
        """Whether an optional value is there."""
        if name in self.present or self.values.get(name) is not None:
            return True
        base, slash, pointer = name.partition("/")
        return bool(slash) and self._has_member(self.values.get(base), f"/{pointer}")

    def _has_member(self, document: Any, pointer: str) -> bool:
        """Whether a `json` param has something at a pointer: null is nothing."""
        known = document.reveal() if isinstance(document, Secret) else document
        return resolve(known, pointer) is not None


def evaluate(term: Term, scope: Scope) -> Value:
    """The value of a term.

    Raises `NotExpressibleError`, `TextTooLongError` or `ComputationError` when the run's values
    cannot be sent as they are, and `KeyError` when the scope lacks a reference.
    """
    match term:
        case Lit(value=value):
            return value
        case Ref():
            return reference(term, scope)
        case Raw(text=text, number=number):
            return Fragment(text, number)
        case Call():
            return _call(term, scope)
        case Text(parts=parts):
            if _lacks(parts, scope):
                return ABSENT
            return joined([evaluate(part, scope) for part in parts])
        case Map(entries=entries):
            values = ((key, evaluate(value, scope)) for key, value in entries)
            return {key: value for key, value in values if not is_absent(value)}
        case Seq(items=items):
            evaluated = (evaluate(item, scope) for item in items)
            return [value for value in evaluated if not is_absent(value)]
        case If(present=present, then=then):
            return evaluate(then, scope) if scope.has(present) else ABSENT
        case Encoded():
            return _encoded(term, scope)
        case Limit():
            return limited(term, evaluate(term.term, scope))
        case Source():
            if scope.source is None:
                raise KeyError("source")
            return evaluate(scope.source, scope)
        case Amount():
            return _amount(term, scope)
        case Atom():
            raise TypeError("an atom has no value outside the vault")
        case _:
            assert_never(term)


def reference(ref: Ref, scope: Scope) -> Value:
    """The value of a reference, masked where it is tainted and not revealed."""
    value: Value | Secret = scope.values[ref.name]
    if isinstance(value, Secret):
        revealed: Value = value.reveal() if scope.reveal else MASKED
        return revealed
    return value


def _lacks(terms: tuple[Term, ...], scope: Scope) -> bool:
    """Whether one of the terms is absent, whatever is wrong with the others."""
    return any(_is_left_out(term, scope) for term in terms)


def _is_left_out(term: Term, scope: Scope) -> bool:
    match term:
        case Lit() | Ref() | Atom() | Raw() | Map() | Seq():
            return False
        case If(present=present, then=then):
            return not scope.has(present) or _is_left_out(then, scope)
        case Text(parts=terms) | Call(args=terms):
            return _lacks(terms, scope)
        case Encoded(tree=inner) | Limit(term=inner):
            return _is_left_out(inner, scope)
        case Amount():
            return _lacks(term.inside, scope)
        case Source():
            return scope.source is not None and _is_left_out(scope.source, scope)
        case _:
            assert_never(term)


def joined(values: list[Value]) -> Value:
    """Texts one after the other; absent where one of them is."""
    if any(is_absent(value) for value in values):
        return ABSENT
    parts = [part for value in values for part in writers.parts_of(value)]
    if any(isinstance(part, Fragment) for part in parts):
        return Template(tuple(parts))
    return "".join(str(part) for part in parts)


def _call(call: Call, scope: Scope) -> Value:
    if call.function in LAZY:
        return combine_truths(call.function, (partial(evaluate, arg, scope) for arg in call.args))
    if call.function == "present":
        return is_present(evaluate(call.args[0], scope))
    if _lacks(call.args, scope):
        return ABSENT
    args = [evaluate(arg, scope) for arg in call.args]
    named = {name: evaluate(value, scope) for name, value in call.named}
    present = {name: value for name, value in named.items() if not is_absent(value)}
    return applied(call.function, args, present)


def applied(function: str, args: list[Value], named: dict[str, Value]) -> Value:
    """What a function gives for values; `***` where one of them is masked.

    Raises `ComputationError`.
    """
    if function == "json":
        return joined([Template(tuple(writers.json_pieces(args[0], templated=False)))])
    if function == "text":
        return joined(args)
    if function in OVER_JSON:
        args, named = (
            [_json_text(arg) for arg in args],
            {k: _json_text(v) for k, v in named.items()},
        )
    if FUNCTIONS[function].rules_only:
        # A rule reads whole answers, which hold no syntax of a vault and are not shown.
        return _computed(function, args, named)
    hidden = [piece for value in (*args, *named.values()) for piece in _fragments(value)]
    if any(piece != MASKED for piece in hidden):
        raise TypeError(f"{function} is applied to the syntax of a vault")
    return MASKED if hidden else _computed(function, args, named)


def _computed(name: str, args: list[Value], named: dict[str, Value]) -> Value:
    function = FUNCTIONS[name]
    if not function.rules_only and any(is_null(arg) for arg in args):
        return None
    try:
        result: Value = function.compute(*args, **named)
    except UnicodeEncodeError:
        raise ComputationError(f"{name} does not take a lone surrogate") from None
    except (TypeError, AttributeError):
        # Types are checked at build time, except those of what a destination answers.
        raise ComputationError(f"{name} does not take this type of value") from None
    return result


def _amount(term: Amount, scope: Scope) -> Value:
    """What the destination is told of an amount; masked or absent where a part of it is."""
    if _lacks(term.inside, scope):
        return ABSENT
    return amount_value(term, [evaluate(part, scope) for part in term.inside], scope)


def amount_value(term: Amount, parts: list[Value], scope: Scope) -> Value:
    """What the destination is told of an amount whose parts have these values.

    `***` where one of them is masked. Raises `ComputationError`.
    """
    hidden = [piece for part in parts for piece in _fragments(part)]
    if any(piece != MASKED for piece in hidden):
        raise TypeError("an amount is counted over the syntax of a vault")
    return MASKED if hidden else measure_amount(term, parts, scope.values.get(MONEY))


def _json_text(value: Value) -> Value:
    if not isinstance(value, dict | list):
        return value
    return joined([Template(tuple(writers.json_pieces(value, templated=False)))])


def _fragments(value: Value) -> list[Fragment]:
    if isinstance(value, Fragment):
        return [value]
    if isinstance(value, Template):
        return [part for part in value.parts if isinstance(part, Fragment)]
    if isinstance(value, dict):
        return [piece for item in value.values() for piece in _fragments(item)]
    if isinstance(value, list):
        return [piece for item in value for piece in _fragments(item)]
    return []


def _encoded(term: Encoded, scope: Scope) -> Value:
    if _is_left_out(term.tree, scope):
        return ABSENT
    if term.encoding in LINES:
        values = [evaluate(part, scope) for part in line_parts(term.tree)]
        return written(term, line_pieces(term, values))
    return written(term, tree_pieces(term, evaluate(term.tree, scope)))


def tree_pieces(term: Encoded, value: Value) -> writers.Pieces:
    """The text of a body or of one value in it."""
    match term.encoding:
        case Encoding.JSON:
            return writers.json_pieces(value, templated=term.templated)
        case Encoding.FORM:
            return writers.form_pieces(value, templated=term.templated)
        case Encoding.XML:
            return writers.xml_pieces(value, term.doctype, templated=term.templated)
        case Encoding.PLAIN | Encoding.HEADER | Encoding.QUERY | Encoding.URL:
            return writers.scalar_pieces(value, term.encoding, templated=term.templated)
        case _:
            assert_never(term.encoding)


def line_pieces(term: Encoded, values: list[Value]) -> writers.Pieces:
    """The text of a line: what the author wrote stays, what a run gives is escaped."""
    for part, value in zip(line_parts(term.tree), values, strict=True):
        text = authors_text(term, part, value)
        if text is not None:
            yield text
        else:
            yield from writers.scalar_pieces(value, term.encoding, templated=term.templated)


_TIMES: Final = frozenset({"http_date", "format_time", "iso8601"})


def authors_text(term: Encoded, part: Term, value: Value) -> str | None:
    """The text of a part of a line whose characters were known at build time; None of another.

    A literal; in a header also a time in a fixed form, one of an author's own values, and what
    `join` puts between items, which are escaped as any value of a run.
    Raises `NotExpressibleError`.
    """
    if isinstance(part, Lit):
        return literal_text(term.encoding, writers.text_of(value), term.templated)
    if term.encoding is not Encoding.HEADER or not isinstance(part, Call):
        return None
    if isinstance(value, Fragment | Template):
        return None
    if part.function == "join" and isinstance(value, str) and isinstance(part.args[1], Lit):
        separator = str(part.args[1].value)
        items = value.split(separator)
        between = literal_text(term.encoding, separator, term.templated)
        return between.join(escape.header_text(item, templated=term.templated) for item in items)
    return (
        literal_text(term.encoding, writers.text_of(value), term.templated)
        if _is_fixed(part)
        else None
    )


def _is_fixed(part: Call) -> bool:
    """Whether each text that a call can give is one of a few that the author knows the form of."""
    if part.function != "map":
        return part.function in _TIMES
    values = [*part.args[1].inside, *(value for _, value in part.named)]
    return all(isinstance(value, Lit) for value in values)


def written(term: Encoded, pieces: writers.Pieces) -> str:
    """The pieces as one text, audited where a vault reads it as a template."""
    text = audited(pieces) if term.templated else "".join(map(writers.raw_text, pieces))
    return checked_line(text) if term.encoding is Encoding.HEADER else text


def checked_line(text: str) -> str:
    """A header's text itself. Raises `NotExpressibleError` where HTTP would change it."""
    if text != text.strip(" "):
        # HTTP drops it on the way (RFC 9110, section 5.5), so it would not arrive as given.
        raise escape.NotExpressibleError("a header cannot begin or end with a space")
    return text


def literal_text(encoding: Encoding, text: str, templated: bool) -> str:
    """A text of the author in a line. Raises `NotExpressibleError`."""
    match encoding:
        case Encoding.HEADER:
            return escape.header_literal(text, templated=templated)
        case Encoding.QUERY:
            return escape.query_text(text, templated=templated)
        case _:
            return text


def limited(term: Limit, value: Value) -> Value:
    """The value of what is limited. Raises `TextTooLongError`."""
    if isinstance(value, str) and len(value) > term.maximum:
        raise TextTooLongError(f"{term.name} is longer than {term.maximum} characters")
    return value
