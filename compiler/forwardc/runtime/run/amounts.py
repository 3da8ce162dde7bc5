"""The amounts of a run, as its destination counts: told exactly, and read back from its answer.

Before anything is sent, what cannot be told exactly is refused; a message names the param, the
currency and the rule, never the sum. Afterwards each amount of the answer is turned into what the
caller counts in, and compared with what was asked for.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final, assert_never

from forwardc.core.currencies import DISPUTED
from forwardc.core.dataclass import dataclass
from forwardc.core.diagnostics.sink import Sink
from forwardc.core.identity_cache import IdentityCache
from forwardc.core.terms.evaluator import Scope, evaluate
from forwardc.core.terms.money import MONEY, AmountRefusedError, amount_of_answer
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
from forwardc.core.terms.values import Secret
from forwardc.plan.answers import PlanOutput
from forwardc.plan.digests import requests_of
from forwardc.plan.model import Plan, PlanOperation
from forwardc.runtime.run.values import from_text

_TABLES: Final = "`forwardc explain FC0837` names them"


@dataclass(frozen=True, slots=True)
class _Guarded:
    """An amount of a request, and the names that must be there for it to be sent."""

    amount: Amount
    guards: frozenset[str]
    names: tuple[str, ...]


_AMOUNTS: Final = IdentityCache[tuple[_Guarded, ...]]()
_NAMED: Final = IdentityCache[tuple[tuple[str, str], ...]]()


def check_amounts(plan: Plan, operation: PlanOperation, scope: Scope, sink: Sink) -> None:
    """FC0836 for each amount that cannot be told exactly, FC0837 for a guess in production.

    What only an earlier step gives is left to the step that sends it.
    """
    amounts = _AMOUNTS.get(operation, "", lambda: tuple(_of_operation(operation)))
    for guarded in amounts:
        if all(scope.has(name) for name in guarded.guards):
            _check(plan, guarded, scope, sink)
    _check_declared(plan, operation, [guarded.amount for guarded in amounts], scope.values, sink)


def _of_operation(operation: PlanOperation) -> Iterator[_Guarded]:
    for term in requests_of(operation):
        yield from _amounts(term, frozenset())


def _amounts(term: Term, guards: frozenset[str]) -> Iterator[_Guarded]:
    match term:
        case Amount():
            names = tuple(node.name for node in walk(term) if isinstance(node, Ref))
            yield _Guarded(term, guards, names)
        case If(present=present, then=then):
            yield from _amounts(then, guards | {present})
        case (
            Lit()
            | Ref()
            | Atom()
            | Raw()
            | Call()
            | Text()
            | Map()
            | Seq()
            | Encoded()
            | Limit()
            | Source()
        ):
            for inner in term.inside:
                yield from _amounts(inner, guards)
        case _:
            assert_never(term)


def _check(plan: Plan, guarded: _Guarded, scope: Scope, sink: Sink) -> None:
    # A param that was not given, or is wrong itself, has been reported already; what a step gives
    # is not known yet.
    lacking = [name for name in guarded.names if name not in scope.values]
    if any(not _is_optional(plan, name) for name in lacking):
        return
    place = guarded.names[0] if guarded.names else "an amount"
    if lacking:
        message = f"{place} is given without {', '.join(lacking)}"
        sink.error("FC0836", message, hint="give the currency, too")
        return
    try:
        evaluate(guarded.amount, scope)
    except AmountRefusedError as problem:
        hint = f"`money:` in destinations/{plan.destination}.yaml says how it counts"
        sink.error("FC0836", f"{place}: {problem}", pointer=_pointer(place), hint=hint)


def _is_optional(plan: Plan, name: str) -> bool:
    spec = plan.params.get(name.removeprefix("params."))
    return name.startswith("params.") and spec is not None and spec.optional


def _pointer(place: str) -> str:
    return f"/{place.replace('.', '/')}"


def _check_declared(
    plan: Plan,
    operation: PlanOperation,
    amounts: list[Amount],
    values: Mapping[str, Any],
    sink: Sink,
) -> None:
    """FC0837: a currency that destinations count differently, where the file does not say how."""
    if plan.environment_class != "production" or _says_how(plan):
        return
    specs = {name: plan.params[name].type for name in operation.params}
    if "amount" not in specs.values():
        return
    fixed = {str(amount.currency.value) for amount in amounts if isinstance(amount.currency, Lit)}
    values_given = (
        values.get(f"params.{name}") for name, kind in specs.items() if kind == "currency"
    )
    codes = {
        str(amount.reveal() if isinstance(amount, Secret) else amount).upper()
        for amount in values_given
    }
    for code in sorted((codes | fixed) & DISPUTED):
        sink.error(
            "FC0837",
            f"{plan.destination} does not say how it counts {code}, and destinations differ in it",
            hint=f"write `money:` into destinations/{plan.destination}.yaml: {_TABLES}",
        )


def _says_how(plan: Plan) -> bool:
    return plan.money is not None and not plan.money.assumed


def money_of(plan: Plan) -> dict[str, Any]:
    """How the destination counts, as the values of a scope; nothing where the plan says nothing."""
    return {} if plan.money is None else {MONEY: plan.money}


def currencies(
    plan: Plan, operation: PlanOperation, values: Mapping[str, Any]
) -> dict[str, tuple[str, int | None]]:
    """Currency and ISO digits of each amount of a run, for who shows it.

    By the param's name, or `step/name` of an output. Left out where the currency is not told before
    the end, or is sensitive. The digits are None where the plan does not say how money is counted:
    there the one currency of an operation is that of its amounts.
    """
    if plan.money is None:
        return _in_the_only_currency(plan, operation, values)
    named = _NAMED.get(operation, "", lambda: tuple(_named_amounts(operation)))
    places = ((name, values.get(place) if "." in place else place) for name, place in named)
    rows = plan.money.digits
    codes = ((name, code.upper()) for name, code in places if isinstance(code, str))
    return {name: (code, rows[code][0]) for name, code in codes if code in rows}


def _in_the_only_currency(
    plan: Plan, operation: PlanOperation, values: Mapping[str, Any]
) -> dict[str, tuple[str, int | None]]:
    specs = {name: plan.params[name] for name in operation.params}
    codes = [name for name, spec in specs.items() if spec.type == "currency"]
    code = values.get(f"params.{codes[0]}") if len(codes) == 1 else None
    if not isinstance(code, str):
        return {}
    return {name: (code.upper(), None) for name, spec in specs.items() if spec.type == "amount"}


def _named_amounts(operation: PlanOperation) -> Iterator[tuple[str, str]]:
    """Each amount that has a name, and its currency: a code, or the name of a value."""
    for guarded in _of_operation(operation):
        amount, currency = guarded.amount, guarded.amount.currency
        if not isinstance(amount.of, Ref) or amount.at:
            continue
        name = amount.of.name.removeprefix("params.")
        if isinstance(currency, Ref):
            yield name, currency.name
        elif isinstance(currency, Lit) and isinstance(currency.value, str):
            yield name, currency.value
    for step in operation.steps:
        for name, output in step.outputs.items():
            if output.currency:
                yield f"{step.name}/{name}", output.currency


def recorded_amounts(plan: Plan, params: Mapping[str, Any]) -> dict[str, Any]:
    """What a record holds of a run's amounts and currencies, to read an answer that comes later."""
    recorded = money_of(plan)
    for name, text in params.items():
        spec = plan.params.get(name)
        if spec is not None and spec.type in ("amount", "currency") and isinstance(text, str):
            value = from_text(spec, text, f"params.{name}", Sink())
            recorded |= {} if value is None else {f"params.{name}": value}
    return recorded


