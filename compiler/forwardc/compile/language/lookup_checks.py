"""What is wrong with calls of `map`, of the tables of codes, and of `format_time`.

A `map` is total: of a value with a closed list each member has its entry, of any other there is an
`else`. The compiler writes a table of codes into the plan, for as many codes as the value can have;
a literal format is read here once, so that no run meets one that it cannot write.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Final, TypeAlias

from forwardc.compile.language.call_checks import Problem
from forwardc.compile.language.code_tables import code_table
from forwardc.compile.language.json_layout import is_list_of_scalars
from forwardc.compile.language.json_members import (
    MEMBER,
    Schema,
    as_written,
    name_of_member,
)
from forwardc.compile.language.symbols import Symbol, SymbolTable, rest_of
from forwardc.core.terms.functions import FUNCTIONS, Type
from forwardc.core.terms.terms import Call, If, Lit, Map, Ref, Term
from forwardc.core.terms.time_formats import format_problem, is_offset, usual_format

TypeOf: TypeAlias = Callable[[Term, SymbolTable], Type]

TABLES: Final = frozenset(name for name, function in FUNCTIONS.items() if function.table)
"""The functions that look up in a table of codes."""
CHECKED: Final = TABLES | {"map", "format_time"}
"""The functions that are checked here."""
# A message stays on one line.
_MOST_LISTED: Final = 8
_PARTS: Final = (
    "the parts are YYYY YY MM DD HH mm ss SSS, T, Z, UTC, GMT and - / . : , _ or a space"
)


def lookup_problems(call: Call, names: SymbolTable, type_of: TypeOf) -> Iterator[Problem]:
    """Code, message, place and hint of each problem beside the types of arguments."""
    if call.function == "map":
        yield from _map_problems(call, names, type_of)
    elif call.function == "format_time":
        yield from _time_problems(call)
    elif call.function in TABLES:
        yield from _table_problems(call, names)


# What a value may be


def symbol_of(term: Term, names: SymbolTable) -> Symbol | None:
    """What is known of the name that a term is, whether it may be absent or is a `let`."""
    if isinstance(term, If):
        return symbol_of(term.then, names)
    if isinstance(term, Call) and term.function == MEMBER:
        return names.find(name_of_member(term))
    if not isinstance(term, Ref):
        return None
    let = names.lets.get(rest_of(term.name)) if term.root == "let" else None
    return symbol_of(let.term, names) if let and let.term else names.find(term.name)


def closed_values(term: Term, names: SymbolTable, type_of: TypeOf) -> tuple[str, ...]:
    """Every value that a term can have, as text; none where there is no such list."""
    if type_of(term, names) is Type.BOOLEAN:
        return ("true", "false")
    if isinstance(term, If):
        return closed_values(term.then, names, type_of)
    if isinstance(term, Call) and term.function in ("text", "int", "lower", "upper"):
        inner = closed_values(term.args[0], names, type_of)
        change: Callable[[str], str] = {"lower": str.lower, "upper": str.upper}.get(
            term.function, str
        )
        return tuple(dict.fromkeys(map(change, inner)))
    if isinstance(term, Call) and term.function == "map":
        return _given_values(term)
    if isinstance(term, Ref) and term.root == "let":
        let = names.lets.get(rest_of(term.name))
        return closed_values(let.term, names, type_of) if let and let.term else ()
    symbol = symbol_of(term, names)
    return symbol.values if symbol else ()


def _given_values(call: Call) -> tuple[str, ...]:
    """What a `map` can give; nothing where one of its values is a setting's."""
    entries = call.args[1]
    values = [*entries.inside, *(value for _, value in call.named)]
    texts = [str(value.value) for value in values if isinstance(value, Lit)]
    return tuple(dict.fromkeys(texts)) if len(texts) == len(values) else ()


def schemas_of(term: Term, names: SymbolTable) -> tuple[Schema, Schema] | None:
    """Of a `json` param, or of a member without one type, its schema and the param's.

    None for any other term.
    """
    inner = term.then if isinstance(term, If) else term
    if isinstance(inner, Call) and inner.function == MEMBER:
        name = name_of_member(inner)
    elif isinstance(inner, Ref) and inner.root == "params":
        name = inner.name
    else:
        return None
    symbol, param = names.find(name), names.find(name.partition("/")[0])
    if symbol is None or symbol.type is not Type.JSON or symbol.schema is None or param is None:
        return None
    return symbol.schema, param.schema or {}


