"""Puts one environment's values into what was emitted for all of them.

An emission holds references for what differs (`compile/ir/fold.py` lists their roots); here each
gets its value, and what the value decides is computed: a URL becomes one text, a call of known
values its result. Parts without a hole stay the same objects, so environments share them.
"""

from collections.abc import Mapping

from forwardc.compile.ir.fold import filled, has_hole
from forwardc.compile.vaults.emission import (
    Emission,
    EmittedAnswer,
    EmittedCall,
    EmittedFallback,
    EmittedInstrument,
    EmittedReview,
    EmittedRule,
    EmittedStep,
    NamedTerms,
)
from forwardc.core.dataclass import replace
from forwardc.core.terms.evaluator import Scope, evaluate
from forwardc.core.terms.terms import Lit, Term

Values = Mapping[str, Term]
"""What stands in holes, by their names."""


def fill(emission: Emission, values: Values, *, private: bool) -> Emission:
    """The emission of one environment. `private`: direct steps may call the operator's network."""
    return replace(
        emission,
        steps=tuple(_step(step, values, private) for step in emission.steps),
        fallback=_fallback(emission.fallback, values) if emission.fallback else None,
        instrument=_instrument(emission.instrument, values) if emission.instrument else None,
    )


def filled_call(call: EmittedCall, values: Values) -> EmittedCall:
    """A request with its values."""
    return EmittedCall(
        method=call.method,
        url=filled(call.url, values),
        query=_named(call.query, values),
        headers=_named(call.headers, values),
        body=None if call.body is None else filled(call.body, values),
    )


def _named(terms: NamedTerms, values: Values) -> NamedTerms:
    return tuple((name, filled(term, values)) for name, term in terms)


def _step(step: EmittedStep, values: Values, private: bool) -> EmittedStep:
    sign, retention = step.sign, step.retention
    return replace(
        step,
        call=filled_call(step.call, values),
        destination=filled_call(step.destination, values),
        answer=_answer(step.answer, values),
        private=private and step.is_direct,
        sign=replace(sign, secret=filled(sign.secret, values)) if sign else None,
        review=_review(step.review, values) if step.review else None,
        retention=replace(retention, call=filled_call(retention.call, values))
        if retention
        else None,
    )


def _answer(answer: EmittedAnswer, values: Values) -> EmittedAnswer:
    if not any(has_hole(rule.when) for rule in answer.rules if rule.when):
        return answer
    rules = tuple(
        EmittedRule(rule.number, rule.when and filled(rule.when, values), rule.outcome)
        for rule in answer.rules
    )
    return replace(answer, rules=rules)


def _review(review: EmittedReview, values: Values) -> EmittedReview:
    """Reviewers see one text: a vault that lists addresses takes none that a run would fill."""
    url = Lit(str(evaluate(filled(review.url, values), Scope({}))), span=review.url.span)
    return replace(review, url=url)


def _fallback(fallback: EmittedFallback, values: Values) -> EmittedFallback:
    call = filled_call(fallback.question.call, values)
    return replace(fallback, question=replace(fallback.question, call=call))


def _instrument(instrument: EmittedInstrument, values: Values) -> EmittedInstrument:
    return replace(instrument, call=filled_call(instrument.call, values))
