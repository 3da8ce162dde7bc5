"""`pick(settings.x, VALUE=..., ...)`: one of several values, chosen by a setting at build time.

Knows terms and names. The one that is chosen stands in the plan as if it had been written alone.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias

from forwardc.compile.language.scope import Symbol, SymbolTable
from forwardc.core.diagnostics.span import Span
from forwardc.core.terms.terms import Call, Lit, Ref, Term
from forwardc.core.terms.types import Type

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
    match call.args[0]:
        case Lit(value=bool() as value):
            return dict(call.named).get("true" if value else "false", call)
        case Lit(value=value):
            return dict(call.named).get(str(value), call)
        case _:
            return call