PARTIAL: Final = "partial"
"""The reason of an approval for less than was asked."""


def amount_of(output: PlanOutput, answer: object, values: Mapping[str, Any]) -> int:
    """Minor units of ISO 4217.

    Raises `AmountRefusedError` where they are not exact, or not known.
    """
    counts, currency = values.get(MONEY), output.currency or ""
    if "." in currency:
        currency = _plain(values.get(currency))
    if counts is None or not isinstance(currency, str):
        raise AmountRefusedError("the currency of the answer is not known")
    return amount_of_answer(counts, answer, currency)


def more_than_asked(
    declared: Mapping[str, PlanOutput], values: Mapping[str, Any], run_values: Mapping[str, Any]
) -> str | None:
    """Why an answer cannot be believed: it confirms more than was asked for."""
    more = [name for name, rest in _rests(declared, values, run_values) if rest > 0]
    return f"{', '.join(more)}: more than was asked for" if more else None


def less_than_asked(
    declared: Mapping[str, PlanOutput], values: Mapping[str, Any], run_values: Mapping[str, Any]
) -> bool:
    """Whether an answer confirms a part only."""
    return any(rest < 0 for _, rest in _rests(declared, values, run_values))


def _rests(
    declared: Mapping[str, PlanOutput], values: Mapping[str, Any], run_values: Mapping[str, Any]
) -> list[tuple[str, int]]:
    """Each amount that answers another, less that one; those of which one is not there left out."""
    pairs = [
        (name, _plain(values.get(name)), _plain(run_values.get(output.asked)))
        for name, output in declared.items()
        if output.asked is not None
    ]
    return [
        (name, answered - asked)
        for name, answered, asked in pairs
        if isinstance(answered, int) and isinstance(asked, int)
    ]


def _plain(value: object) -> Any:
    return value.reveal() if isinstance(value, Secret) else value
