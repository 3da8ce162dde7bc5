"""What is wrong with calls of `pick`, `iso`, `decimal` and `exponent`, beside their types.

`pick` is decided by a setting at build time: its alternatives are held against the setting's
values. The other three take an amount, whose own currency must be the one that is named.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Final, TypeAlias

from forwardc.compile.language.money.amount_params import unknown
from forwardc.compile.language.symbols import Symbol, SymbolTable
from forwardc.core.diagnostics.span import Span
from forwardc.core.terms.functions import Type
from forwardc.core.terms.terms import Atom, Call, If, Lit, Ref, Term, walk

Problem: TypeAlias = tuple[str, str, Span | None, str | None]
"""Code, message, place and hint."""

_WRITE = "write pick(settings.form, a=..., b=...), and `form: {type: enum, values: [a, b]}`"


def picked_type(types: Iterable[Type]) -> Type:
    """The type of a choice: that of its alternatives, where they have one."""
    distinct = set(types)
    return distinct.pop() if len(distinct) == 1 else Type.JSON


def pick_problems(
    call: Call, names: SymbolTable, type_of: Callable[[Term, SymbolTable], Type]
) -> Iterator[Problem]:
    """What is wrong with a choice: what chooses, what is missing or too much, unlike types."""
    chooser = call.args[0]
    setting = names.find(chooser.name) if isinstance(chooser, Ref) else None
    if (
        not isinstance(chooser, Ref)
        or chooser.root != "settings"
        or (setting and not setting.values)
    ):
        message = "`pick` is decided by a setting of the type enum or boolean"
        yield "FC0360", message, chooser.span or call.span, _WRITE
    elif setting is not None:
        yield from _alternatives(call, chooser.name, setting)
    types = {type_of(alternative, names) for _, alternative in call.named} - {Type.JSON}
    if len(types) > 1:
        listed = " and ".join(sorted(types))
        message = f"the alternatives of `pick` are of unlike types: {listed}"
        hint = "whichever is picked stands at the same place: write text(...), hex(...) or the like"
        yield "FC0362", message, call.span, hint


def _alternatives(call: Call, name: str, setting: Symbol) -> Iterator[Problem]:
    alternatives = dict(call.named)
    for value, alternative in call.named:
        if value not in setting.values:
            message = f"`{value}` is no value of `{name}`"
            yield (
                "FC0361",
                message,
                alternative.span or call.span,
                f"it has {', '.join(setting.values)}",
            )
    if missing := [value for value in setting.values if value not in alternatives]:
        message = f"`pick` says nothing for {', '.join(missing)}"
        hint = f"every value of `{name}` needs its alternative"
        yield "FC0361", message, call.span, hint


def picked(call: Call) -> Term:
    """The alternative that the setting's value names; the call where it is not known yet."""
    chooser = call.args[0]
    if not isinstance(chooser, Lit):
        return call
    value = chooser.value
    name = str(value).lower() if isinstance(value, bool) else str(value)
    return dict(call.named).get(name, call)


# Amounts

AMOUNT_FUNCTIONS: Final = frozenset({"iso", "decimal", "exponent"})


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
    if isinstance(term, If):
        return currency_of(term.then)
    if isinstance(term, Call) and term.function in ("upper", "lower"):
        return currency_of(term.args[0])
    return term
