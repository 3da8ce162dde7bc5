"""Folding: what is known is computed, and the rest is left as it is.

An operation is lowered once, with a *hole* for each value of an environment. `fold` computes what
needs none of them; `filled` puts the values of one environment in and computes what they decide.
What comes out is what folding everything at once would give, span for span, and a tree that no
value changes is the same object in all environments.

A hole is a reference below one of these roots. A plan has none left.

| root | what it stands for | whose value it is |
|---|---|---|
| `settings` | a setting of the author's: `settings.merchant` | `forwardc.yaml`'s |
| `environment` | the base URL of every request: `environment.base_url` | the destination's |
| `account` | what a vault's emitter needs of the account | `forwardc.yaml`'s, at the vault |
| `host` | a host of the vault's, of live or of test accounts | its facts', by class |

By kind of term:

| kind | becomes |
|---|---|
| `Lit`, `Atom`, `Raw`, `Source` | itself |
| `Ref` | itself, or the value of its hole, which gets the hole's place in the YAML |
| `Text` | itself with neighbouring literals joined; a literal where only literals are left |
| `Call` | its result where all inside is known at build time, but never that of `jwe` |
| `Map`, `Seq`, `If`, `Encoded`, `Limit`, `Amount` | the same around what is inside |

`${base64(settings.user + ":x")}` in a header, traced. Lowered, it is
`Call("base64", Text(Ref("settings.user"), Lit(":x")))`. Filled with `user: shop`, the text is
joined to `Lit("shop:x")`, so the call has only known parts, and `Lit("c2hvcDp4")` stands there.

Invariants, with their tests in `tests/vaults/test_emissions.py`: both tables are those of the code
(`test_tables_of_folding`), filling gives what lowering with the values gives
(`test_filled_is_folded_at_once`), an operation is emitted once for all environments
(`test_an_operation_is_emitted_once`), and no plan holds a hole (`test_no_hole_is_left_in_a_plan`).
"""

from collections.abc import Mapping
from decimal import Decimal
from functools import reduce
from operator import or_
from typing import Final

from forwardc.compile.ir.analysis import Stage, stage_of
from forwardc.compile.ir.program import (
    ProgramOperation,
    ProgramOutcomeRule,
    ProgramOutput,
    ProgramPair,
    ProgramRequest,
    ProgramSignature,
    ProgramStep,
)
from forwardc.core.dataclass import replace
from forwardc.core.diagnostics.span import Span
from forwardc.core.terms.evaluator import Scope, evaluate
from forwardc.core.terms.functions import ComputationError
from forwardc.core.terms.terms import (
    HAS_CALL,
    HAS_REF,
    HAS_TEXT,
    Call,
    Lit,
    Map,
    Ref,
    Term,
    Text,
    map_children,
    rewrite,
    root_bit,
)
from forwardc.core.terms.writers import text_of

HOLES = frozenset({"settings", "environment", "account", "host"})
"""The roots of holes."""
_HAS_HOLE: Final = reduce(or_, map(root_bit, HOLES))
_COMPUTED: Final = HAS_CALL | HAS_TEXT
"""What folding is about: all other terms stay as they are."""

_NOTHING = Scope({})


def fold(term: Term) -> Term:
    """The term with every call of known values computed, and neighbouring text joined.

    A call that has no result is left: the checks report it at its place.
    """
    return rewrite(term, _fold_node, _COMPUTED)


def has_hole(term: Term) -> bool:
    """Whether a value of an environment stands anywhere in the term."""
    return term.holds & _HAS_HOLE != 0


def filled(term: Term, values: Mapping[str, Term]) -> Term:
    """The term with the values of its holes, by name, and folded where one stood.

    A hole without a value stays. A value gets the place of its hole, where the hole has one.
    """
    if not term.holds & _HAS_HOLE:
        return term
    if isinstance(term, Ref):
        value = values.get(term.name)
        if isinstance(value, Lit) and term.span is not None:
            return Lit(value.value, span=term.span)
        return term if value is None else value
    changed = map_children(term, lambda inner: filled(inner, values))
    return term if changed is term else _fold_node(changed)


def filled_operation(
    operation: ProgramOperation, values: Mapping[str, Term], *, private: bool
) -> ProgramOperation:
    """The operation of one environment. `private` is whether its host is of the own network."""
    return replace(
        operation,
        steps=tuple(_filled_step(step, values, private) for step in operation.steps),
        payment_reference=tuple(filled(term, values) for term in operation.payment_reference),
    )


def _filled_step(step: ProgramStep, values: Mapping[str, Term], private: bool) -> ProgramStep:
    return replace(
        step,
        request=_filled_request(step.request, values),
        outputs=tuple(_filled_output(output, values) for output in step.outputs),
        outcome=tuple(
            ProgramOutcomeRule(rule.when and filled(rule.when, values), rule.outcome)
            for rule in step.outcome
        ),
        private=private,
    )


def _filled_request(request: ProgramRequest, values: Mapping[str, Term]) -> ProgramRequest:
    body, sign = request.body, request.sign
    return replace(
        request,
        url=filled(request.url, values),
        query=_filled_pairs(request.query, values),
        headers=_filled_pairs(request.headers, values),
        body=body and replace(body, tree=filled(body.tree, values)),
        sign=sign and _filled_signature(sign, values),
    )


def _filled_signature(sign: ProgramSignature, values: Mapping[str, Term]) -> ProgramSignature:
    options = filled(sign.options, values)
    changed = options if isinstance(options, Map) else sign.options
    return replace(sign, secret=filled(sign.secret, values), options=changed)


def _filled_pairs(
    pairs: tuple[ProgramPair, ...], values: Mapping[str, Term]
) -> tuple[ProgramPair, ...]:
    return tuple(ProgramPair(pair.name, filled(pair.value, values), pair.span) for pair in pairs)


def _filled_output(output: ProgramOutput, values: Mapping[str, Term]) -> ProgramOutput:
    if output.currency is None:
        return output
    return replace(output, currency=filled(output.currency, values))


def _fold_node(node: Term) -> Term:
    if isinstance(node, Text):
        return node if _is_joined(node.parts) else joined(node.parts, node.span)
    if isinstance(node, Call) and _is_known(node):
        try:
            value = evaluate(node, _NOTHING)
        except ComputationError:
            return node
        if value is None or isinstance(value, str | int | Decimal):
            return Lit(value, span=node.span)
    return node


def _is_known(call: Call) -> bool:
    # `jwe` is never folded: its result differs on each call.
    is_free = not call.holds & HAS_REF and stage_of(call) is Stage.BUILD
    return is_free and call.function != "jwe"


def _is_joined(parts: tuple[Term, ...]) -> bool:
    """Whether nothing is to join: no text in the text, no literal behind another, or alone."""
    behind_literal = len(parts) == 1
    for part in parts:
        is_literal = isinstance(part, Lit)
        if isinstance(part, Text) or (is_literal and behind_literal):
            return False
        behind_literal = is_literal
    return True


def joined(parts: tuple[Term, ...], span: Span | None) -> Term:
    """Texts one after the other, with neighbouring literals made one."""
    flat: list[Term] = []
    for part in parts:
        flat += part.parts if isinstance(part, Text) else (part,)
    merged: list[Term] = []
    for part in flat:
        last = merged[-1] if merged else None
        if isinstance(part, Lit) and isinstance(last, Lit):
            merged[-1] = Lit(text_of(last.value) + text_of(part.value), span=last.span)
        else:
            merged.append(part)
    if len(merged) == 1 and isinstance(merged[0], Lit):
        return Lit(text_of(merged[0].value), span=span)
    return Text(tuple(merged), span=span)
