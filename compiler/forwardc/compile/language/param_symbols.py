"""What an expression is told of a param: its type, whether it may be absent, what it can be."""

from typing import assert_never

from forwardc.compile.language.destination import Param, ParamType, type_of_declared
from forwardc.compile.language.money.tables import DeclaredMoney
from forwardc.compile.language.symbols import Symbol
from forwardc.core.countries import COUNTRIES, USER_ASSIGNED
from forwardc.core.currencies import iso


def symbol_of_param(param: Param, money: DeclaredMoney) -> Symbol:
    """What an expression is told of a param."""
    if param.type is ParamType.AMOUNT:
        return Symbol(money.wire_type, param.optional, amount=True, currency=param.currency)
    type_, listed = type_of_declared(param), tuple(map(str, param.bounds.values))
    match param.type:
        case ParamType.ENUM:
            return Symbol(type_, param.optional, values=listed)
        case ParamType.CURRENCY:
            codes = frozenset((*iso().current, *(iso().ended if param.withdrawn else ())))
            admits = codes.union(money.extra)
            return Symbol(type_, param.optional, values=listed, code="currency", admits=admits)
        case ParamType.COUNTRY:
            admits = COUNTRIES | USER_ASSIGNED.intersection(listed)
            return Symbol(type_, param.optional, values=listed, code="country", admits=admits)
        case ParamType.STRING | ParamType.INTEGER | ParamType.NUMBER | ParamType.BOOLEAN:
            return Symbol(type_, param.optional)
        case ParamType.JSON:
            return Symbol(type_, param.optional, schema=param.schema or {})
        case ParamType.URI:
            return Symbol(type_, param.optional)
        case _:
            assert_never(param.type)
