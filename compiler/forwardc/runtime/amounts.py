"""Finds the amounts of a run that its destination cannot be told, before anything is sent.

A message names the param, the currency and the rule, never the sum.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from forwardc.diagnostics.sink import Sink
from forwardc.plan.currencies import DISPUTED
from forwardc.plan.evaluate import Scope, evaluate
from forwardc.plan.model import Operation, Plan
from forwardc.plan.money import MONEY, AmountRefused
from forwardc.plan.parts import Http
from forwardc.plan.settle import settled
from forwardc.plan.terms import Amount, Ref, Term, walk
from forwardc.plan.values import Secret

_TABLES: Final = "`forwardc explain FC0837` names them"


def check_amounts(plan: Plan, operation: Operation, scope: Scope, sink: Sink) -> None:
    """FC0836 for each amount that cannot be told exactly, FC0837 for a guess in production.

    What only an earlier step gives is left to the step that sends it.
    """
    for step in operation.steps:
        for term in _terms(step.http):
            inner = settled(term, scope)
            for amount in () if inner is None else _amounts(inner):
                _check(plan, amount, scope, sink)
    _check_declared(plan, operation, scope.values, sink)


def _terms(http: Http) -> Iterator[Term]:
    yield http.url
    yield from (term for _, term in (*http.query, *http.headers))
    if http.body is not None:
        yield http.body


def _amounts(term: Term) -> Iterator[Amount]:
    return (node for node in walk(term) if isinstance(node, Amount))


def _check(plan: Plan, amount: Amount, scope: Scope, sink: Sink) -> None:
    names = [node.name for node in walk(amount) if isinstance(node, Ref)]
    # A param that was not given, or is wrong itself, has been reported already.
    lacking = [name for name in names if name not in scope.values]
    if any(name.startswith("params.") and not _is_optional(plan, name) for name in lacking):
        return
    if any(not name.startswith("params.") for name in lacking):
        return
    place = names[0] if names else "an amount"
    if lacking:
        told = f"{place} is given without {', '.join(lacking)}"
        sink.error("FC0836", told, hint="give the currency, too")
        return
    try:
        evaluate(amount, scope)
    except AmountRefused as problem:
        hint = f"`money:` in destinations/{plan.destination}.yaml says how it counts"
        sink.error("FC0836", f"{place}: {problem}", pointer=_pointer(place), hint=hint)


def _is_optional(plan: Plan, name: str) -> bool:
    spec = plan.params.get(name.removeprefix("params."))
    return spec is not None and spec.optional


def _pointer(place: str) -> str:
    return f"/{place.replace('.', '/')}"


def _check_declared(
    plan: Plan, operation: Operation, values: Mapping[str, Any], sink: Sink
) -> None:
    """FC0837: a currency that destinations count differently, where the file does not say how."""
    if plan.environment != "production" or _says_how(plan):
        return
    specs = {name: plan.params[name].type for name in operation.params}
    if "amount" not in specs.values():
        return
    given = (values.get(f"params.{name}") for name, kind in specs.items() if kind == "currency")
    codes = {str(one.reveal() if isinstance(one, Secret) else one).upper() for one in given}
    for code in sorted(codes & DISPUTED):
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
