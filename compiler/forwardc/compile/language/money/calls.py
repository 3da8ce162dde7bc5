"""What is wrong with `iso`, `decimal` and `exponent`: an amount, and the currency that is its own.

Knows names and terms; says problems and reports none.
"""

from collections.abc import Iterator
from typing import Final, TypeAlias

from forwardc.compile.language.money.params import unknown
from forwardc.compile.language.scope import Symbol, SymbolTable
from forwardc.core.diagnostics.span import Span
from forwardc.core.terms.terms import Atom, Call, If, Lit, Ref, Term, walk

AMOUNT_FUNCTIONS: Final = frozenset({"iso", "decimal", "exponent"})

Problem: TypeAlias = tuple[str, str, Span | None, str | None]


def amount_of(term: Term, names: SymbolTable) -> Symbol | None:
    """What is known of an amount where the term is one, marked with `?` or not."""
    inner = term.then if isinstance(term, If) else term
    symbol = names.find(inner.name) if isinstance(inner, Ref) else None
    return symbol if symbol is not None and symbol.amount else None


def amount_problems(call: Call, names: SymbolTable) -> Iterator[Problem]:
    """Code, message, place and hint of each problem beside the types of arguments."""
    yield from _not_before(call, names)
    amount = amount_of(call.args[0], names)
    if call.function == "iso":
        if amount is None:
            hint = "an amount is a param or output of `type: amount`"
            yield "FC0303", "`iso` takes an amount", call.args[0].span, hint
        return
    currency = currency_of(call.args[-1])
    code = currency.value if isinstance(currency, Lit) else None
    if isinstance(code, str) and code.upper() not in names.money.digits:
        problem, hint = unknown(code, names.money)
        yield "FC0331", problem, call.args[-1].span, hint
    own = amount.currency if amount is not None and call.function == "decimal" else None
    if own is not None and own != currency:
        said = own.name if isinstance(own, Ref) else str(getattr(own, "value", ""))
        message = "the amount is counted in another currency than is named here"
        yield "FC0333", message, call.args[-1].span, f"write {said}"


def _not_before(call: Call, names: SymbolTable) -> Iterator[Problem]:
    """What is not known when an amount is counted, which is before anything is sent."""
    for node in walk(call):
        if isinstance(node, Atom):
            message = f"only the vault knows `{node.name}`: an amount is counted before"
            yield "FC0401", message, node.span, None
        elif isinstance(node, Ref) and (node.root == "secrets" or _is_vaults(node, names)):
            message = f"`{node.name.removeprefix('let.')}` holds card data or a secret: it is"
            yield "FC0401", f"{message} no amount and no currency", node.span, None


def _is_vaults(ref: Ref, names: SymbolTable) -> bool:
    let = names.lets.get(ref.name.removeprefix("let.")) if ref.root == "let" else None
    return let is not None and let.vault_only


def currency_of(term: Term) -> Term:
    """The currency itself: how it is spelled and whether it is there change no digit."""
    match term:
        case Call(function="upper" | "lower", args=(inner,)) | If(then=inner):
            return currency_of(inner)
        case _:
            return term
