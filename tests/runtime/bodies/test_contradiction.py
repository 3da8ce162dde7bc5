"""A member that an answer gives twice: who reads it is told, and nobody can write it."""

import json
import pickle

import pytest

from forwardc.core.terms.escaping import NotExpressibleError
from forwardc.core.terms.evaluator import ComputationError, Scope, evaluate
from forwardc.core.terms.terms import Call, Lit, Ref, Seq, Term
from forwardc.core.terms.values import CONTRADICTION
from forwardc.runtime.run.answer import DestinationAnswer, Headers, parse_json

BODY = '{"code": 1, "of": {"code": 1, "code": 2}, "list": [{"code": 1}], "code": 2, "id": "T1"}'


def at(*keys: str | int) -> Term:
    found: Term = Ref("response.json")
    for key in keys:
        found = Call("get", (found, Lit(key)))
    return found


SCOPE = Scope(DestinationAnswer(200, Headers(), BODY).values(), reveal=True)


@pytest.mark.parametrize(
    "term",
    [
        at("code"),
        at("of", "code"),
        Call("eq", (at("code"), Lit(1))),
        Call("not", (Call("eq", (at("of", "code"), Lit(3))),)),
        Call("text", (at("code"),)),
        Call("eq", (at("of"), at("of"))),
        Call("ne", (at("list"), at())),
        Call("in", (at("of"), Seq((at("of"),)))),
        Call("present", (at("code"),)),
    ],
)
def test_what_reads_it_cannot_be_computed(term: Term) -> None:
    with pytest.raises(ComputationError, match="the answer gives this member twice"):
        evaluate(term, SCOPE)


def test_what_stands_beside_it_is_read() -> None:
    assert evaluate(at("id"), SCOPE) == "T1"
    assert evaluate(at("list", 0, "code"), SCOPE) == 1


def test_it_is_written_nowhere() -> None:
    with pytest.raises(NotExpressibleError):
        evaluate(Call("json", (at("of"),)), SCOPE)
    with pytest.raises(TypeError):
        json.dumps(parse_json(BODY))
    with pytest.raises(TypeError):
        pickle.dumps(CONTRADICTION)