def join_problems(call: Call, names: SymbolTable) -> Iterator[Problem]:
    """Why a list cannot be joined: it is none of scalars, or the separator is no literal."""
    of, separator = call.args
    schemas = schemas_of(of, names)
    if schemas is None or not is_list_of_scalars(*schemas):
        message = "`join` takes a list of texts or numbers, as the schema of a json param says"
        yield "FC0369", message, of.span, "write {type: array, items: {type: string}}"
    literal = separator.value if isinstance(separator, Lit) else None
    if not isinstance(literal, str) or not literal:
        message = "the separator of `join` is a literal text"
        yield "FC0369", message, separator.span, "write join(params.tags, ',')"


# map


def _map_problems(call: Call, names: SymbolTable, type_of: TypeOf) -> Iterator[Problem]:
    entries = call.args[1]
    if not isinstance(entries, Map):
        return
    values = [value for _, value in (*entries.entries, *call.named)]
    types = {type_of(value, names) for value in values} - {Type.JSON}
    if len(types) > 1:
        message = f"the values of `map` are of unlike types: {' and '.join(sorted(types))}"
        hint = "whichever is looked up stands at the same place: put numbers in quotes for text"
        yield "FC0364", message, call.span, hint
    yield from _coverage_problems(call, entries, names, type_of)


def _coverage_problems(
    call: Call, entries: Map, names: SymbolTable, type_of: TypeOf
) -> Iterator[Problem]:
    of, named = call.args[0], _named(call.args[0])
    closed = closed_values(of, names, type_of)
    symbol = symbol_of(of, names)
    known = frozenset(closed) or (symbol.admits if symbol else frozenset())
    is_number = type_of(of, names) is Type.INTEGER
    for key, value in entries.entries:
        if (known and key not in known) or (is_number and not _is_integer(key)):
            hint = f"it has {_listed(closed)}" if closed else None
            yield "FC0363", f"`{key}` is no value of {named}", value.span or call.span, hint
    keys = {key for key, _ in entries.entries}
    if call.named:
        return
    if not closed:
        message = f"`map` says nothing for other values of {named}, which can be any"
        yield "FC0365", message, call.span, "add what they become, as a third argument"
    elif missing := [value for value in closed if value not in keys]:
        message = f"`map` says nothing for {_listed(missing)}"
        hint = "add their entries, or a third argument for all others"
        yield "FC0363", message, call.span, hint


def _is_integer(key: str) -> bool:
    digits = key.removeprefix("-")
    return digits.isascii() and digits.isdigit() and str(int(digits)) == digits


def _named(term: Term) -> str:
    inner = term.then if isinstance(term, If) else term
    if isinstance(inner, Call) and inner.function == MEMBER:
        return f"`{as_written(name_of_member(inner))}`"
    return f"`{inner.name.removeprefix('let.')}`" if isinstance(inner, Ref) else "what is looked up"


def _listed(values: Sequence[str]) -> str:
    more = len(values) - _MOST_LISTED
    return ", ".join(values[:_MOST_LISTED]) + (f" and {more} more" if more > 0 else "")


# Tables of codes


def _table_problems(call: Call, names: SymbolTable) -> Iterator[Problem]:
    of, table = call.args[0], code_table(call.function)
    kind = FUNCTIONS[call.function].table
    if isinstance(of, Lit):
        if isinstance(of.value, str) and of.value.upper() not in table:
            yield "FC0366", f"`{call.function}` knows no such {kind}", of.span, None
        return
    symbol = symbol_of(of, names)
    if symbol is None:
        return
    if symbol.code not in ("", kind):
        message = f"{_named(of)} is no {kind}"
        yield "FC0366", message, of.span, f"`{call.function}` takes a {kind}"
    elif symbol.code and (unknown := [code for code in symbol.values if code not in table]):
        message = f"`{call.function}` has no code for {_listed(unknown)}"
        hint = f"write map({_named(of).strip('`')}, {{{unknown[0]}: ..., ...}})"
        yield "FC0366", message, of.span, hint


# Times


def _time_problems(call: Call) -> Iterator[Problem]:
    text, offset = call.args[1], dict(call.named).get("offset")
    shift = offset.value if isinstance(offset, Lit) else None
    if offset is not None and not (isinstance(shift, str) and is_offset(shift)):
        message = "the offset of a time is a literal: hours and minutes from UTC"
        yield "FC0367", message, offset.span or call.span, "write offset='+09:00'"
        shift = None
    if not isinstance(text, Lit) or not isinstance(text.value, str):
        message = "the format of a time is a literal"
        yield "FC0367", message, text.span or call.span, "write format_time(run.now, 'YYYYMMDD')"
        return
    problem = format_problem(text.value, shift if isinstance(shift, str) else None)
    if problem:
        usual = usual_format(text.value)
        hint = f"write '{usual}'" if usual else _PARTS
        yield "FC0367", f"this format {problem}", text.span, hint
