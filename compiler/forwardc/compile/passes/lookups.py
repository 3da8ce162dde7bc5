"""Puts into a lookup what it needs on a run: its table of codes, and how a code is spelled.

A plan says itself what it looks up in: of `currency_number(params.currency)` it has the codes that
the param can be, in one text. A caller may write a code in either case, and `map` compares texts:
the code is put into upper case for it.
"""

from collections.abc import Mapping
from typing import Final

from forwardc.compile.language.code_tables import code_table
from forwardc.compile.language.destination import Param, ParamType
from forwardc.core.dataclass import replace
from forwardc.core.terms.functions import FUNCTIONS
from forwardc.core.terms.terms import Call, If, Lit, Ref, Term

_TABLES: Final = frozenset(name for name, function in FUNCTIONS.items() if function.table)
LOOKUPS: Final = _TABLES | {"map"}
"""The functions that this is about."""
_CODES: Final = frozenset({ParamType.CURRENCY, ParamType.COUNTRY})


def with_codes(call: Call, params: Mapping[str, Param]) -> Call:
    """The call as a plan has it."""
    param = _param_of(call.args[0], params)
    if call.function == "map":
        if param is None or param.type not in _CODES:
            return call
        of = _in_upper_case(call.args[0])
        return replace(call, args=(of, *call.args[1:]))
    table = code_table(call.function)
    listed = param.bounds.values if param is not None and param.bounds.values else table
    entries = [f"{code}={table[code]}" for code in map(str, listed) if code in table]
    return replace(call, args=(call.args[0], Lit(" ".join(entries))))


def _in_upper_case(of: Term) -> Term:
    if isinstance(of, If):
        return replace(of, then=_in_upper_case(of.then))
    return Call("upper", (of,), span=of.span)


def _param_of(term: Term, params: Mapping[str, Param]) -> Param | None:
    """The param that a term is, however it is spelled."""
    if isinstance(term, If):
        return _param_of(term.then, params)
    if isinstance(term, Call) and term.function in ("upper", "lower"):
        return _param_of(term.args[0], params)
    if not isinstance(term, Ref) or term.root != "params":
        return None
    return params.get(term.name.removeprefix("params."))
